// How a port's value reads on a card: a few words, never a dump.

import { field, isObject, type Json, type JsonObject } from "../flow/document";

const LONGEST_INLINE = 18;
const LINE_WIDTH = 7.2;

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

/** How many lines of its own a value gets below the port's name: none where it fits beside it, and at most two. */
export function linesBelow(text: string, width: number): 0 | 1 | 2 {
  if (text.length <= LONGEST_INLINE) return 0;
  return text.length * LINE_WIDTH <= width ? 1 : 2;
}
