// Names that are free: of nodes, made from their type as in pixelflow_widgets/flow/editing.py, and of inputs and outputs.

import { isName } from "./document";

const LONGEST = 56;

/** The first of `prompt`, `prompt_2`, `prompt_3` that is not taken. */
export function freeName(wanted: string, isTaken: (name: string) => boolean): string {
  const plain = wanted.replace(/[^A-Za-z0-9_]/g, "_").slice(0, LONGEST);
  const base = isName(plain) ? plain : `n_${plain}`;
  let name = base;
  for (let number = 2; isTaken(name); number += 1) name = `${base}_${number}`;
  return name;
}

/** A free id for a node of a type: `package.sharpen` → `sharpen`, `flow/poster` → `poster`. */
export function freeId(typeName: string, isTaken: (id: string) => boolean): string {
  const name = typeName.startsWith("flow/") ? typeName.slice("flow/".length) : typeName;
  return freeName(name.slice(name.lastIndexOf(".") + 1), isTaken);
}

/** `Style prompt` → `style_prompt`; nothing that can be a name → the fallback. */
export function nameFromWords(words: string, fallback: string): string {
  const name = words
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return name === "" ? fallback : name;
}
