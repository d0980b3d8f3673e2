// The two text elements that every typed control is made of: one line, or several.

import { type FocusEvent, type KeyboardEvent, type ReactNode, useId, useRef } from "react";
import { type Draft, isComposing } from "./draft";
import { Icon } from "./icons";

interface Shared {
  id?: string | undefined;
  label: string;
  draft: Draft;
  disabled: boolean;
  placeholder?: string | undefined;
  /** Shown while the pointer rests on it. */
  hint?: string | undefined;
}

interface LineProps extends Shared {
  className?: string;
  numeric?: boolean;
  unit?: string | undefined;
  before?: ReactNode;
  /** Shown on hover: takes the value away. */
  onClear?: (() => void) | undefined;
  onKeyDown?: (event: KeyboardEvent<HTMLInputElement>) => void;
}

/** Says below a field what is wrong with its text, over whatever stands there. */
function Problem({ id, text }: { id: string; text: string | null }) {
  return (
    <span id={id} className="pf-field-problem" role="alert">
      {text}
    </span>
  );
}

const OFF = { autoComplete: "off", autoCorrect: "off", autoCapitalize: "off", spellCheck: false } as const;

function described(id: string, { label, draft, disabled, placeholder, hint }: Shared) {
  const problem = draft.problem ? { "aria-describedby": id, "aria-errormessage": id } : {};
  const title = draft.problem ?? hint;
  return { ...OFF, ...draft.props, ...problem, title, disabled, placeholder, "aria-label": label };
}

export function LineField(props: LineProps) {
  const problem = useId();
  const { className, numeric, unit, before, onClear, onKeyDown, draft } = props;
  // The press that brings the focus puts the caret somewhere, after the focus has come.
  const fresh = useRef(false);
  const classes = ["pf-field", numeric && "pf-field-numeric", className].filter(Boolean).join(" ");
  return (
    <span className={classes}>
      {before}
      <input
        {...described(problem, props)}
        id={props.id}
        type="text"
        inputMode={numeric ? "decimal" : undefined}
        onFocus={(event: FocusEvent<HTMLInputElement>) => {
          draft.props.onFocus(event);
          fresh.current = true;
          if (numeric) event.currentTarget.select();
        }}
        onMouseUp={({ currentTarget: input }) => {
          if (numeric && fresh.current && input.selectionStart === input.selectionEnd) input.select();
          fresh.current = false;
        }}
        onKeyDown={(event) => {
          fresh.current = false;
          draft.props.onKeyDown(event);
          if (!isComposing(event)) onKeyDown?.(event);
        }}
      />
      {unit && <span className="pf-unit">{unit}</span>}
      {onClear && !props.disabled && (
        // Emptying the field does the same from the keyboard.
        <button
          type="button"
          className="pf-tool pf-clear"
          tabIndex={-1}
          aria-label="Clear"
          title="Clear"
          onClick={onClear}
        >
          <Icon name="clear" />
        </button>
      )}
      <Problem id={problem} text={draft.problem} />
    </span>
  );
}

export function AreaField(props: Shared & { lines: number; className?: string }) {
  const problem = useId();
  const classes = ["pf-field pf-area", props.className].filter(Boolean).join(" ");
  return (
    <span className={classes}>
      <textarea
        {...described(problem, props)}
        id={props.id}
        rows={props.lines}
        wrap="soft"
        // While it is edited the wheel scrolls it; else the wheel belongs to the canvas and the page.
        onFocus={(event: FocusEvent<HTMLTextAreaElement>) => {
          props.draft.props.onFocus(event);
          event.currentTarget.parentElement?.classList.add("nowheel");
        }}
        onBlur={(event: FocusEvent<HTMLTextAreaElement>) => {
          event.currentTarget.parentElement?.classList.remove("nowheel");
          props.draft.props.onBlur();
        }}
      />
      <Problem id={problem} text={props.draft.problem} />
    </span>
  );
}
