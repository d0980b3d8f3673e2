// Texts, colours, models and JSON as they are typed and as they stand in a document.

import { isObject, type Json } from "../flow/document";
import type { Port } from "../flow/nodeType";
import type { Reading } from "./numbers";

/** Whether two values are written alike. */
export function same(one: Json | undefined, other: Json | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

export function formatText(value: Json): string {
  return value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
}

/** An empty text is a value where the port has a text of its own; elsewhere nothing typed is nothing set. */
export function readText(text: string, port: Port): Reading {
  return { value: text === "" && typeof port.default !== "string" ? null : text };
}

export function readColour(text: string): Reading {
  const digits = text.trim().replace(/^#/, "");
  if (digits === "") return { value: null };
  if (/^[0-9a-f]{6}$/i.test(digits)) return { value: `#${digits}` };
  if (/^[0-9a-f]{3}$/i.test(digits)) return { value: `#${digits.replace(/./g, "$&$&")}` };
  return { problem: "Write a colour as #rrggbb." };
}

export function formatJson(value: Json): string {
  return value === null ? "" : JSON.stringify(value);
}

/** Whole numbers that JavaScript would silently round. */
function roundedAway(text: string): string | undefined {
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g) ?? [];
  return numbers.find((number) => !Number.isSafeInteger(Number(number)) && String(Number(number)) !== number);
}

export function readJson(text: string): Reading {
  if (text.trim() === "") return { value: null };
  const large = roundedAway(text);
  if (large) return { problem: `Write ${large} in quotes, or it is rounded.` };
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { problem: 'This is not JSON. Write text in quotes: "red".' };
  }
}

/** The value with another source; options and adapters that code has given it stay. */
export function withSource(value: Json, source: string): Json {
  const model = isObject(value) ? value.$model : undefined;
  return isObject(model) ? { $model: { ...model, source } } : source;
}

/** Whether a text can only be meant as a Hub id, a folder or a file. */
export function isPlace(text: string): boolean {
  return /[/\\]/.test(text) || /^[.~]/.test(text) || /\.(safetensors|gguf)$/i.test(text);
}

/** 6940 → "6.9 GB". */
export function formatSize(megabytes: number): string {
  return megabytes < 1000 ? `${Math.ceil(megabytes)} MB` : `${(megabytes / 1000).toFixed(1)} GB`;
}
