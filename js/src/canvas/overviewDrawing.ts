// What is drawn where a thousand nodes are in view: one canvas in place of a thousand cards.

import type { NodeRun } from "../bridge/runs";
import type { Medium } from "../flow/portType";
import { type Card, HEADER_HEIGHT, PADDING, type Row } from "../nodes/card";
import type { Box, Point } from "../nodes/place";
import type { Scene } from "../nodes/scene";

/** Fewer cards are drawn as they are, at any zoom: they can be read by screen readers, and found by the browser. */
export const FEWEST_NODES = 60;
/** Between the two nothing changes, so that the canvas does not flicker between its two ways of drawing. */
const ENTER_BELOW = 0.34;
const LEAVE_ABOVE = 0.37;

export function isOverview(before: boolean, zoom: number, nodes: number): boolean {
  return nodes > FEWEST_NODES && zoom < (before ? LEAVE_ABOVE : ENTER_BELOW);
}

export interface Look {
  surface: string;
  ink: string;
  line: string;
  brand: string;
  bad: string;
  warn: string;
  medium: Record<Medium, string>;
}

export interface Drawn {
  scene: Scene;
  /** Of the view: x, y, zoom. */
  transform: readonly [number, number, number];
  width: number;
  height: number;
  /** Where cards are while they are dragged. */
  dragged: ReadonlyMap<string, Point> | null;
  selected: ReadonlySet<string>;
  runs: ReadonlyMap<string, NodeRun>;
  /** The box that is being drawn to select what lies in it, in the flow. */
  lasso: Box | null;
  thumbnail(reference: string): CanvasImageSource | null;
}

const SMALLEST_TEXT = 6;
const LARGEST_TEXT = 13;
/** Of a title, in the flow. */
const TEXT = 34;

export function placeOf(scene: Scene, dragged: ReadonlyMap<string, Point> | null, id: string): Point {
  return dragged?.get(id) ?? scene.positions.get(id) ?? { x: 0, y: 0 };
}

/** The card at a point of the flow; what is drawn last lies on top. */
export function cardAt(scene: Scene, point: Point): string | null {
  let found: string | null = null;
  for (const [id, { width, height }] of scene.cards) {
    const { x, y } = placeOf(scene, null, id);
    if (point.x >= x && point.x <= x + width && point.y >= y && point.y <= y + height) found = id;
  }
  return found;
}

/** The cards that a box touches. */
export function cardsIn(scene: Scene, box: Box): string[] {
  return [...scene.cards].flatMap(([id, { width, height }]) => {
    const { x, y } = placeOf(scene, null, id);
    const across = x < box.x + box.width && x + width > box.x;
    return across && y < box.y + box.height && y + height > box.y ? [id] : [];
  });
}

export function drawOverview(context: CanvasRenderingContext2D, drawn: Drawn, look: Look, scale: number): void {
  const [x, y, zoom] = drawn.transform;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, drawn.width, drawn.height);
  context.setTransform(scale * zoom, 0, 0, scale * zoom, scale * x, scale * y);
  const seen = { x: -x / zoom, y: -y / zoom, width: drawn.width / zoom, height: drawn.height / zoom };
  drawCurves(context, drawn, look, zoom);
  const cards = drawCards(context, drawn, look, seen);
  drawRings(context, drawn, look, cards, zoom);
  if (TEXT * zoom >= SMALLEST_TEXT) drawTitles(context, cards, look, zoom);
  if (drawn.lasso) drawLasso(context, drawn.lasso, look, zoom);
}

interface Placed {
  card: Card;
  at: Point;
}

const heights = new WeakMap<readonly Row[], [Map<string, number>, Map<string, number>]>();

/** Where each port is on its card or dock, from the top; looked up once for each state of it. */
function heightsOf(rows: readonly Row[], isSource: boolean): Map<string, number> {
  let found = heights.get(rows);
  if (!found) {
    const of = (side: string) => new Map(rows.filter((row) => row.side === side).map((row) => [row.reference, row.y]));
    found = [of("input"), of("output")];
    heights.set(rows, found);
  }
  return found[isSource ? 1 : 0];
}

function drawCurves(context: CanvasRenderingContext2D, { scene, dragged }: Drawn, look: Look, zoom: number): void {
  const paths = new Map<Medium, Path2D>();
  const docks = new Map(scene.docks.map((dock) => [dock.id as string, dock]));
  const endOf = (owner: string, reference: string, isSource: boolean): Point | null => {
    const dock = docks.get(owner);
    const body = dock ?? scene.cards.get(owner);
    if (!body) return null;
    const { x, y } = dock ?? placeOf(scene, dragged, owner);
    return {
      x: isSource ? x + body.width : x,
      y: y + (heightsOf(body.rows, isSource).get(reference) ?? HEADER_HEIGHT),
    };
  };
  for (const { source, target, from: out, to: into, fromMedium } of scene.curves) {
    const [from, to] = [endOf(source, out, true), endOf(target, into, false)];
    if (!from || !to) continue;
    const path = paths.get(fromMedium) ?? new Path2D();
    paths.set(fromMedium, path);
    path.moveTo(from.x, from.y);
    path.lineTo(to.x, to.y);
  }
  context.lineWidth = 1.25 / zoom;
  context.globalAlpha = 0.7;
  for (const [medium, path] of paths) {
    context.strokeStyle = look.medium[medium];
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

/** Fills what is in view, and returns it. */
function drawCards(context: CanvasRenderingContext2D, drawn: Drawn, look: Look, seen: Box): Placed[] {
  const { scene, dragged } = drawn;
  const isSeen = ({ x, y }: Point, { width, height }: { width: number; height: number }) =>
    x < seen.x + seen.width && x + width > seen.x && y < seen.y + seen.height && y + height > seen.y;
  const cards = [...scene.cards.values()].flatMap((card): Placed[] => {
    const at = placeOf(scene, dragged, card.id);
    return isSeen(at, card) ? [{ card, at }] : [];
  });
  context.fillStyle = look.surface;
  for (const dock of scene.docks) context.fillRect(dock.x, dock.y, dock.width, dock.height);
  for (const { card, at } of cards) context.fillRect(at.x, at.y, card.width, card.height);
  // A tint over the surface, and the header in the full colour: what it is about can be told from afar.
  const media = new Set(cards.map(({ card }) => card.medium));
  for (const medium of media) {
    const own = cards.filter(({ card }) => card.medium === medium && !card.muted);
    context.fillStyle = look.medium[medium];
    context.globalAlpha = 0.16;
    for (const { card, at } of own) context.fillRect(at.x, at.y, card.width, card.height);
    context.globalAlpha = 0.75;
    for (const { card, at } of own) context.fillRect(at.x, at.y, card.width, HEADER_HEIGHT / 5);
  }
  context.globalAlpha = 1;
  for (const { card, at } of cards) {
    const { frame } = card;
    const picture = frame && drawn.thumbnail(frame.reference);
    if (!frame || !picture) continue;
    const side = Math.min(card.width - 2 * PADDING, frame.height);
    context.drawImage(picture, at.x + (card.width - side) / 2, at.y + frame.y, side, side);
  }
  return cards;
}

function drawRings(context: CanvasRenderingContext2D, drawn: Drawn, look: Look, cards: Placed[], zoom: number): void {
  const ring = (colour: string, width: number, own: Placed[]) => {
    context.strokeStyle = colour;
    context.lineWidth = width / zoom;
    for (const { card, at } of own) context.strokeRect(at.x, at.y, card.width, card.height);
  };
  ring(look.line, 1, cards);
  const state = (wanted: string) => cards.filter(({ card }) => drawn.runs.get(card.id)?.state === wanted);
  ring(look.bad, 2, state("failed"));
  ring(look.warn, 3, state("asking"));
  const running = state("running");
  ring(look.brand, 1.5, running);
  context.fillStyle = look.brand;
  for (const { card, at } of running) {
    const fraction = drawn.runs.get(card.id)?.fraction ?? 0.3;
    context.fillRect(at.x, at.y, card.width * fraction, Math.max(HEADER_HEIGHT / 3, 3 / zoom));
  }
  const chosen = cards.filter(({ card }) => drawn.selected.has(card.id));
  context.globalAlpha = 0.25;
  // Where cards are a few pixels wide, a ring must not hide them.
  const width = Math.min(2, 50 * zoom);
  ring(look.brand, 3 * width, chosen);
  context.globalAlpha = 1;
  ring(look.brand, width, chosen);
}

function drawTitles(context: CanvasRenderingContext2D, cards: Placed[], look: Look, zoom: number): void {
  const size = Math.min(TEXT * zoom, LARGEST_TEXT) / zoom;
  context.fillStyle = look.ink;
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const { card, at } of cards) {
    const room = card.width - 2 * PADDING;
    const title = shortened(context, card.title, room);
    context.fillText(title, at.x + PADDING, at.y + HEADER_HEIGHT / 2 + 6, room);
  }
}

const known = new Map<string, string>();

/** Cut to what fits; measured once for each title and size. */
function shortened(context: CanvasRenderingContext2D, title: string, room: number): string {
  const key = `${context.font} ${title}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  let text = title;
  while (text.length > 1 && context.measureText(text).width > room) text = `${text.slice(0, -2).trimEnd()}…`;
  if (known.size > 4_000) known.clear();
  known.set(key, text);
  return text;
}

function drawLasso(context: CanvasRenderingContext2D, box: Box, look: Look, zoom: number): void {
  context.fillStyle = look.brand;
  context.globalAlpha = 0.12;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  context.strokeStyle = look.brand;
  context.lineWidth = 1 / zoom;
  context.strokeRect(box.x, box.y, box.width, box.height);
}
