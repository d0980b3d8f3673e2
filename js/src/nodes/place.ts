// Where cards stand: where the document says, and in a free place where it says nothing.

import { nodeDepths } from "../flow/depths";
import { type Flow, splitPort } from "../flow/document";
import { CARD_WIDTH, type Card } from "./card";

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

export const GAP = 84;
const ROOM = 24;

export function boxAround(boxes: Iterable<Box>): Box | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.width);
    bottom = Math.max(bottom, box.y + box.height);
  }
  return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
}

function overlaps(one: Box, other: Box): boolean {
  return (
    one.x < other.x + other.width + ROOM &&
    other.x < one.x + one.width + ROOM &&
    one.y < other.y + other.height + ROOM &&
    other.y < one.y + one.height + ROOM
  );
}

/** The nearest place below `wish` where a box overlaps no other. */
export function freePlace(wish: Point, size: { width: number; height: number }, taken: readonly Box[]): Point {
  let place = wish;
  for (let tries = 0; tries <= taken.length; tries++) {
    const hit = taken.find((box) => overlaps({ ...size, ...place }, box));
    if (!hit) return place;
    place = { x: place.x, y: hit.y + hit.height + ROOM };
  }
  return place;
}

/** All in columns by their distance from the start. */
function placeInColumns(cards: ReadonlyMap<string, Card>, flow: Flow): Map<string, Point> {
  const depths = nodeDepths(flow);
  const filled = new Map<number, number>();
  return new Map(
    [...cards].map(([id, card]) => {
      const column = depths.get(id) ?? 0;
      const y = filled.get(column) ?? 0;
      filled.set(column, y + card.height + GAP / 2);
      return [id, { x: column * (CARD_WIDTH + GAP), y }];
    }),
  );
}

/** Nodes that code added stand right of what feeds them, else below everything. */
function placeBeside(placed: Map<string, Point>, cards: ReadonlyMap<string, Card>, flow: Flow): void {
  const depths = nodeDepths(flow);
  const box = (id: string): Box[] => {
    const [card, point] = [cards.get(id), placed.get(id)];
    return card && point ? [{ ...point, width: card.width, height: card.height }] : [];
  };
  const taken = [...placed.keys()].flatMap(box);
  const missing = [...cards.keys()].filter((id) => !placed.has(id));
  for (const id of missing.sort((one, other) => (depths.get(one) ?? 0) - (depths.get(other) ?? 0))) {
    const card = cards.get(id) as Card;
    const feeding = flow.edges.filter((edge) => splitPort(edge.to)?.node === id);
    const before = feeding.flatMap((edge) => box(splitPort(edge.from)?.node ?? ""));
    const around = boxAround(taken);
    const wish =
      before.length > 0
        ? { x: Math.max(...before.map((each) => each.x + each.width)) + GAP, y: before[0]?.y ?? 0 }
        : { x: around?.x ?? 0, y: (around?.y ?? 0) + (around?.height ?? 0) + GAP / 2 };
    placed.set(id, freePlace(wish, card, taken));
    taken.push(...box(id));
  }
}

export function placeCards(cards: ReadonlyMap<string, Card>, flow: Flow): Map<string, Point> {
  const known = [...cards.keys()].flatMap((id): [string, Point][] => {
    const place = flow.positions.get(id);
    return place ? [[id, { x: place[0], y: place[1] }]] : [];
  });
  if (known.length === 0) return placeInColumns(cards, flow);
  const placed = new Map(known);
  if (placed.size < cards.size) placeBeside(placed, cards, flow);
  return placed;
}
