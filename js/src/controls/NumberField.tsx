import { field } from "../flow/document";
import { type Draft, type DraftOptions, useDraft } from "./draft";
import { LineField } from "./Field";
import { formatNumber, isWhole, limitsOf, readNumber, stepped } from "./numbers";
import type { ControlProps } from "./props";

const STEPS: Record<string, number> = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

function useNumber(props: ControlProps): Draft {
  const { port } = props;
  const read: DraftOptions["read"] = (text) => readNumber(text, isWhole(port), limitsOf(port));
  return useDraft({ ...props, format: formatNumber, read });
}

/** The value that ↑ and ↓ start from: what is being typed, where it can be read. */
function typedValue(draft: Draft, { port, value }: ControlProps) {
  const reading = readNumber(draft.text, isWhole(port), limitsOf(port));
  return draft.dirty && "value" in reading ? reading.value : value;
}

interface Props extends ControlProps {
  /** Stands beside a slider, which carries the name. */
  beside?: boolean;
}

export function NumberField(props: Props) {
  const { port, value, preset, label, beside = false } = props;
  const draft = useNumber(props);
  const unit = field(port.control ?? {}, "unit");
  const shown = typeof unit === "string" && (value !== null || draft.dirty) ? unit : undefined;
  return (
    <LineField
      id={beside ? undefined : props.id}
      className={beside ? "pf-exact" : ""}
      numeric
      label={beside ? "Exact value" : label}
      draft={draft}
      disabled={props.disabled}
      placeholder={port.optional ? "auto" : undefined}
      hint={port.help}
      unit={shown}
      onClear={port.optional && !preset ? () => draft.typing.choose(null) : undefined}
      onKeyDown={(event) => {
        const steps = STEPS[event.key];
        if (steps === undefined || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        draft.typing.step(stepped(typedValue(draft, props), event.shiftKey ? steps * 10 : steps, port));
      }}
    />
  );
}
