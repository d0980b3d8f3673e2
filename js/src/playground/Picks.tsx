// Few options, all in sight: one of them, or some of them.

import { itemsOf } from "../controls/items";
import { optionsOf } from "../controls/kind";
import type { ControlProps } from "../controls/props";
import type { Port } from "../flow/nodeType";

const MOST_OPTIONS = 4;
const MOST_LETTERS = 30;

export function suitsSegments(port: Port): boolean {
  const options = optionsOf(port);
  return options.length > 1 && options.length <= MOST_OPTIONS && options.join("").length <= MOST_LETTERS;
}

export function Segments({ id, port, value, label, disabled, onChange }: ControlProps) {
  return (
    <div className="pp-segments" role="radiogroup" aria-label={label}>
      {optionsOf(port).map((option) => (
        <label key={option} data-chosen={value === option}>
          <input
            type="radio"
            name={id}
            value={option}
            disabled={disabled}
            checked={value === option}
            onChange={() => onChange(option, "final")}
          />
          {option}
        </label>
      ))}
    </div>
  );
}

export function Chips({ port, value, label, disabled, onChange }: ControlProps) {
  const chosen = new Set(itemsOf(value).map(String));
  const toggle = (option: string) => {
    if (!chosen.delete(option)) chosen.add(option);
    const kept = optionsOf(port).filter((each) => chosen.has(each));
    onChange(kept.length > 0 ? kept : null, "final");
  };
  return (
    <fieldset className="pp-chips" aria-label={label} disabled={disabled}>
      {optionsOf(port).map((option) => (
        <button key={option} type="button" aria-pressed={chosen.has(option)} onClick={() => toggle(option)}>
          {option}
        </button>
      ))}
    </fieldset>
  );
}
