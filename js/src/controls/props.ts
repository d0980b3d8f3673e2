// What every control is given. A control keeps nothing but what is being typed: the value is the document's.

import type { ModelDesk } from "../bridge/models";
import type { ModelEntry } from "../bridge/protocol";
import type { Json } from "../flow/document";
import type { Port } from "../flow/nodeType";
import type { PromptAccess } from "./Prompt";

/** "typing" may be followed by more of the same gesture; "final" ends it, also where it repeats the last value. */
export type Phase = "typing" | "final";

export interface MediaAccess {
  /** Hands a file to the kernel and gives what stands for it in the document: `{"$media": "<digest>.png"}`. */
  upload(file: File, medium: string): Promise<Json>;
  /** Where the bytes of a reference (`<digest>.png`) can be read. */
  url(reference: string): Promise<string>;
}

export interface ControlProps {
  /** Of the element that a `<label for>` names. */
  id: string;
  port: Port;
  /** What is in force: what was set, else the default, else null. */
  value: Json;
  /** Nobody set it. */
  preset: boolean;
  disabled: boolean;
  /** null is "back to the default". */
  onChange(value: Json | null, phase: Phase): void;
  media: MediaAccess;
  models: readonly ModelEntry[];
  desk: ModelDesk;
  /** Puts words into the prompts that the node's model is used with; absent where there is no node. */
  onWords?: ((words: string) => void) | undefined;
  /** Of a prompt that stands in a flow: how models read it, and its editor. */
  prompt?: PromptAccess | undefined;
  /** The accessible name. */
  label: string;
}
