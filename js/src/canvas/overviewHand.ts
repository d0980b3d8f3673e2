import type { PointerEvent } from "react";
import { moveTo } from "../editor/actions";
import type { Editor } from "../editor/view";
import type { Box, Point } from "../nodes/place";
import { cardAt, cardsIn, placeOf } from "./overviewDrawing";

/** So far the pointer goes before a press is a drag. */
const DRAG_FROM = 3;

interface Press {
  at: Point;
  client: Point;
  node: string | null;
  /** What was selected before, and stays so. */
  kept: ReadonlySet<string>;
  adds: boolean;
  dragging: boolean;
}

function boxOf(one: Point, other: Point): Box {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(one.x - other.x),
    height: Math.abs(one.y - other.y),
  };
}

/** Presses, drags and boxes over the overview, where no card is in the page to take them. */
export class OverviewHand {
  lasso: Box | null = null;
  #editor: Editor;
  #press: Press | null = null;
  #changed: () => void;

  constructor(editor: Editor, changed: () => void) {
    this.#editor = editor;
    this.#changed = changed;
  }

  down(event: PointerEvent): void {
    const { session, view } = this.#editor;
    const pane = event.target as Element;
    // A pane that can be dragged is one that is being moved with the space bar.
    if (event.button !== 0 || !pane.classList.contains("react-flow__pane") || pane.classList.contains("draggable"))
      return;
    const client = { x: event.clientX, y: event.clientY };
    const at = view.canvas?.toFlow(client);
    if (!at || !view.scene) return;
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    const node = cardAt(view.scene, at);
    const before = session.selection.get();
    view.selectedEdges.set(new Set());
    view.selectedEntry.set(null);
    if (node !== null && !before.has(node)) session.select(adds ? [...before, node] : [node]);
    else if (node !== null && adds) session.select([...before].filter((id) => id !== node));
    else if (node === null && !adds) session.select([]);
    const kept = adds ? before : new Set<string>();
    this.#press = { at, client, node, kept, adds, dragging: false };
    event.currentTarget.setPointerCapture(event.pointerId);
  }

  move(event: PointerEvent): void {
    const { session, view } = this.#editor;
    const press = this.#press;
    const { scene } = view;
    if (!press || !scene) return;
    const far = Math.hypot(event.clientX - press.client.x, event.clientY - press.client.y);
    if (!press.dragging && far < DRAG_FROM) return;
    press.dragging = true;
    const at = view.canvas?.toFlow({ x: event.clientX, y: event.clientY }) ?? press.at;
    if (press.node === null) {
      this.lasso = boxOf(press.at, at);
      session.select([...press.kept, ...cardsIn(scene, this.lasso)]);
    } else {
      const by = { x: at.x - press.at.x, y: at.y - press.at.y };
      const ids = [...session.selection.get()].filter((id) => scene.cards.has(id));
      const moved = ids.map((id): [string, Point] => {
        const from = placeOf(scene, null, id);
        return [id, { x: from.x + by.x, y: from.y + by.y }];
      });
      view.dragged.set(new Map(moved));
    }
    this.#changed();
  }

  up(): void {
    const { session, view } = this.#editor;
    const press = this.#press;
    const moved = view.dragged.get();
    this.cancel();
    if (!press) return;
    if (press.dragging && moved) moveTo(this.#editor, moved);
    else if (!press.dragging && press.node !== null && !press.adds) session.select([press.node]);
  }

  /** Forgets a press that came to nothing. */
  cancel(): void {
    this.#press = null;
    this.lasso = null;
    this.#editor.view.dragged.set(null);
    this.#changed();
  }
}
