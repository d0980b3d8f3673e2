import { useRef } from "react";
import type { Json } from "../flow/document";
import { useDraft } from "./draft";
import { LineField } from "./Field";
import { Icon } from "./icons";
import { drawSeed, formatNumber, limitsOf, readSeed, stepped } from "./numbers";
import type { ControlProps } from "./props";

const format = (value: Json) => (value === "random" ? "" : formatNumber(value));

export function Seed(props: ControlProps) {
  const { port, value, disabled } = props;
  const limits = limitsOf(port);
  const random = value === "random";
  const draft = useDraft({
    ...props,
    format,
    // Left empty while it is random, it stays random.
    read: (text) => (random && text.trim() === "" ? { value } : readSeed(text, limits)),
  });
  const fixed = useRef<Json>(null);
  if (!random && value !== null) fixed.current = value;
  return (
    <span className="pf-seed">
      <LineField
        id={props.id}
        numeric
        label={props.label}
        draft={draft}
        disabled={disabled}
        // A seed of twenty digits does not fit into the field.
        hint={draft.text.length > 10 ? draft.text : port.help}
        placeholder={random ? "random" : port.optional ? "auto" : undefined}
        onKeyDown={(event) => {
          const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
          if (step === undefined) return;
          event.preventDefault();
          draft.typing.step(stepped(random ? fixed.current : value, step, port));
        }}
      />
      <button
        type="button"
        className="pf-tool"
        disabled={disabled}
        aria-label="Draw another"
        title="Draw another"
        onClick={() => draft.typing.choose(drawSeed(limits))}
      >
        <Icon name="dice" />
      </button>
      <button
        type="button"
        className="pf-tool"
        disabled={disabled}
        aria-pressed={random}
        aria-label="Random in every run"
        title="Random: another in every run, recorded with it"
        onClick={() => draft.typing.choose(random ? (fixed.current ?? drawSeed(limits)) : "random")}
      >
        <Icon name="shuffle" />
      </button>
    </span>
  );
}
