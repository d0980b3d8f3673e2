// From a flow document to everything that is drawn, with its place: cards, the two docks, and the curves between them.

import type { ViewDocument } from "../bridge/model";
import { nodeDepths } from "../flow/depths";
import { type Flow, type FlowInput, type FlowOutput, readFlow, splitPort, titleFromName } from "../flow/document";
import { findType, type NodeTypes } from "../flow/nodeType";
import { isList, type Medium, mediumOf, type PortType } from "../flow/portType";
import {
  CARD_WIDTH,
  type Card,
  HEADER_HEIGHT,
  type LooseRow,
  layOutCard,
  type Row,
  type Side,
  stackRows,
} from "./card";
import { formatValue } from "./values";

export const DOCK_WIDTH = 196;
const DOCK_HEADER = HEADER_HEIGHT - 8;
const GAP = 84;
const MARGIN = 28;

export interface Point {
  x: number;
  y: number;
}

export type PlacedCard = Card & Point;

export interface Dock extends Point {
  side: Side;
  title: string;
  rows: Row[];
  width: number;
  height: number;
}

/** Where a curve begins or ends: on the border of a card or dock, at the height of a port's name. */
export interface Anchor extends Point {
  medium: Medium;
}

export interface Curve {
  key: string;
  from: Anchor;
  to: Anchor;
}

export interface Scene {
  cards: PlacedCard[];
  docks: Dock[];
  curves: Curve[];
  width: number;
  height: number;
}

/** Where the document gives no position, nodes stand in columns by their distance from the start. */
function placeCards(cards: Card[], flow: Flow): PlacedCard[] {
  if (cards.every((card) => flow.positions.has(card.id))) {
    return cards.map((card) => {
      const [x, y] = flow.positions.get(card.id) ?? [0, 0];
      return { ...card, x, y };
    });
  }
  const depths = nodeDepths(flow);
  const filled = new Map<number, number>();
  return cards.map((card) => {
    const column = depths.get(card.id) ?? 0;
    const y = filled.get(column) ?? 0;
    filled.set(column, y + card.height + GAP / 2);
    return { ...card, x: column * (CARD_WIDTH + GAP), y };
  });
}

function outputType(reference: string, flow: Flow, types: NodeTypes): PortType {
  const port = splitPort(reference);
  const type = findType(types, flow.nodes.get(port?.node ?? "")?.type ?? "");
  return type?.outputs.find((output) => output.name === port?.port)?.type ?? "any";
}

function inputRow(input: FlowInput): LooseRow {
  const value = input.default === null || input.default === "" ? null : formatValue(input.default);
  return {
    reference: input.name,
    title: input.title || titleFromName(input.name),
    side: "output",
    medium: mediumOf(input.type),
    list: isList(input.type),
    value,
    preset: false,
  };
}

function outputRow(output: FlowOutput, flow: Flow, types: NodeTypes): LooseRow {
  const type = outputType(output.from, flow, types);
  const title = output.title || titleFromName(output.name);
  const shape = { medium: mediumOf(type), list: isList(type) };
  return { reference: output.name, title, side: "input", ...shape, value: null, preset: true };
}

function dock(side: Side, rows: LooseRow[]): Omit<Dock, "x" | "y"> {
  const stacked = stackRows(rows, DOCK_HEADER, DOCK_WIDTH);
  const title = side === "input" ? "Inputs" : "Outputs";
  return { side, title, rows: stacked.rows, width: DOCK_WIDTH, height: stacked.bottom + 10 };
}

/** As level as can be with the ports at the other end of a dock's curves, and never above or below all cards. */
function dockHeight(dock: Omit<Dock, "x" | "y">, cards: PlacedCard[], flow: Flow): number {
  if (cards.length === 0) return 0;
  const ends = new Map(cards.flatMap((card) => card.rows.map((row) => [row.reference + row.side, card.y + row.y])));
  const offsets = dock.rows.flatMap((row) => {
    const input = dock.side === "input";
    const others = input
      ? (flow.inputs.find((entry) => entry.name === row.reference)?.feeds ?? [])
      : flow.outputs.filter((entry) => entry.name === row.reference).map((entry) => entry.from);
    return others.map((port) => (ends.get(port + (input ? "input" : "output")) ?? Number.NaN) - row.y);
  });
  const known = offsets.filter((offset) => !Number.isNaN(offset));
  const level = known.reduce((sum, offset) => sum + offset, 0) / Math.max(known.length, 1);
  const top = Math.min(...cards.map((card) => card.y));
  const bottom = Math.max(...cards.map((card) => card.y + card.height));
  return Math.max(top, Math.min(level, bottom - dock.height));
}

/** The docks stand left and right of all cards. */
function placeDocks(cards: PlacedCard[], flow: Flow, types: NodeTypes): Dock[] {
  const left = cards.length > 0 ? Math.min(...cards.map((card) => card.x)) : 0;
  const right = cards.length > 0 ? Math.max(...cards.map((card) => card.x + card.width)) : 0;
  const sides = [
    { ...dock("input", flow.inputs.map(inputRow)), x: left - GAP - DOCK_WIDTH },
    {
      ...dock(
        "output",
        flow.outputs.map((output) => outputRow(output, flow, types)),
      ),
      x: right + GAP,
    },
  ];
  return sides.filter((side) => side.rows.length > 0).map((side) => ({ ...side, y: dockHeight(side, cards, flow) }));
}

/** Finds the anchor of a port of a node (`n1.image`) or of a dock (`prompt`). */
function anchors(cards: PlacedCard[], docks: Dock[]): (side: Side, reference: string) => Anchor | undefined {
  const found = new Map<string, Anchor>();
  const add = (owner: Point & { width: number; rows: Row[] }, scope: string) => {
    for (const row of owner.rows) {
      const x = owner.x + (row.side === "output" ? owner.width : 0);
      found.set(`${scope}${row.side} ${row.reference}`, { x, y: owner.y + row.y, medium: row.medium });
    }
  };
  for (const card of cards) add(card, "");
  for (const each of docks) add(each, "dock ");
  return (side, reference) => found.get(`${reference.includes(".") ? "" : "dock "}${side} ${reference}`);
}

function connect(cards: PlacedCard[], docks: Dock[], flow: Flow): Curve[] {
  const anchor = anchors(cards, docks);
  const pairs = [
    ...flow.inputs.flatMap((input) => input.feeds.map((port) => ({ from: input.name, to: port }))),
    ...flow.edges,
    ...flow.outputs.map((output) => ({ from: output.from, to: output.name })),
  ];
  return pairs.flatMap(({ from, to }) => {
    const start = anchor("output", from);
    const end = anchor("input", to);
    if (!start || !end) return [];
    return [{ key: `${from}>${to}`, from: start, to: end }];
  });
}

export function layOutScene(view: ViewDocument): Scene {
  const { types } = view;
  const flow = readFlow(view.flow);
  const laidOut = [...flow.nodes].map(([id, node]) => layOutCard(id, node, types, flow));
  const cards = placeCards(laidOut, flow);
  const docks = placeDocks(cards, flow, types);
  const boxes = [...cards, ...docks];
  if (boxes.length === 0) return { cards, docks, curves: [], width: 0, height: 0 };
  const left = Math.min(...boxes.map((box) => box.x)) - MARGIN;
  const top = Math.min(...boxes.map((box) => box.y)) - MARGIN;
  const shift = <Box extends Point>(box: Box): Box => ({ ...box, x: box.x - left, y: box.y - top });
  const shifted = { cards: cards.map(shift), docks: docks.map(shift) };
  return {
    ...shifted,
    curves: connect(shifted.cards, shifted.docks, flow),
    width: Math.max(...boxes.map((box) => box.x + box.width)) - left + MARGIN,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - top + MARGIN,
  };
}
