// Words: a line, some lines, a prompt, the path of a file.

import { field, type Json } from "../flow/document";
import { useDraft } from "./draft";
import { AreaField, LineField } from "./Field";
import { linesOf } from "./heights";
import { Icon } from "./icons";
import type { ControlProps } from "./props";
import { formatText, readText } from "./values";

export function placeholderOf({ port }: ControlProps): string | undefined {
  const placeholder = field(port.control ?? {}, "placeholder");
  return typeof placeholder === "string" ? placeholder : undefined;
}

export function Text(props: ControlProps) {
  const { port } = props;
  const lines = linesOf(port);
  const isArea = lines > 1 || port.control?.kind === "prompt";
  const read = (text: string) => readText(text, port);
  const draft = useDraft({ ...props, format: formatText, read, live: true, lines: isArea });
  const shared = { id: props.id, label: props.label, disabled: props.disabled, draft, hint: port.help };
  const placeholder = placeholderOf(props);
  if (isArea) return <AreaField {...shared} lines={lines} placeholder={placeholder} />;
  const clearable = port.optional && !props.preset;
  return (
    <LineField
      {...shared}
      placeholder={placeholder ?? (port.optional ? "none" : undefined)}
      onClear={clearable ? () => draft.typing.choose(null) : undefined}
    />
  );
}

function endingsOf({ port }: ControlProps): string[] {
  const endings: Json | undefined = field(port.control ?? {}, "endings");
  return Array.isArray(endings) ? endings.map(String) : [];
}

/** Which endings suit a file is a hint: what can be read is the node's to say. */
export function FileField(props: ControlProps) {
  const { port, preset } = props;
  const writes = port.control?.write === true;
  const read = (text: string) => ({ value: text.trim() === "" ? null : text });
  const draft = useDraft({ ...props, format: formatText, read });
  const endings = endingsOf(props);
  const hint = [port.help, endings.length > 0 && `Ends with ${endings.join(", ")}.`].filter(Boolean).join(" ");
  return (
    <LineField
      id={props.id}
      label={props.label}
      disabled={props.disabled}
      draft={draft}
      hint={hint}
      placeholder={`${writes ? "outputs" : "folder"}/file${endings[0] ?? ""}`}
      before={<Icon name={writes ? "write" : "folder"} />}
      onClear={preset ? undefined : () => draft.typing.choose(null)}
    />
  );
}
