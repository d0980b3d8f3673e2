// How a value reads in a few words, never as a dump: where a text result stands on one line, and in a simplified card.

import { field, isObject, type Json, type JsonObject } from "../flow/document";

export function formatValue(value: Json): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(formatValue).join(", ");
  return formatHandle(value);
}

const FILE_WORDS: Record<string, string> = { png: "picture", audio: "sound", video: "video", table: "table" };

/** Media stand in a document as `{"$media": "<digest>.png"}`, models as `{"$model": {"source": …}}`. */
function formatHandle(value: JsonObject): string {
  const model = field(value, "$model");
  if (isObject(model) && typeof model.source === "string") return model.source;
  const media = field(value, "$media");
  if (typeof media === "string") return FILE_WORDS[media.slice(media.lastIndexOf(".") + 1)] ?? "file";
  return "…";
}

/** Seconds as a person says them: `0.4 s`, `12 s`, `2 min 5 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Whole seconds of a wait that goes on: `8 s`, `1 min 5 s`. */
export function formatWait(seconds: number): string {
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes as a person says them: `310 MB`, `1.4 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e5) return `${Math.ceil(bytes / 1e3)} kB`;
  const mega = bytes / 1e6;
  if (mega >= 1000) return `${(mega / 1000).toFixed(1)} GB`;
  return mega >= 10 ? `${Math.round(mega)} MB` : `${mega.toFixed(1)} MB`;
}
