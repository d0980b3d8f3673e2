// Sizes of a card, computed and never measured: edges need the place of every port before anything is in the page.

import { type Flow, type FlowNode, fedPorts, field, titleFromName } from "../flow/document";
import { findType, type NodeTypes, type Port, placeholderType } from "../flow/nodeType";
import { isFramed, isList, type Medium, mediumOf } from "../flow/portType";
import { formatValue, linesBelow } from "./values";

export const CARD_WIDTH = 252;
export const HEADER_HEIGHT = 42;
export const ROW_HEIGHT = 26;
export const LINE_HEIGHT = 17;
export const PADDING = 10;
const AUDIO_HEIGHT = 56;
const BLOCK_INSET = 44;

export type Side = "input" | "output";

export interface Row {
  reference: string;
  title: string;
  side: Side;
  medium: Medium;
  list: boolean;
  /** What stands beside or below the name; null where an edge brings the value. */
  value: string | null;
  /** The value is the type's own, nobody set it. */
  preset: boolean;
  /** How many lines the value takes below the name; 0 where it stands beside it. */
  lines: 0 | 1 | 2;
  /** The middle of the name's line, from the top of the card or dock. */
  y: number;
}

export interface Frame {
  reference: string;
  medium: Medium;
  y: number;
  height: number;
}

export interface Card {
  id: string;
  title: string;
  /** The type's title, where the node has one of its own. */
  subtitle: string | null;
  medium: Medium;
  /** False for a node type that the kernel does not know. */
  known: boolean;
  rows: Row[];
  frame: Frame | null;
  width: number;
  height: number;
}

function inputValue(port: Port, node: FlowNode): Pick<Row, "value" | "preset"> {
  const set = field(node.values, port.name);
  if (set !== undefined) return { value: formatValue(set), preset: false };
  // An optional number without a value is left to the node: the guidance and size that suit the model.
  if (port.default === null && (port.type === "int" || port.type === "float")) return { value: "auto", preset: true };
  if (port.default === undefined || port.default === null || port.default === "") return { value: null, preset: true };
  return { value: formatValue(port.default), preset: true };
}

/** The height of a value below its port's name, with the room around it. */
export function blockHeight(lines: Row["lines"]): number {
  return lines === 0 ? 0 : lines * LINE_HEIGHT + 12;
}

/** A row before it has its place. */
export type LooseRow = Omit<Row, "y" | "lines">;

/** Places rows one under the other and says where the last one ends. */
export function stackRows(rows: LooseRow[], top: number, width: number): { rows: Row[]; bottom: number } {
  let y = top;
  const placed = rows.map((row) => {
    const lines = row.value === null ? 0 : linesBelow(row.value, width - BLOCK_INSET);
    const result = { ...row, lines, y: y + ROW_HEIGHT / 2 };
    y += ROW_HEIGHT + blockHeight(lines);
    return result;
  });
  return { rows: placed, bottom: y };
}

function describeRow(id: string, port: Port, side: Side): Omit<LooseRow, "value" | "preset"> {
  const title = port.title ?? titleFromName(port.name);
  return { reference: `${id}.${port.name}`, title, side, medium: mediumOf(port.type), list: isList(port.type) };
}

function layOutFrame(rows: Row[], top: number): Frame | null {
  const shown = rows.find((row) => row.side === "output" && isFramed(row.medium));
  if (!shown) return null;
  const height = shown.medium === "audio" ? AUDIO_HEIGHT : CARD_WIDTH - 2 * PADDING;
  return { reference: shown.reference, medium: shown.medium, y: top, height };
}

export function layOutCard(id: string, node: FlowNode, types: NodeTypes, flow: Flow): Card {
  const known = findType(types, node.type);
  const type = known ?? placeholderType(id, flow);
  const fed = fedPorts(flow);
  const inputs = type.inputs.map((port) => {
    const row = describeRow(id, port, "input");
    return { ...row, ...(fed.has(row.reference) ? { value: null, preset: true } : inputValue(port, node)) };
  });
  const outputs = type.outputs.map((port) => ({ ...describeRow(id, port, "output"), value: null, preset: true }));
  const { rows, bottom } = stackRows([...inputs, ...outputs], HEADER_HEIGHT + 6, CARD_WIDTH);
  const frame = layOutFrame(rows, bottom + 4);
  const title = node.title || type.title;
  return {
    id,
    title,
    subtitle: title === type.title ? null : type.title,
    medium: outputs[0]?.medium ?? "any",
    known: known !== undefined,
    rows,
    frame,
    width: CARD_WIDTH,
    height: frame ? frame.y + frame.height + PADDING : bottom + 6,
  };
}
