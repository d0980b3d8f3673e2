// What the page can know of the kernel itself: whether it works on a cell, and how to interrupt it. Only some hosts let
// a widget see it.

import type { EditorModel } from "../bridge/protocol";

interface Kernel {
  status?: string;
  interrupt?: () => Promise<void>;
}

interface Context {
  sessionContext?: { session?: { kernel?: Kernel } };
  model?: { sharedModel?: Partial<Notebook> };
}

/** A cell as a notebook file has it. */
export interface Cell {
  cell_type: string;
  source: string | string[];
  metadata?: object | undefined;
}

interface Notebook {
  cells: unknown[];
  insertCells(at: number, cells: Cell[]): void;
}

const managerOf = (model: EditorModel) =>
  (model as { widget_manager?: { kernel?: Kernel; context?: Context } }).widget_manager;

export function kernelOf(model: EditorModel): Kernel | null {
  const manager = managerOf(model);
  return manager?.kernel ?? manager?.context?.sessionContext?.session?.kernel ?? null;
}

/** The notebook around, where this host lets a widget see it: JupyterLab and Notebook 7 do. */
export function notebookOf(model: EditorModel): Notebook | null {
  const notebook = managerOf(model)?.context?.model?.sharedModel;
  return notebook?.insertCells ? (notebook as Notebook) : null;
}

/** Puts cells below the one that shows an editor; false where this host does not let a widget do it. */
export function insertBelow(model: EditorModel, root: HTMLElement | null, cells: Cell[]): boolean {
  const notebook = notebookOf(model);
  const cell = root?.closest<HTMLElement>(".jp-Cell");
  // Cells that are scrolled away may not be in the page; then those that are know their numbers.
  const place = cell?.dataset.windowedListIndex ?? [...(cell?.parentElement?.children ?? [])].indexOf(cell as Element);
  notebook?.insertCells(cell ? Number(place) + 1 : notebook.cells.length, cells);
  return notebook !== null;
}

/** Interrupts the running cell; false where this host does not let a widget do it. */
export function interrupt(model: EditorModel): boolean {
  const kernel = kernelOf(model);
  if (!kernel?.interrupt) return false;
  void kernel.interrupt();
  return true;
}
