// How high a control is, from what it shows alone: the sizes of cards are computed, never measured. controls.css follows
// these numbers, and a check in the browser compares the two.

import { field, type Json } from "../flow/document";
import type { Port } from "../flow/nodeType";
import { itemsOf, referencesIn } from "./items";
import { itemName, kindOf } from "./kind";
import { readLoras } from "./loras";

/** Of everything that stands on the title's line. */
export const FIELD_HEIGHT = 22;
/** Between a block and the row below it. */
export const BLOCK_GAP = 6;
export const LINE_HEIGHT = 17;
export const TILES_PER_ROW = 4;
const AREA_EDGES = 10;
const ZONE_HEIGHT = 44;
const PICTURE_HEIGHT = 126;
const PLAYER_HEIGHT = 36;
const TILE_HEIGHT = 50;
const TILE_GAP = 8;
/** How much of a prompt is read, and the way to its editor. */
export const METER_HEIGHT = 18;
/** What an adapter is, and its trigger words. */
const ADAPTER_HEIGHT = 38;
const LORA_HEIGHT = 2 * FIELD_HEIGHT + ADAPTER_HEIGHT;
const LORA_GAP = 8;
const MOST_LINES = 40;
const LONGEST_INLINE = 16;

const area = (lines: number) => lines * LINE_HEIGHT + AREA_EDGES + BLOCK_GAP;

/** How many lines a text field shows. */
export function linesOf(port: Port, least = 1): number {
  const lines = field(port.control ?? {}, "lines");
  return Math.min(Math.max(typeof lines === "number" ? Math.round(lines) : 1, least), MOST_LINES);
}

/** Whether a value is written on the title's line as JSON. */
export function isShortJson(value: Json): boolean {
  return value === null || JSON.stringify(value).length <= LONGEST_INLINE;
}

function uploadHeight(port: Port, value: Json): number {
  if (referencesIn(value).length === 0) return ZONE_HEIGHT;
  return itemName(port.type) === "audio" ? PLAYER_HEIGHT : PICTURE_HEIGHT;
}

function galleryHeight(port: Port, value: Json): number {
  const count = itemsOf(value).length;
  if (count === 0) return ZONE_HEIGHT;
  if (itemName(port.type) === "audio") return count * (PLAYER_HEIGHT + TILE_GAP) + ZONE_HEIGHT;
  const rows = Math.ceil((count + 1) / TILES_PER_ROW);
  return rows * TILE_HEIGHT + (rows - 1) * TILE_GAP;
}

function loraHeight(value: Json): number {
  return FIELD_HEIGHT + (typeof value === "string" && value !== "" ? ADAPTER_HEIGHT : 0);
}

function stackHeight(value: Json): number {
  const count = readLoras(typeof value === "string" ? value : "").length;
  return count * (LORA_HEIGHT + LORA_GAP) + FIELD_HEIGHT;
}

/** How many px below the title's line a control takes; 0 where it stands on that line, right of the title. */
export function controlBlock(port: Port, value: Json): number {
  switch (kindOf(port)) {
    case "prompt":
      return area(linesOf(port)) + METER_HEIGHT;
    case "text":
      return linesOf(port) > 1 ? area(linesOf(port)) : 0;
    case "lines":
      return area(linesOf(port, 3));
    case "json":
      return isShortJson(value) ? 0 : area(3);
    case "file":
    case "model":
      return FIELD_HEIGHT + BLOCK_GAP;
    case "lora":
      return loraHeight(value) + BLOCK_GAP;
    case "loras":
      return stackHeight(value) + BLOCK_GAP;
    case "upload":
      return uploadHeight(port, value) + BLOCK_GAP;
    case "gallery":
      return galleryHeight(port, value) + BLOCK_GAP;
    default:
      return 0;
  }
}

/** Whether there is anything to show for a port that nothing is connected to. */
export function hasControl(port: Port, value: Json): boolean {
  return kindOf(port) !== "held" || value !== null;
}
