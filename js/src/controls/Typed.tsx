// Lists that are typed, and values of which nothing is known here.

import type { Json } from "../flow/document";
import { useDraft } from "./draft";
import { AreaField, LineField } from "./Field";
import { isShortJson, linesOf } from "./heights";
import { Icon } from "./icons";
import { fitsLines, formatChoices, formatLines, formatNumbers, readChoices, readLines, readNumbers } from "./items";
import { optionsOf } from "./kind";
import { isWhole, limitsOf, type Reading } from "./numbers";
import type { ControlProps } from "./props";
import { formatJson, readJson } from "./values";

/** Texts, one on a line. */
export function Lines(props: ControlProps) {
  const { port, value } = props;
  const plain = fitsLines(value);
  const [format, read] = plain ? [formatLines, readLines] : [formatJson, readJson];
  const draft = useDraft({ ...props, format, read, live: plain, lines: true });
  const shared = { id: props.id, label: props.label, disabled: props.disabled, draft };
  return <AreaField {...shared} lines={linesOf(port, 3)} placeholder="One on a line" hint={port.help} />;
}

interface CommasProps extends ControlProps {
  format(value: Json): string;
  read(text: string): Reading;
  placeholder: string;
}

function Commas(props: CommasProps) {
  const draft = useDraft(props);
  const { id, label, disabled, placeholder, port, preset } = props;
  const onClear = preset ? undefined : () => draft.typing.choose(null);
  return <LineField {...{ id, label, disabled, placeholder, draft, onClear }} hint={port.help} />;
}

export function Numbers(props: ControlProps) {
  const { port } = props;
  const read = (text: string) => readNumbers(text, isWhole(port), limitsOf(port));
  return <Commas {...props} format={formatNumbers} read={read} placeholder="1, 2, 3" />;
}

export function Several(props: ControlProps) {
  const options = optionsOf(props.port);
  const read = (text: string) => readChoices(text, options);
  return <Commas {...props} format={formatChoices} read={read} placeholder={options.slice(0, 2).join(", ")} />;
}

/** Anything, as JSON: shown as it is and written back as it was. */
export function JsonField(props: ControlProps) {
  const short = isShortJson(props.value);
  const draft = useDraft({ ...props, format: formatJson, read: readJson });
  const shared = { id: props.id, label: props.label, disabled: props.disabled, draft };
  return (
    <AreaField {...shared} className={short ? "pf-short" : "pf-code"} lines={short ? 1 : 3} hint={props.port.help} />
  );
}

/** A value that no one types (latents, a table): a word for it, and a way to take it off. */
export function Held({ id, port, value, disabled, label, onChange }: ControlProps) {
  if (value === null) return null;
  return (
    <span className="pf-field pf-held" title={port.help}>
      <span>set by code</span>
      <button
        id={id}
        type="button"
        className="pf-tool pf-clear"
        disabled={disabled}
        aria-label={`Clear ${label}`}
        title="Clear"
        onClick={() => onChange(null, "final")}
      >
        <Icon name="clear" />
      </button>
    </span>
  );
}
