// What can be said of an input or output by its type, how it is read from a field, and the request that callers make of it.

import { itemName, optionsOf } from "../controls/kind";
import { clamp, limitsOf, type Reading, readNumber } from "../controls/numbers";
import { isObject, type Json, type JsonObject } from "../flow/document";
import type { Port } from "../flow/nodeType";
import { isList } from "../flow/portType";

export const readText = (text: string): Reading => ({ value: text.trim() || null });
export const readLines = (text: string): Reading => {
  const lines = [...new Set(text.split("\n").map((line) => line.trim()))].filter(Boolean);
  return { value: lines.length > 0 ? lines : null };
};

/** A default for an input that is to have one; null where somebody has to give it. */
export function firstDefault(port: Port): Json {
  const kind = itemName(port.type);
  if (isList(port.type)) return port.default ?? [];
  const simple: Record<string, () => Json> = {
    text: () => optionsOf(port)[0] ?? "",
    choice: () => optionsOf(port)[0] ?? null,
    int: () => Number(clamp(0, limitsOf(port))),
    float: () => Number(clamp(0, limitsOf(port))),
    flag: () => false,
  };
  return port.default ?? (Object.hasOwn(simple, kind) ? simple[kind]?.() : null) ?? null;
}

/** Which limits values of a type have, and what they are called. */
export function limitsFor(port: Port): [name: string, title: string][] {
  const kind = itemName(port.type);
  const own: [string, string][] = [];
  if (kind === "int" || kind === "float") own.push(["min", "Least"], ["max", "Most"]);
  if (kind === "int") own.push(["step", "In steps of"]);
  if (kind === "text") own.push(["max_length", "Letters at most"]);
  if (isList(port.type)) own.push(["max_items", "Items at most"]);
  return own;
}

/** Reads a limit: of numbers any that the type has, else a count. */
export function readLimit(text: string, limit: string, port: Port): Reading {
  const isBound = limit === "min" || limit === "max";
  const isWhole = !isBound || itemName(port.type) === "int";
  return readNumber(text, isWhole, { min: isBound ? null : 1, max: null });
}

/** Whether the flow may name the only values that an input takes. */
export const isChosen = (port: Port): boolean => ["text", "choice", "model"].includes(itemName(port.type));

/** A request with a value for each input: its default, else an example. */
export function requestOf({ properties }: JsonObject): string {
  const fields = Object.entries(isObject(properties) ? properties : {}).map(([name, schema]): [string, Json] => {
    const { default: value, examples } = isObject(schema) ? schema : {};
    return [name, value ?? (Array.isArray(examples) ? examples[0] : undefined) ?? "…"];
  });
  return JSON.stringify(Object.fromEntries(fields), null, 2);
}
