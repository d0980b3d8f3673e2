// Sizes of a card, computed and never measured: edges need the place of every port before anything is in the page, and a
// thousand nodes start fast only if the page need not draw them to know how large they are.

import { controlBlock } from "../controls/heights";
import { kindOf } from "../controls/kind";
import { bindingsOf, type Flow, field, isObject, type Json, type JsonObject, titleFromName } from "../flow/document";
import { findType, type NodeType, type NodeTypes, type Port, placeholderType, type Side } from "../flow/nodeType";
import { isFramed, isList, type Medium, mediumOf } from "../flow/portType";

export const CARD_WIDTH = 252;
export const HEADER_HEIGHT = 44;
export const ROW_HEIGHT = 26;
export const PADDING = 10;
const ROOM_ABOVE_ROWS = 6;
const FRAME_HEIGHTS: Partial<Record<Medium, number>> = { audio: 56, table: 132, text: 96 };

/** One port of a card, or one entry of a dock. */
export interface Row {
  /** `n1.prompt`, or the name of a dock's entry. */
  reference: string;
  side: Side;
  port: Port;
  title: string;
  medium: Medium;
  list: boolean;
  /** Something is connected: the value comes from there, or goes somewhere. */
  connected: boolean;
  /** What is in force while nothing is connected: what was set, else the default. */
  value: Json;
  /** Nobody set it. */
  preset: boolean;
  /** A control of its own belongs to this row. */
  controlled: boolean;
  /** Height of the control below the title's line; 0 where it stands on the line. */
  block: number;
  /** Why it has no effect with the model that is chosen; absent where it has one. */
  idle?: string;
  /** The variable of the notebook that it reads or becomes. */
  variable: string | null;
  /** Its node has no such port any more; what is connected or bound to it is kept. */
  lost: boolean;
  /** The middle of the title's line, from the top of the card or dock. */
  y: number;
}

export interface Frame {
  reference: string;
  medium: Medium;
  y: number;
  height: number;
}

/** The line that opens and closes the ports that are rarely needed. */
export interface AdvancedLine {
  y: number;
  count: number;
  open: boolean;
}

/** What a muted node passes on as it comes: the heights of the two ports, from the top of the card. */
export interface Pass {
  from: number;
  to: number;
  medium: Medium;
}

export interface Card {
  id: string;
  type: string;
  title: string;
  /** The type's title, where the node has one of its own. */
  subtitle: string | null;
  help: string;
  medium: Medium;
  /** False for a node type that the kernel does not know. */
  known: boolean;
  /** It does nothing: what comes in is passed on. */
  muted: boolean;
  /** Its last result stands. */
  pinned: boolean;
  passes: Pass[];
  rows: Row[];
  advanced: AdvancedLine | null;
  frame: Frame | null;
  width: number;
  height: number;
}

/** A row before it has its place. */
export type LooseRow = Omit<Row, "y" | "block">;

/** Places rows one under the other and says where the last one ends. */
export function stackRows(rows: LooseRow[], top: number): { rows: Row[]; bottom: number } {
  let y = top;
  const placed = rows.map((row) => {
    const block = row.controlled ? controlBlock(row.port, row.value) : 0;
    const result = { ...row, block, y: y + ROW_HEIGHT / 2 };
    y += ROW_HEIGHT + block;
    return result;
  });
  return { rows: placed, bottom: y };
}

export function rowOf(reference: string, port: Port, side: Side, connected: boolean): LooseRow {
  const title = port.title || titleFromName(port.name);
  const shape = { medium: mediumOf(port.type), list: isList(port.type) };
  const none = { value: null, preset: true, controlled: false, variable: null, lost: false };
  return { reference, side, port, title, ...shape, connected, ...none };
}

/** Whether the value of an input is shown and set on its row; what cannot be filled in by hand is, once code has set it. */
export function isControlled(port: Port, value: Json): boolean {
  return kindOf(port) !== "held" || value !== null;
}

function inputRow(id: string, port: Port, { values, bindings }: Held, connected: boolean): LooseRow {
  const row = { ...rowOf(`${id}.${port.name}`, port, "input", connected), variable: bound(bindings, port.name) };
  if (connected || row.variable) return row;
  const set = field(values, port.name);
  const value = set ?? port.default ?? null;
  return { ...row, value, preset: set === undefined, controlled: isControlled(port, value) };
}

/** What a node's entry holds of its inputs. */
interface Held {
  values: JsonObject;
  bindings: JsonObject;
}

function bound(bindings: JsonObject, port: string): string | null {
  const name = field(bindings, port);
  return typeof name === "string" && name !== "" ? name : null;
}

/** Rows of ports that a type has no longer: the function in the cell was written anew. */
function lostRows(id: string, type: NodeType, side: Side, { bindings }: Held, connected: ReadonlySet<string>) {
  const ports = side === "input" ? type.inputs : type.outputs;
  const marks = [...connected].flatMap((mark) => {
    if (mark.startsWith(">") !== (side === "input")) return [];
    return [mark.replace(">", "").slice(id.length + 1)];
  });
  const names = new Set([...marks, ...(side === "input" ? Object.keys(bindings) : [])]);
  for (const { name } of ports) names.delete(name);
  return [...names].sort().map((name): LooseRow => {
    const row = rowOf(`${id}.${name}`, { name, title: null, type: "any" }, side, marks.includes(name));
    return { ...row, variable: side === "input" ? bound(bindings, name) : null, lost: true };
  });
}

/** Whether models of a family have an input; of a model that nobody knows it is not said. */
function isHad({ families }: Port, family: string | undefined): boolean {
  return !families?.length || (family !== undefined && families.includes(family));
}

/** What only other models have is kept while it is set, and takes no room where it is not. */
function withIdle(rows: LooseRow[], family: string | undefined): LooseRow[] {
  return rows.flatMap((row) => {
    if (isHad(row.port, family)) return row;
    if (!row.connected && !row.variable && row.preset) return [];
    return { ...row, controlled: false, idle: family ? `not used by ${family}` : "not used by every model" };
  });
}

function layOutFrame(rows: Row[], top: number, { longText, made }: Circumstances): Frame | null {
  const outputs = rows.filter((row) => row.side === "output");
  const known = outputs.find((row) => isFramed(row.medium) || row.medium === "table");
  const anything = made ? outputs.find((row) => row.reference === made.reference) : undefined;
  const shown = known ?? anything ?? (longText ? outputs.find((row) => row.medium === "text") : undefined);
  if (!shown) return null;
  const medium = shown === anything && made ? made.medium : shown.medium;
  return { reference: shown.reference, medium, y: top, height: FRAME_HEIGHTS[medium] ?? CARD_WIDTH - 2 * PADDING };
}

/** What a card depends on besides its entry in the document; equal circumstances give an equal card. */
export interface Circumstances {
  /** References of its ports that something is connected to, each with its side: `>n1.prompt`, `n1.image>`. */
  connected: ReadonlySet<string>;
  /** The ports under *Advanced* are shown. */
  open: boolean;
  /** It made a text too long for its row. */
  longText: boolean;
  /** What came out of a port that may give anything. */
  made?: Made | undefined;
  /** The base model of the model that it works with; absent where nobody knows. */
  family?: string | undefined;
}

export interface Made {
  reference: string;
  medium: Medium;
}

function describe(id: string, entry: JsonObject, type: NodeType, known: boolean) {
  const own = field(entry, "title");
  const title = typeof own === "string" && own !== "" ? own : type.title;
  return {
    id,
    type: String(field(entry, "type")),
    title,
    subtitle: title === type.title ? null : type.title,
    help: type.help ?? "",
    known,
    muted: field(entry, "muted") === true,
    pinned: isObject(field(entry, "pinned")),
  };
}

/** Each output of a muted node passes what comes into the first input of its type. */
function passesOf(inputs: readonly Row[], outputs: readonly Row[]): Pass[] {
  return outputs.flatMap((output) => {
    const type = JSON.stringify(output.port.type);
    const input = inputs.find(({ port }) => JSON.stringify(port.type) === type && !port.name.startsWith("options."));
    return input ? [{ from: input.y, to: output.y, medium: output.medium }] : [];
  });
}

export function layOutCard(id: string, entry: JsonObject, types: NodeTypes, flow: Flow, around: Circumstances): Card {
  const found = findType(types, String(field(entry, "type")));
  const type = found ?? placeholderType(id, flow);
  const set = field(entry, "values");
  const values = isObject(set) ? set : {};
  const isConnected = (name: string, side: Side) =>
    around.connected.has(side === "input" ? `>${id}.${name}` : `${id}.${name}>`);
  const held = { values, bindings: bindingsOf(entry) };
  const lost = (side: Side) => (found ? lostRows(id, found, side, held, around.connected) : []);
  const all = type.inputs.map((port) => inputRow(id, port, held, isConnected(port.name, "input")));
  const inputs = [...withIdle(all, around.family), ...lost("input")];
  // An edge must end somewhere: what is connected is shown also while *Advanced* is closed.
  const isTucked = (row: LooseRow) => row.port.advanced === true && !row.connected && !row.variable;
  const plain = stackRows(
    inputs.filter((row) => !isTucked(row)),
    HEADER_HEIGHT + ROOM_ABOVE_ROWS,
  );
  const tucked = inputs.filter(isTucked);
  const advanced = tucked.length > 0 ? { y: plain.bottom, count: tucked.length, open: around.open } : null;
  const opened = stackRows(around.open ? tucked : [], plain.bottom + (advanced ? ROW_HEIGHT : 0));
  const given = type.outputs.map((port) =>
    rowOf(`${id}.${port.name}`, port, "output", isConnected(port.name, "output")),
  );
  const outputs = stackRows([...given, ...lost("output")], opened.bottom);
  const rows = [...plain.rows, ...opened.rows, ...outputs.rows];
  const frame = layOutFrame(rows, outputs.bottom + 4, around);
  const about = describe(id, entry, type, found !== undefined);
  return {
    ...about,
    passes: about.muted ? passesOf([...plain.rows, ...opened.rows], outputs.rows) : [],
    medium: mediumOf(type.outputs[0]?.type ?? type.inputs[0]?.type ?? "any"),
    rows,
    advanced,
    frame,
    width: CARD_WIDTH,
    height: frame ? frame.y + frame.height + PADDING : outputs.bottom + 8,
  };
}
