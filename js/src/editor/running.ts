// What hands do about running: what is run, what is passed over, what stays as it is.

import { setTrait } from "../bridge/traits";
import { field, isObject } from "../flow/document";
import type { Operation } from "../flow/operations";
import { edit, selectedNodes } from "./actions";
import type { Editor } from "./view";

/** Runs targets, or everything; after the run that is on, where one is. */
export function run({ session }: Editor, targets: string[] | null): void {
  session.runs.start(targets);
}

/** Runs what is selected, with what it needs; false where nothing is. */
export function runSelected(editor: Editor): boolean {
  const ids = selectedNodes(editor);
  if (ids.length > 0) run(editor, ids);
  return ids.length > 0;
}

function isSet({ session }: Editor, id: string, name: "muted" | "pinned"): boolean {
  const entry = field(session.sync.snapshot().document.nodes, id);
  const value = isObject(entry) ? field(entry, name) : undefined;
  return name === "muted" ? value === true : isObject(value);
}

/** Whether all of some nodes are so: then the same gesture takes it back. */
export function areAll(editor: Editor, ids: readonly string[], name: "muted" | "pinned"): boolean {
  return ids.length > 0 && ids.every((id) => isSet(editor, id, name));
}

/** Mutes nodes, or wakes them where all are muted. */
export function mute(editor: Editor, ids: readonly string[]): void {
  const wake = areAll(editor, ids, "muted");
  const operations = ids
    .filter((id) => isSet(editor, id, "muted") === wake)
    .map((id): Operation => ({ op: "set_node", id, fields: { muted: wake ? null : true } }));
  edit(editor, operations);
}

/** Pins nodes, or takes the pins off where all have one. The kernel knows which results they hold. */
export function pin(editor: Editor, ids: readonly string[]): void {
  const { session } = editor;
  const off = areAll(editor, ids, "pinned");
  for (const node of ids.filter((id) => isSet(editor, id, "pinned") === off)) {
    void session.link.request({ type: "pin", node, on: !off }).then((answer) => {
      if (answer.type === "reject") session.say({ kind: "pin", words: answer.message, tone: "alert" });
    });
  }
}

export function setAutoRun({ session }: Editor, on: boolean): void {
  setTrait(session.model, "options", { ...session.model.get("options"), auto_run: on });
}

/** Goes on with a candidate of a node that asks; false where the kernel did not take it. */
export function answer({ session }: Editor, node: string, pick: number): Promise<boolean> {
  return session.runs.answer(node, pick).then(
    () => true,
    (error: Error) => {
      session.say({ kind: "answer", words: error.message, tone: "alert" });
      return false;
    },
  );
}
