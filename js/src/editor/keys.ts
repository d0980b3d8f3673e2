// What keys do while the focus is inside the editor. What is not meant for it goes on to the notebook.

import { duplicate, frameSelection, nudge, removeSelection, selectedNodes } from "./actions";
import { mute, pin, run, runSelected } from "./running";
import { makeOne, unpack } from "./subflows";
import type { Editor } from "./view";

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const STEP = 10;
const LARGE_STEP = 50;

export function isTextField(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return (
    !!element?.closest?.("textarea, select, [contenteditable]:not([contenteditable=false])") ||
    (element?.tagName === "INPUT" && !["checkbox", "radio", "button"].includes((element as HTMLInputElement).type))
  );
}

/** Whether keys are the element's own: Enter on a button, the arrows of a slider. */
function hasOwnKeys(target: EventTarget | null): boolean {
  return !!(target as HTMLElement | null)?.closest?.(
    "button, input, select, textarea, a, audio, video, [role=separator]",
  );
}

/** Out of the flow, one thing at a time; false where there is nothing left, and the editor itself is left. */
export function stepBack({ session, view }: Editor): boolean {
  if (view.palette.get() || view.menu.get() || view.panel.get() || view.lightbox.get() || view.inside.get()) {
    view.palette.set(null);
    view.menu.set(null);
    view.panel.set(null);
    view.lightbox.set(null);
    view.inside.set(null);
    view.root?.focus({ preventScroll: true });
    return true;
  }
  const chosen =
    session.selection.get().size > 0 || view.selectedEdges.get().size > 0 || view.selectedEntry.get() !== null;
  session.select([]);
  view.selectedEdges.set(new Set());
  view.selectedEntry.set(null);
  return chosen;
}

function leave({ view }: Editor): void {
  const { root } = view;
  if (!root) return;
  const active = (root.getRootNode() as Document | ShadowRoot).activeElement;
  if (active instanceof HTMLElement) active.blur();
  // JupyterLab goes on from the cell; elsewhere the page itself gets the keys back.
  root.closest<HTMLElement>(".jp-Notebook, .jp-Cell[tabindex]")?.focus({ preventScroll: true });
}

function withCommand(editor: Editor, event: KeyboardEvent, key: string): boolean {
  const { session, view } = editor;
  switch (key) {
    case "z":
      if (event.shiftKey) session.sync.redo();
      else session.sync.undo();
      return true;
    case "y":
      session.sync.redo();
      return true;
    case "a":
      getSelection()?.removeAllRanges();
      session.select(view.scene?.cards.keys() ?? []);
      return true;
    case "d":
      duplicate(editor, selectedNodes(editor));
      return true;
    case "g": {
      const ids = selectedNodes(editor);
      if (event.shiftKey) for (const id of ids) unpack(editor, id);
      else if (ids.length > 0) makeOne(editor, ids);
      return true;
    }
    default:
      return false;
  }
}

function alone(editor: Editor, event: KeyboardEvent, key: string): boolean {
  const { view } = editor;
  const arrow = ARROWS[event.key];
  if (arrow) {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    nudge(editor, arrow[0] * step, arrow[1] * step);
    return true;
  }
  switch (key) {
    case "tab": {
      if (event.shiftKey) return false;
      const at = view.pointer ? (view.canvas?.toFlow(view.pointer) ?? null) : null;
      view.palette.set({ at, beside: view.pointer, from: null });
      return true;
    }
    case "delete":
    case "backspace":
      removeSelection(editor);
      return true;
    case "m":
      mute(editor, selectedNodes(editor));
      return true;
    case "p":
      pin(editor, selectedNodes(editor));
      return true;
    case "f":
      frameSelection(editor);
      return true;
    case "home":
      view.canvas?.fit();
      return true;
    case "f2": {
      const entry = view.selectedEntry.get();
      const first = selectedNodes(editor)[0] ?? null;
      view.renaming.set(entry ? `${entry.dock} ${entry.name}` : first);
      return true;
    }
    default:
      return false;
  }
}

/** Whether a key was meant for the editor. */
export function takeKey(editor: Editor, event: KeyboardEvent): boolean {
  const key = event.key.toLowerCase();
  const command = event.ctrlKey || event.metaKey;
  if (key === "escape") {
    if (!stepBack(editor)) leave(editor);
    return true;
  }
  if (command && key === "enter") {
    if (!event.repeat) run(editor, null);
    return true;
  }
  if (isTextField(event.target)) return false;
  // Where nothing is selected, the notebook runs its cell.
  if (event.shiftKey && key === "enter" && !hasOwnKeys(event.target)) {
    return event.repeat || runSelected(editor);
  }
  if (command) return withCommand(editor, event, key);
  if (event.altKey || hasOwnKeys(event.target)) return false;
  return alone(editor, event, key);
}
