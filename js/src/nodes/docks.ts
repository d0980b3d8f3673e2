// The flow's own inputs and outputs: its signature, drawn left and right of all cards.

import { type Flow, type FlowInput, type FlowOutput, splitPort } from "../flow/document";
import { type NodeTypes, type Port, portAt, type Side } from "../flow/nodeType";
import type { PortType } from "../flow/portType";
import { type Card, isControlled, type LooseRow, ROW_HEIGHT, type Row, rowOf, stackRows } from "./card";
import { boxAround, GAP, type Point } from "./place";

export const DOCK_WIDTH = 232;
const DOCK_HEADER = 38;
/** The reference of the free place at the end of a dock. */
export const FREE = "+";

export type DockName = "inputs" | "outputs";

export interface Dock extends Point {
  id: `dock:${DockName}`;
  name: DockName;
  /** The last one is the free place. */
  rows: Row[];
  width: number;
  height: number;
}

type LooseDock = Omit<Dock, "x" | "y">;

/** The control of the port that an input feeds, within the limits and choices of its own. */
function controlOf({ type, limits, choices }: FlowInput, fed: Port | undefined): Partial<Port> {
  const control = fed?.control;
  if (type === "text" && choices) return { control: { kind: "choices", options: choices } };
  if ((type !== "int" && type !== "float") || Object.keys(limits).length === 0) return {};
  const bound = (name: string, closest: (...values: number[]) => number) => {
    const both = [control?.[name], limits[name]].filter((value) => typeof value === "number");
    return both.length > 0 ? { [name]: closest(...both) } : {};
  };
  const step = typeof limits.step === "number" ? { step: limits.step } : {};
  return { control: { kind: "number", ...control, ...bound("min", Math.max), ...bound("max", Math.min), ...step } };
}

/** An input is edited by the control of the port that it feeds. */
function inputRow(input: FlowInput, flow: Flow, types: NodeTypes): LooseRow {
  const fed = input.feeds.map((port) => portAt(flow, types, port, "input")).find((port) => port !== undefined);
  const port: Port = {
    ...fed,
    ...controlOf(input, fed),
    name: input.name,
    title: input.title ?? null,
    type: input.type,
  };
  const connected = input.feeds.length > 0;
  const row = rowOf(input.name, port, "output", connected);
  return {
    ...row,
    value: input.default,
    preset: input.default === null,
    controlled: !input.variable && isControlled(port, input.default),
    variable: input.variable,
  };
}

function outputRow(output: FlowOutput, flow: Flow, types: NodeTypes): LooseRow {
  const type: PortType = portAt(flow, types, output.from, "output")?.type ?? "any";
  const row = rowOf(output.name, { name: output.name, title: output.title ?? null, type }, "input", true);
  return { ...row, variable: output.variable };
}

function dock(name: DockName, rows: LooseRow[]): LooseDock {
  const side = name === "inputs" ? "output" : "input";
  const free = rowOf(FREE, { name: FREE, title: "Add", type: "any" }, side, false);
  const stacked = stackRows([...rows, free], DOCK_HEADER);
  return { id: `dock:${name}`, name, rows: stacked.rows, width: DOCK_WIDTH, height: stacked.bottom + 8 };
}

export function layOutDocks(flow: Flow, types: NodeTypes): LooseDock[] {
  return [
    dock(
      "inputs",
      flow.inputs.map((input) => inputRow(input, flow, types)),
    ),
    dock(
      "outputs",
      flow.outputs.map((output) => outputRow(output, flow, types)),
    ),
  ];
}

/** As level as can be with the ports at the other end of a dock's curves, and never above or below all cards. */
function levelOf(dock: LooseDock, cards: ReadonlyMap<string, Card>, places: ReadonlyMap<string, Point>, flow: Flow) {
  const end = (reference: string, side: Side): number | null => {
    const id = splitPort(reference)?.node ?? "";
    const row = cards.get(id)?.rows.find((each) => each.reference === reference && each.side === side);
    const place = places.get(id);
    return row && place ? place.y + row.y : null;
  };
  const offsets = dock.rows.flatMap((row) => {
    const others =
      dock.name === "inputs"
        ? (flow.inputs.find((entry) => entry.name === row.reference)?.feeds ?? []).map((port) => end(port, "input"))
        : flow.outputs.filter((entry) => entry.name === row.reference).map((entry) => end(entry.from, "output"));
    return others.filter((y) => y !== null).map((y) => y - row.y);
  });
  return offsets.length > 0 ? offsets.reduce((sum, offset) => sum + offset, 0) / offsets.length : null;
}

/** The docks stand left and right of all cards. */
export function placeDocks(
  docks: LooseDock[],
  cards: ReadonlyMap<string, Card>,
  places: ReadonlyMap<string, Point>,
  flow: Flow,
): Dock[] {
  const boxes = [...cards].map(([id, card]) => ({
    ...(places.get(id) as Point),
    width: card.width,
    height: card.height,
  }));
  const around = boxAround(boxes) ?? { x: 0, y: 0, width: 240, height: 2 * ROW_HEIGHT };
  return docks.map((dock) => {
    const x = dock.name === "inputs" ? around.x - GAP - DOCK_WIDTH : around.x + around.width + GAP;
    const level =
      levelOf(dock, cards, places, flow) ?? around.y + Math.min(HALF_WAY, around.height / 2) - dock.height / 2;
    const lowest = around.y + around.height - dock.height;
    return { ...dock, x: Math.round(x), y: Math.round(Math.max(around.y, Math.min(level, lowest))) };
  });
}

const HALF_WAY = 160;
