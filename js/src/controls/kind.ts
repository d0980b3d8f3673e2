// Which form element a port's value gets: the one its control names, where that suits the type, else the type's own.

import { field, type Json } from "../flow/document";
import type { Port } from "../flow/nodeType";
import { isList, type PortType } from "../flow/portType";
import { formatChoices, readChoices } from "./items";

export type Kind =
  | "slider"
  | "number"
  | "text"
  | "prompt"
  | "seed"
  | "choices"
  | "toggle"
  | "colour"
  | "file"
  | "upload"
  | "model"
  | "lora"
  | "loras"
  | "lines"
  | "numbers"
  | "several"
  | "gallery"
  | "held"
  | "json";

const NUMBERS = ["int", "float"];
const MEDIA = ["image", "mask", "audio", "video"];

const SUITS: Record<string, readonly string[]> = {
  slider: NUMBERS,
  number: NUMBERS,
  seed: ["int"],
  text: ["text"],
  prompt: ["text"],
  file: ["text"],
  colour: ["text"],
  choices: ["choice", "text"],
  toggle: ["flag"],
  upload: MEDIA,
  // The source of a model may be a text, for what makes a handle of it.
  model: ["model", "text"],
  lora: ["text"],
  loras: ["text"],
};

const OWN: Record<string, Kind> = {
  text: "text",
  int: "number",
  float: "number",
  flag: "toggle",
  choice: "choices",
  model: "model",
  image: "upload",
  mask: "upload",
  audio: "upload",
  video: "upload",
  // Nothing to fill in by hand; a value that code has set is shown, and can be taken away.
  latents: "held",
  table: "held",
};

const OWN_LISTS: Record<string, Kind> = {
  text: "lines",
  // Names of cards, folders, Hub ids, one on a line; handles that code has set are shown as JSON.
  model: "lines",
  int: "numbers",
  float: "numbers",
  choice: "several",
  image: "gallery",
  mask: "gallery",
  audio: "gallery",
  video: "gallery",
  latents: "held",
  table: "held",
};

/** What one item of a type is called: "image" of "list[image]", "choice" of a choice. */
export function itemName(type: PortType): string {
  return typeof type === "string" ? type.replace(/^list\[(.*)\]$/, "$1") : "choice";
}

/** The options of a choice, from the type or else from the control. */
export function optionsOf(port: Port): string[] {
  const listed: Json | undefined =
    typeof port.type === "string" ? field(port.control ?? {}, "options") : port.type.choices;
  return Array.isArray(listed) ? listed.map(String) : [];
}

/** A type may be called `constructor`. */
const own = (kinds: Record<string, Kind>, name: string) => (Object.hasOwn(kinds, name) && kinds[name]) || "json";

export function kindOf(port: Port): Kind {
  const name = itemName(port.type);
  if (isList(port.type)) {
    const kind = own(OWN_LISTS, name);
    const options = optionsOf(port);
    const reads = (option: string) => JSON.stringify(readChoices(formatChoices([option]), options)).includes("value");
    return kind === "several" && !options.every(reads) ? "json" : kind;
  }
  const wanted = port.control?.kind ?? "";
  const suits = Object.hasOwn(SUITS, wanted) && SUITS[wanted]?.includes(name);
  if (!suits || (wanted === "choices" && optionsOf(port).length === 0)) return own(OWN, name);
  return wanted as Kind;
}
