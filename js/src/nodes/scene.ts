// From a flow document to everything that is drawn, with its place. What did not change keeps its identity from one scene
// to the next, so that drawing costs what an edit touched and not what the flow holds.

import { type Flow, type FlowDocument, field, isObject, type Json, type JsonObject } from "../flow/document";
import { findType, type NodeTypes, type Side } from "../flow/nodeType";
import type { Medium } from "../flow/portType";
import { type Card, type Circumstances, layOutCard, type Made, type Row } from "./card";
import { type Dock, layOutDocks, placeDocks } from "./docks";
import { type Point, placeCards } from "./place";

/** An edge, a feed or an output, from the place where it leaves to the place where it arrives. */
export interface Curve {
  key: string;
  /** Node ids, or `dock:inputs` and `dock:outputs`. */
  source: string;
  target: string;
  from: string;
  to: string;
  fromMedium: Medium;
  toMedium: Medium;
  /** It ends at a port that is not there any more. */
  lost: boolean;
}

export interface Scene {
  cards: ReadonlyMap<string, Card>;
  positions: ReadonlyMap<string, Point>;
  docks: readonly Dock[];
  curves: readonly Curve[];
}

export interface SceneSource {
  document: FlowDocument;
  flow: Flow;
  types: NodeTypes;
  open: ReadonlySet<string>;
  longTexts: ReadonlySet<string>;
  /** What came out of ports that may give anything, by node. */
  made?: ReadonlyMap<string, Made>;
  /** The base models of the models that nodes work with, where inputs depend on it. */
  families?: ReadonlyMap<string, string>;
}

interface Kept {
  entry: Json;
  type: unknown;
  circumstances: string;
  card: Card;
}

function sameRow(one: Row, other: Row): boolean {
  return (Object.keys(one) as (keyof Row)[]).every((key) => one[key] === other[key]);
}

/** Which ports of each node something is connected to. */
function connectionsOf(flow: Flow): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (port: string, mark: string) => {
    const node = port.slice(0, port.indexOf("."));
    const marks = found.get(node);
    if (marks) marks.add(mark);
    else found.set(node, new Set([mark]));
  };
  for (const { from, to } of flow.edges) {
    add(from, `${from}>`);
    add(to, `>${to}`);
  }
  for (const input of flow.inputs) for (const port of input.feeds) add(port, `>${port}`);
  for (const output of flow.outputs) add(output.from, `${output.from}>`);
  return found;
}

const NONE: ReadonlySet<string> = new Set();

/** One per view: remembers the last scene. */
export class SceneMaker {
  #kept = new Map<string, Kept>();
  #docks: readonly Dock[] = [];
  #curves = new Map<string, Curve>();
  #positions = new Map<string, Point>();

  make(source: SceneSource): Scene {
    const cards = this.#makeCards(source);
    const positions = this.#place(cards, source.flow);
    const bare = cards.size + source.flow.inputs.length + source.flow.outputs.length === 0;
    const docks = bare ? [] : this.#makeDocks(source, cards, positions);
    return { cards, positions, docks, curves: this.#makeCurves(source.flow, cards, docks) };
  }

  #makeCards({ document, flow, types, open, longTexts, made, families }: SceneSource): Map<string, Card> {
    const connections = connectionsOf(flow);
    const kept = new Map<string, Kept>();
    for (const id of flow.nodes.keys()) {
      const entry = field(document.nodes, id);
      if (!isObject(entry)) continue;
      const connected = connections.get(id) ?? NONE;
      const own = made?.get(id);
      const family = families?.get(id);
      const around: Circumstances = { connected, open: open.has(id), longText: longTexts.has(id), made: own, family };
      const told = `${around.open}${around.longText}${own?.reference} ${own?.medium} ${family}`;
      const circumstances = `${told} ${[...connected].join(" ")}`;
      const type = findType(types, String(field(entry, "type")));
      const before = this.#kept.get(id);
      const same = before?.entry === entry && before.type === type && before.circumstances === circumstances;
      kept.set(id, same ? before : { entry, type, circumstances, card: this.#card(id, entry, types, flow, around) });
    }
    this.#kept = kept;
    return new Map([...kept].map(([id, { card }]) => [id, card]));
  }

  #card(id: string, entry: JsonObject, types: NodeTypes, flow: Flow, around: Circumstances): Card {
    const card = layOutCard(id, entry, types, flow, around);
    const before = this.#kept.get(id)?.card.rows ?? [];
    const rows = card.rows.map((row) => {
      const same = before.find((other) => other.reference === row.reference && other.side === row.side);
      return same && sameRow(same, row) ? same : row;
    });
    return { ...card, rows };
  }

  #place(cards: Map<string, Card>, flow: Flow): Map<string, Point> {
    const placed = placeCards(cards, flow);
    for (const [id, point] of placed) {
      const before = this.#positions.get(id);
      if (before && before.x === point.x && before.y === point.y) placed.set(id, before);
    }
    this.#positions = placed;
    return placed;
  }

  #makeDocks({ flow, types }: SceneSource, cards: Map<string, Card>, positions: Map<string, Point>): readonly Dock[] {
    const docks = placeDocks(layOutDocks(flow, types), cards, positions, flow);
    const kept = docks.map((dock) => {
      const before = this.#docks.find((other) => other.id === dock.id);
      if (!before || before.rows.length !== dock.rows.length || before.height !== dock.height) return dock;
      const rows = dock.rows.map((row, index) => {
        const other = before.rows[index];
        return other && sameRow(other, { ...row, port: other.port }) && samePort(other, row) ? other : row;
      });
      const same = rows.every((row, index) => row === before.rows[index]);
      if (same && before.x === dock.x && before.y === dock.y) return before;
      return { ...dock, rows: same ? before.rows : rows };
    });
    this.#docks = kept;
    return kept;
  }

  #makeCurves(flow: Flow, cards: Map<string, Card>, docks: readonly Dock[]): Curve[] {
    const row = (owner: string, reference: string, side: Side): Row | undefined => {
      const rows = cards.get(owner)?.rows ?? docks.find((dock) => dock.id === owner)?.rows;
      return rows?.find((each) => each.reference === reference && each.side === side);
    };
    const owner = (port: string) => port.slice(0, port.indexOf("."));
    const ends = [
      ...flow.inputs.flatMap(({ name, feeds }) => feeds.map((to) => ["dock:inputs", name, owner(to), to] as const)),
      ...flow.edges.map(({ from, to }) => [owner(from), from, owner(to), to] as const),
      ...flow.outputs.map(({ name, from }) => [owner(from), from, "dock:outputs", name] as const),
    ];
    const next = new Map<string, Curve>();
    for (const [source, from, target, to] of ends) {
      const start = row(source, from, "output");
      const end = row(target, to, "input");
      if (!start || !end) continue;
      const key = `${from}>${to}`;
      const lost = start.lost || end.lost;
      const curve = { key, source, target, from, to, fromMedium: start.medium, toMedium: end.medium, lost };
      const before = this.#curves.get(key);
      const same = before && before.fromMedium === curve.fromMedium && before.toMedium === curve.toMedium;
      const there = same && before.source === source && before.target === target && before.lost === lost;
      next.set(key, there ? before : curve);
    }
    this.#curves = next;
    return [...next.values()];
  }
}

function samePort(one: Row, other: Row): boolean {
  return JSON.stringify(one.port) === JSON.stringify(other.port);
}
