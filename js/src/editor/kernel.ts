// What the page can know of the kernel itself: whether it works on a cell, and how to interrupt it. Only some hosts let
// a widget see it.

import type { EditorModel } from "../bridge/protocol";

interface Kernel {
  status?: string;
  interrupt?: () => Promise<void>;
}

export function kernelOf(model: EditorModel): Kernel | null {
  const manager = (model as { widget_manager?: { kernel?: Kernel; _kernel?: Kernel; context?: unknown } })
    .widget_manager;
  const session = (manager?.context as { sessionContext?: { session?: { kernel?: Kernel } } })?.sessionContext?.session;
  return manager?.kernel ?? session?.kernel ?? null;
}

/** Interrupts the running cell; false where this host does not let a widget do it. */
export function interrupt(model: EditorModel): boolean {
  const kernel = kernelOf(model);
  if (!kernel?.interrupt) return false;
  void kernel.interrupt();
  return true;
}
