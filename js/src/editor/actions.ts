// What hands do, each as one edit and so as one step of undo.

import { copyNodes, pasteNodes } from "../flow/clipboard";
import { type Edge, type FlowDocument, type Json, readFlow } from "../flow/document";
import {
  addNode,
  duplicateNodes,
  moveNodes,
  type Position,
  removeItems,
  renameInput,
  renameNode,
  renameOutput,
  setInputDefault,
  setValue,
} from "../flow/edits";
import { insertWords } from "../flow/modelFeed";
import { findType, type NodeTypes } from "../flow/nodeType";
import type { Operation } from "../flow/operations";
import { CARD_WIDTH, layOutCard } from "../nodes/card";
import type { DockName } from "../nodes/docks";
import { type Box, boxAround, freePlace, type Point } from "../nodes/place";
import type { Scene } from "../nodes/scene";
import { connecting, fittingPort, inOneStep, typeAtEnd } from "./connecting";
import { firstTemplate } from "./firstTemplate";
import type { Editor, End, PaletteRequest } from "./view";

/** Between a new card and the rim of what is seen. */
const EDGE = 16;

/** Sends an edit, and says why where it does not fit. */
export function edit({ session, view }: Editor, operations: Operation[], merge?: string): boolean {
  view.edited = performance.now();
  const words = session.sync.edit(operations, merge);
  if (words !== null) session.say({ kind: "rejected", words, tone: "alert" });
  return words === null;
}

const documentOf = ({ session }: Editor): FlowDocument => session.sync.snapshot().document;
const typesOf = ({ session }: Editor) => session.model.get("types");
const round = ({ x, y }: Point): Position => [Math.round(x), Math.round(y)];

/** Where every node is shown; also those whose place the document does not hold. */
function places({ view }: Editor): Map<string, Position> {
  return new Map([...(view.scene?.positions ?? [])].map(([id, point]) => [id, round(point)]));
}

/** Once one node is placed by hand, the others must not move: their places are written down with it. */
export function unplaced(editor: Editor): [string, Position][] {
  const { positions } = editor.session.sync.snapshot().flow;
  return [...places(editor)].filter(([id]) => !positions.has(id));
}

function boxes({ view }: Editor): Box[] {
  const { scene } = view;
  return [...(scene?.cards ?? [])].map(([id, card]) => ({ ...(scene?.positions.get(id) as Point), ...sizeOf(card) }));
}

const sizeOf = ({ width, height }: { width: number; height: number }) => ({ width, height });

/** A free place in view, for what comes without a pointer. */
function placeInView(editor: Editor, height: number): Point {
  const seen = editor.view.canvas?.inView() ?? { x: 0, y: 0, width: CARD_WIDTH, height };
  const wish = { x: seen.x + seen.width / 2 - CARD_WIDTH / 2, y: seen.y + seen.height / 2 - height / 2 };
  return freePlace(wish, { width: CARD_WIDTH, height }, boxes(editor));
}

/** Adds what was chosen in the palette, connected to the port it was asked for. */
export function addFromPalette(editor: Editor, typeName: string, { at, from }: PaletteRequest): string | null {
  const { session } = editor;
  const types = typesOf(editor);
  const type = findType(types, typeName);
  if (!type) return null;
  const height = heightOf(typeName, types);
  const place = at ? inView(editor, beside(at, from), height) : placeInView(editor, height);
  const added = addNode(documentOf(editor), types, typeName, round(place));
  const name = from ? fittingPort(type, from, typeAtEnd(editor, from)) : null;
  const end: End | null =
    from && name
      ? { owner: added.id, reference: `${added.id}.${name}`, side: from.side === "output" ? "input" : "output" }
      : null;
  const operations = inOneStep(
    documentOf(editor),
    () => [...moveNodes(unplaced(editor)), ...added.operations],
    ...(from && end ? [connecting(editor, from, end)] : []),
  );
  if (!edit(editor, operations)) return null;
  session.used(typeName);
  session.select([added.id]);
  editor.view.selectedEdges.set(new Set());
  onceDrawn(() => editor.view.canvas?.reveal([added.id]));
  return added.id;
}

/** How high a new node of a type will be. */
function heightOf(typeName: string, types: NodeTypes): number {
  const entry = { type: typeName, values: {} };
  const empty = readFlow({ name: "", nodes: { new: entry }, edges: [], inputs: [], outputs: [] });
  return layOutCard("new", entry, types, empty, { connected: new Set(), open: false, longText: false }).height;
}

/** The nearest place to a wish where a whole card is seen, if it can be seen whole. */
function inView({ view }: Editor, wish: Point, height: number): Point {
  const seen = view.canvas?.inView();
  if (!seen) return wish;
  const clamp = (at: number, low: number, room: number) => Math.max(low, Math.min(at, low + room));
  const [across, down] = [seen.width - CARD_WIDTH - 2 * EDGE, seen.height - height - 2 * EDGE];
  return {
    x: across > 0 ? clamp(wish.x, seen.x + EDGE, across) : wish.x,
    y: down > 0 ? clamp(wish.y, seen.y + EDGE, down) : wish.y,
  };
}

/** The port comes to lie near the pointer, not the corner of the card. */
function beside(at: Point, from: End | null): Point {
  if (!from) return { x: at.x - CARD_WIDTH / 2, y: at.y - 20 };
  return { x: from.side === "output" ? at.x : at.x - CARD_WIDTH, y: at.y - 60 };
}

export function startFromTemplate(editor: Editor): void {
  const { ids, operations } = firstTemplate(documentOf(editor), typesOf(editor));
  if (!edit(editor, operations)) return;
  editor.session.select(ids.slice(0, 1));
  onceDrawn(() => editor.view.canvas?.fit());
}

/** Once the new scene is drawn. */
function onceDrawn(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}

/** Removes what is selected: nodes with their edges, edges, and an entry of a dock. */
export function removeSelection(editor: Editor): void {
  const { session, view } = editor;
  const { flow } = session.sync.snapshot();
  const nodes = [...session.selection.get()].filter((id) => flow.nodes.has(id));
  const keys = view.selectedEdges.get();
  const edges: Edge[] = (view.scene?.curves ?? []).filter((curve) => keys.has(curve.key));
  const entry = view.selectedEntry.get();
  removeThese(editor, nodes, edges, entry);
}

export function removeThese(
  editor: Editor,
  nodes: string[],
  edges: Edge[],
  entry: { dock: DockName; name: string } | null,
): void {
  const { view } = editor;
  const entries = entry ? { [entry.dock]: [entry.name] } : {};
  const operations = removeItems(documentOf(editor), { nodes, edges, ...entries });
  if (operations.length === 0 || !edit(editor, operations)) return;
  view.selectedEdges.set(new Set());
  view.selectedEntry.set(null);
  editor.session.select([...editor.session.selection.get()].filter((id) => !nodes.includes(id)));
}

export function duplicate(editor: Editor, ids: Iterable<string>): void {
  const copies = duplicateNodes(documentOf(editor), ids, [36, 36], places(editor));
  if (copies.ids.length > 0 && edit(editor, [...moveNodes(unplaced(editor)), ...copies.operations])) {
    editor.session.select(copies.ids);
  }
}

export function selectedNodes({ session }: Editor): string[] {
  const { flow } = session.sync.snapshot();
  return [...session.selection.get()].filter((id) => flow.nodes.has(id));
}

/** The selected nodes as text, or null where there are none. */
export function copySelection(editor: Editor): string | null {
  const ids = selectedNodes(editor);
  return ids.length > 0 ? copyNodes(documentOf(editor), ids, places(editor)) : null;
}

/** Puts copied nodes where the pointer is, else in the middle of what is seen; false where the text is none of ours. */
export function paste(editor: Editor, text: string): boolean {
  const { view } = editor;
  const seen = view.canvas?.inView() ?? { x: 0, y: 0, width: 0, height: 0 };
  const middle = { x: seen.x + seen.width / 2 - CARD_WIDTH / 2, y: seen.y + seen.height / 3 };
  const at = view.pointer ? view.canvas?.toFlow(view.pointer) : undefined;
  const pasted = pasteNodes(documentOf(editor), text, round(freePlace(at ?? middle, { width: 1, height: 1 }, [])));
  if (!pasted) return false;
  if (edit(editor, [...moveNodes(unplaced(editor)), ...pasted.operations])) editor.session.select(pasted.ids);
  return true;
}

/** Writes down where nodes are after a drag. */
export function moveTo(editor: Editor, moved: Iterable<[string, Point]>): void {
  const places = new Map<string, Position>(unplaced(editor));
  for (const [id, point] of moved) places.set(id, round(point));
  edit(editor, moveNodes(places));
}

export function nudge(editor: Editor, dx: number, dy: number): void {
  const positions = editor.view.scene?.positions;
  const moved = selectedNodes(editor).flatMap((id): [string, Point][] => {
    const at = positions?.get(id);
    return at ? [[id, { x: at.x + dx, y: at.y + dy }]] : [];
  });
  if (moved.length === 0) return;
  const all = new Map<string, Position>(unplaced(editor));
  for (const [id, point] of moved) all.set(id, round(point));
  edit(editor, moveNodes(all), `nudge:${moved.map(([id]) => id).join()}`);
}

export function change(editor: Editor, node: string, port: string, value: Json | null, typing: boolean): void {
  const operations = setValue(documentOf(editor), node, port, value, typesOf(editor));
  edit(editor, operations, typing ? `typing:${node}.${port}` : undefined);
}

const NO_PROMPT = "No prompt is used with this model yet. Connect it to a node that has one, then press again.";

/** Puts trigger words into the prompts that the model of a node is used with. */
export function addWords(editor: Editor, node: string, words: string): void {
  const operations = insertWords(documentOf(editor), typesOf(editor), node, words);
  const say = (text: string) => editor.session.say({ kind: "words", words: text, tone: "calm", polite: true });
  if (operations === null) say(NO_PROMPT);
  else if (operations.length === 0) say(`“${words}” is in the prompt already.`);
  else if (edit(editor, operations)) say(`“${words}” was put into the prompt. Undo takes it out.`);
}

export function changeDefault(editor: Editor, name: string, value: Json | null, typing: boolean): void {
  edit(editor, setInputDefault(documentOf(editor), name, value), typing ? `typing:${name}` : undefined);
}

/** Renames what `View.renaming` names. */
export function rename(editor: Editor, what: string, words: string): void {
  const [dock, name] = what.split(" ");
  const document = documentOf(editor);
  if (name === undefined) edit(editor, renameNode(document, what, words));
  else edit(editor, dock === "inputs" ? renameInput(document, name, words) : renameOutput(document, name, words));
}

export function frameSelection(editor: Editor): void {
  const ids = selectedNodes(editor);
  editor.view.canvas?.fit(ids.length > 0 ? ids : undefined);
}

/** The box of everything, to be fitted into view. */
export function boxOfAll(editor: Editor, ids?: Iterable<string>): Box | null {
  const { scene } = editor.view;
  return scene && boxOfScene(scene, ids);
}

export function boxOfScene(scene: Scene, ids?: Iterable<string>): Box | null {
  const wanted = ids ? new Set(ids) : null;
  const cards = [...scene.cards].filter(([id]) => !wanted || wanted.has(id));
  const found = cards.map(([id, card]) => ({ ...(scene.positions.get(id) as Point), ...sizeOf(card) }));
  const docks = wanted ? [] : scene.docks.map((dock) => ({ x: dock.x, y: dock.y, ...sizeOf(dock) }));
  return boxAround([...found, ...docks]);
}
