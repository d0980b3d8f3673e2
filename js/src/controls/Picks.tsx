// What is picked, not typed: one of some options, on or off, a colour.

import type { Json } from "../flow/document";
import { useDraft } from "./draft";
import { LineField } from "./Field";
import { Icon } from "./icons";
import { optionsOf } from "./kind";
import type { ControlProps } from "./props";
import { useSweep } from "./sweep";
import { formatText, readColour } from "./values";

interface PickProps extends ControlProps {
  options: readonly string[];
  toValue(option: string): Json;
}

function Pick({ id, port, value, disabled, label, onChange, options, toValue }: PickProps) {
  const text = formatText(value);
  const unset = value === null;
  // An option that the node type has no more is shown as it is, until another is picked.
  const gone = !unset && !options.includes(text);
  return (
    <span className="pf-field pf-select">
      <select
        id={id}
        aria-label={label}
        aria-invalid={gone}
        title={gone ? `“${text}” is not one of ${options.join(", ")}.` : port.help}
        disabled={disabled}
        value={unset ? "" : `=${text}`}
        onChange={(event) => onChange(event.target.value === "" ? null : toValue(event.target.value.slice(1)), "final")}
      >
        {(unset || port.optional) && <option value="">{port.optional ? "auto" : "choose"}</option>}
        {gone && <option value={`=${text}`}>{text}</option>}
        {options.map((option) => (
          <option key={option} value={`=${option}`}>
            {option}
          </option>
        ))}
      </select>
      <Icon name="chevron" />
    </span>
  );
}

export function Choices(props: ControlProps) {
  return <Pick {...props} options={optionsOf(props.port)} toValue={(option) => option} />;
}

const FLAGS = ["on", "off"] as const;

export function Toggle(props: ControlProps) {
  const { id, port, value, disabled, label, onChange } = props;
  if (port.optional || (value !== null && typeof value !== "boolean")) {
    const shown = typeof value === "boolean" ? FLAGS[value ? 0 : 1] : value;
    return <Pick {...props} value={shown} options={FLAGS} toValue={(option) => option === "on"} />;
  }
  return (
    <input
      id={id}
      type="checkbox"
      role="switch"
      className="pf-toggle"
      aria-label={label}
      title={port.help}
      disabled={disabled}
      checked={value === true}
      aria-checked={value === true}
      onChange={(event) => onChange(event.target.checked, "final")}
    />
  );
}

export function Colour(props: ControlProps) {
  const { port, value, disabled } = props;
  const sweep = useSweep(props);
  const shown = sweep.moving ?? value;
  const draft = useDraft({ ...props, value: shown, format: formatText, read: readColour, live: true });
  const hex = readColour(draft.text);
  const known = "value" in hex && typeof hex.value === "string" ? hex.value : null;
  const picker = (
    <span className={known ? "pf-swatch" : "pf-swatch pf-swatch-unset"} style={{ background: known ?? undefined }}>
      <input
        ref={sweep.ref}
        type="color"
        aria-label="Pick"
        disabled={disabled}
        value={known?.toLowerCase() ?? "#808080"}
        onChange={(event) => sweep.move(event.target.value)}
      />
    </span>
  );
  return (
    <LineField
      id={props.id}
      label={props.label}
      draft={draft}
      disabled={disabled}
      hint={port.help}
      placeholder={port.optional ? "auto" : "#rrggbb"}
      before={picker}
      onClear={port.optional && !props.preset ? () => draft.typing.choose(null) : undefined}
    />
  );
}
