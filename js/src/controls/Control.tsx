import type { KeyboardEvent, SyntheticEvent } from "react";
import type { Json } from "../flow/document";
import "./controls.css";
import { controlBlock } from "./heights";
import { type Kind, kindOf } from "./kind";
import { LoraStack } from "./LoraStack";
import { LoraPicker, ModelPicker } from "./ModelPicker";
import { NumberField } from "./NumberField";
import { Choices, Colour, Toggle } from "./Picks";
import { Prompt } from "./Prompt";
import type { ControlProps, Phase } from "./props";
import { Seed } from "./Seed";
import { Slider } from "./Slider";
import { FileField, Text } from "./TextFields";
import { Held, JsonField, Lines, Numbers, Several } from "./Typed";
import { Gallery, Upload } from "./Upload";
import { same } from "./values";

export { controlBlock, hasControl } from "./heights";
export type { ControlProps, MediaAccess, Phase } from "./props";

const KINDS: Record<Kind, (props: ControlProps) => React.ReactNode> = {
  slider: Slider,
  number: NumberField,
  text: Text,
  prompt: Prompt,
  seed: Seed,
  choices: Choices,
  toggle: Toggle,
  colour: Colour,
  file: FileField,
  upload: Upload,
  model: ModelPicker,
  lora: LoraPicker,
  loras: LoraStack,
  lines: Lines,
  numbers: Numbers,
  several: Several,
  gallery: Gallery,
  held: Held,
  json: JsonField,
};

function isTextField(element: EventTarget): boolean {
  return element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && element.type === "text");
}

/** Keys stay in the field, but for those that mean the editor: run, leave, and undo where there is no text to undo. */
function keepKeys(event: KeyboardEvent): void {
  const command = event.ctrlKey || event.metaKey;
  if (event.key === "Escape" && !event.defaultPrevented) return;
  if (event.key === "Enter" && command) return;
  if (command && /^[zy]$/i.test(event.key) && !isTextField(event.target)) return;
  event.stopPropagation();
}

const keep = (event: SyntheticEvent) => event.stopPropagation();

/** The form element of a port's value; what it looks like follows from the port, how high it is from `controlBlock`. */
export function Control(props: ControlProps) {
  const { port, value, preset, disabled, onChange } = props;
  const kind = kindOf(port);
  const Element = KINDS[kind];
  const block = controlBlock(port, value);
  const change = (next: Json | null, phase: Phase) =>
    onChange(next !== null && port.default !== undefined && same(next, port.default) ? null : next, phase);
  const classes = [
    "pf-control nodrag nopan",
    block > 0 ? "pf-control-block" : "pf-control-inline",
    preset && "pf-control-preset",
    disabled && "pf-control-disabled",
  ];
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only keeps what happens inside from reaching the canvas.
    <div
      className={classes.filter(Boolean).join(" ")}
      data-control={kind}
      style={block > 0 ? { height: block } : undefined}
      onKeyDown={keepKeys}
      onCopy={keep}
      onCut={keep}
      onPaste={keep}
      onDoubleClick={keep}
    >
      <Element {...props} onChange={change} />
    </div>
  );
}
