// Lists as they are typed: texts one on a line, numbers and choices with commas between them.

import { isObject, type Json } from "../flow/document";
import { formatNumber, type Limits, type Reading, readNumber } from "./numbers";

/** One value stands for a list of one. */
export function itemsOf(value: Json): Json[] {
  return Array.isArray(value) ? value : value === null ? [] : [value];
}

export function formatLines(value: Json): string {
  return itemsOf(value).map(String).join("\n");
}

/** Blank lines are no items. */
export function readLines(text: string): Reading {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return { value: lines.length > 0 ? lines : null };
}

/** Whether a list comes back as it was from its lines; another (an item of two lines, a blank one) is shown as JSON. */
export function fitsLines(value: Json): boolean {
  return itemsOf(value).every((item) => typeof item === "string" && item.trim() !== "" && !/[\r\n]/.test(item));
}

function split(text: string): string[] {
  const parts = text.split(/[,;\n]/).map((part) => part.trim());
  return parts.at(-1) === "" ? parts.slice(0, -1) : parts;
}

function readEach(text: string, read: (part: string) => Reading): Reading {
  const values: Json[] = [];
  for (const part of split(text)) {
    const reading = part === "" ? { problem: "There is nothing between two commas." } : read(part);
    if ("problem" in reading) return reading;
    values.push(reading.value);
  }
  return { value: values.length > 0 ? values : null };
}

export function formatNumbers(value: Json): string {
  return itemsOf(value).map(formatNumber).join(", ");
}

export function readNumbers(text: string, whole: boolean, limits: Limits): Reading {
  return readEach(text, (part) => readNumber(part, whole, limits));
}

export function formatChoices(value: Json): string {
  return itemsOf(value).map(String).join(", ");
}

export function readChoices(text: string, options: readonly string[]): Reading {
  return readEach(text, (part) =>
    options.includes(part) ? { value: part } : { problem: `“${part}” is not one of ${options.join(", ")}.` },
  );
}

/** The references of the media in a value: one, or a list of them. */
export function referencesIn(value: Json): string[] {
  return itemsOf(value).flatMap((item) => (isObject(item) && typeof item.$media === "string" ? [item.$media] : []));
}
