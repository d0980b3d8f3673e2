// Adapters one after another: each with a switch, how strong it is, what it is, and its trigger words.

import { useState } from "react";
import { useAbout } from "../bridge/models";
import { AboutAdapter } from "./AboutAdapter";
import { Icon } from "./icons";
import { formatLoras, type LoraLine, moved, readLoras } from "./loras";
import { ModelField } from "./ModelField";
import { modelOf, modelsFor } from "./modelChoice";
import { NumberField } from "./NumberField";
import type { ControlProps, Phase } from "./props";
import { useSweep } from "./sweep";
import { formatText } from "./values";

const WEIGHTS = { min: -2, max: 2, step: 0.05 };
const WEIGHT_PORT = { name: "weight", type: "float", control: { kind: "slider", ...WEIGHTS } };

interface RowProps extends ControlProps {
  line: LoraLine;
  place: number;
  count: number;
  set(line: LoraLine | null, phase: Phase): void;
  move(by: number): void;
}

function Weight({ line, name, disabled, set, ...rest }: RowProps & { name: string }) {
  const change = (weight: unknown, phase: Phase) => set({ ...line, weight: Number(weight ?? 1) }, phase);
  const own = { value: line.weight, preset: false, onChange: change };
  const sweep = useSweep(own);
  const shown = Number(sweep.moving ?? line.weight);
  const { min, max, step } = WEIGHTS;
  const inside = Math.min(Math.max(shown, min), max);
  return (
    <span className="pf-slider">
      <input
        ref={sweep.ref}
        type="range"
        aria-label={`Weight of ${name}`}
        disabled={disabled}
        min={min}
        max={max}
        step={step}
        value={inside}
        style={{ "--pf-part": (inside - min) / (max - min) } as React.CSSProperties}
        onChange={(event) => sweep.move(event.currentTarget.valueAsNumber)}
      />
      <NumberField {...rest} {...own} port={WEIGHT_PORT} value={shown} disabled={disabled} label="" beside />
    </span>
  );
}

function Row(props: RowProps) {
  const { line, place, count, disabled, desk, models, set, move } = props;
  const known = modelsFor(models, "", "lora");
  const card = modelOf(known, line.source);
  const about = useAbout(desk, line.source);
  const name = card?.title ?? line.source.replace(/^.*[/\\]/, "");
  return (
    <li className="pf-lora" data-off={!line.on || undefined}>
      <span className="pf-lora-line">
        <input
          type="checkbox"
          role="switch"
          className="pf-toggle"
          aria-label={`Use ${name}`}
          disabled={disabled}
          checked={line.on}
          aria-checked={line.on}
          onChange={(event) => set({ ...line, on: event.target.checked }, "final")}
        />
        <span className="pf-lora-name" title={line.source}>
          {name}
        </span>
        <span className="pf-lora-tools">
          <button
            type="button"
            className="pf-tool"
            aria-label={`Move ${name} up`}
            title="Move up"
            disabled={disabled || place === 0}
            onClick={() => move(-1)}
          >
            <Icon name="up" />
          </button>
          <button
            type="button"
            className="pf-tool"
            aria-label={`Move ${name} down`}
            title="Move down"
            disabled={disabled || place === count - 1}
            onClick={() => move(1)}
          >
            <Icon name="chevron" />
          </button>
          <button
            type="button"
            className="pf-tool"
            aria-label={`Remove ${name}`}
            title="Remove"
            disabled={disabled}
            onClick={() => set(null, "final")}
          >
            <Icon name="clear" />
          </button>
        </span>
      </span>
      <Weight {...props} name={name} />
      <AboutAdapter about={about} schedule={line.schedule} disabled={disabled} onWords={props.onWords} />
    </li>
  );
}

/** A text of lines, shown as rows; the last row adds one. */
export function LoraStack(props: ControlProps) {
  const { id, value, disabled, label, models, desk, port, onChange } = props;
  const lines = readLoras(formatText(value));
  // A field for the next one is made anew when one was added, so that it is empty again.
  const [added, setAdded] = useState(0);
  const tell = (next: readonly LoraLine[], phase: Phase) => onChange(formatLoras(next), phase);
  const set = (place: number) => (line: LoraLine | null, phase: Phase) =>
    tell(
      lines.flatMap((each, at) => (at === place ? (line ?? []) : each)),
      phase,
    );
  return (
    <fieldset className="pf-loras" aria-label={label} disabled={disabled}>
      <ol>
        {lines.map((line, place) => (
          <Row
            // biome-ignore lint/suspicious/noArrayIndexKey: the same adapter may stand in a stack twice.
            key={`${line.source} ${place}`}
            {...props}
            line={line}
            place={place}
            count={lines.length}
            set={set(place)}
            move={(by) => tell(moved(lines, place, place + by), "final")}
          />
        ))}
      </ol>
      <ModelField
        key={added}
        id={id}
        label={`Add to ${label}`}
        hint={port.help}
        placeholder="Add a LoRA"
        disabled={disabled}
        source=""
        known={modelsFor(models, "", "lora")}
        desk={desk}
        onChoose={(source) => {
          setAdded(added + 1);
          if (source !== null) tell([...lines, { on: true, source, weight: 1, schedule: "" }], "final");
        }}
      />
    </fieldset>
  );
}
