// A file that is dropped on the canvas: the kernel says what flow it carries, and a person what becomes of it.

import { LARGEST } from "../bridge/mediaLibrary";
import type { Carried } from "../bridge/protocol";
import { addInput } from "../flow/edits";
import { edit } from "./actions";
import type { Editor } from "./view";

export interface DroppedFile {
  file: File;
  /** What its bytes are, where an input can hold them. */
  medium: string | null;
  /** The flow in it. */
  carried: Carried | null;
}

const MEDIA = ["image", "audio", "video"];

export function mediumOf(file: File): string | null {
  const family = file.type.split("/")[0] ?? "";
  return MEDIA.includes(family) ? family : null;
}

function alert({ session }: Editor, words: string): void {
  session.say({ kind: "dropped", words, tone: "alert" });
}

/** Asks the kernel about a file; nothing is changed before somebody has answered. */
export async function lookInto(editor: Editor, file: File): Promise<void> {
  const { session, view } = editor;
  view.dropped.set(null);
  session.unsay("dropped");
  if (file.size > LARGEST) {
    const size = (file.size / 1e6).toFixed(0);
    return alert(editor, `${file.name} is too large to send from here (${size} MB). Write pf.Flow.load(…) in a cell.`);
  }
  const bytes = await file.arrayBuffer();
  view.lookedAt = file;
  const answer = await session.link.request({ type: "look", name: file.name }, [bytes]);
  if (view.lookedAt !== file) return; // another one was dropped meanwhile
  const medium = mediumOf(file);
  if (answer.type === "ack" && answer.carried) view.dropped.set({ file, medium, carried: answer.carried });
  else if (medium !== null) view.dropped.set({ file, medium, carried: null });
  else alert(editor, answer.type === "reject" ? answer.message : "The kernel cannot look into files.");
}

/** The flow becomes the one of the file, as one edit. */
export async function openCarried(editor: Editor, { key }: Carried): Promise<void> {
  const { session, view } = editor;
  view.dropped.set(null);
  const answer = await session.link.request({ type: "open", key });
  if (answer.type === "reject") return alert(editor, answer.message);
  session.select([]);
  session.say({ kind: "dropped", words: "Opened. Nothing has run; undo brings back what was here.", tone: "calm" });
  requestAnimationFrame(() => requestAnimationFrame(() => view.canvas?.fit()));
}

/** The picture, sound or film becomes an input of the flow, ready to be connected. */
export async function placeAsInput(editor: Editor, file: File, medium: string): Promise<void> {
  const { session, view } = editor;
  view.dropped.set(null);
  try {
    const value = await session.media.upload(file, medium);
    edit(editor, addInput(session.sync.snapshot().document, { type: medium, default: value }));
  } catch (error) {
    alert(editor, error instanceof Error ? error.message : String(error));
  }
}
