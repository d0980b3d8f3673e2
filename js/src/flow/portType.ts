// What a port carries, as the kernel describes it: "image", "list[image]" or {"choices": [...]}. What travels decides the
// colour and the shape of a port, so that no one has to tell ports apart by colour alone.

import type { Json } from "./document";

export type PortType = string | { choices: string[]; many?: boolean };

export const MEDIA = [
  "text",
  "image",
  "mask",
  "audio",
  "video",
  "latents",
  "model",
  "table",
  "number",
  "flag",
  "any",
] as const;

export type Medium = (typeof MEDIA)[number];

const SPELLINGS = new Map<string, Medium>([
  ["int", "number"],
  ["float", "number"],
]);

export function isPortType(type: Json | undefined): type is PortType {
  if (typeof type === "string") return true;
  return typeof type === "object" && type !== null && !Array.isArray(type) && Array.isArray(type.choices);
}

/** The medium of one value of a type; "any" for a type that is not known here. */
export function mediumOf(type: PortType): Medium {
  if (typeof type !== "string") return "text";
  const name = type.replace(/^list\[(.*)\]$/, "$1");
  return MEDIA.find((medium) => medium === name) ?? SPELLINGS.get(name) ?? "any";
}

export function isList(type: PortType): boolean {
  return typeof type === "string" ? type.startsWith("list[") : type.many === true;
}

/** The media that are shown in a frame of their own on a node. */
export function isFramed(medium: Medium): boolean {
  return medium === "image" || medium === "mask" || medium === "video" || medium === "audio";
}
