// Subflows by hand: made of what is selected, taken apart, looked into.

import { type FlowDocument, splitType, subflowsOf } from "../flow/document";
import { moveNodes } from "../flow/edits";
import { makeSubflow } from "../flow/makeSubflow";
import { applyAll, type Operation, OperationRejected } from "../flow/operations";
import { unpackSubflow } from "../flow/unpackSubflow";
import { edit, unplaced } from "./actions";
import type { Editor } from "./view";

const documentOf = ({ session }: Editor): FlowDocument => session.sync.snapshot().document;
const typesOf = ({ session }: Editor) => session.model.get("types") ?? {};

/** Where every node stands has to be known: what comes in its place stands there. */
function inPlace(editor: Editor, change: (document: FlowDocument) => { ids: string[]; operations: Operation[] }): void {
  try {
    const placing = moveNodes(unplaced(editor));
    const [placed] = applyAll(documentOf(editor), placing);
    const { ids, operations } = change(placed);
    if (edit(editor, [...placing, ...operations])) editor.session.select(ids);
  } catch (error) {
    if (!(error instanceof OperationRejected)) throw error;
    editor.session.say({ kind: "rejected", words: error.message, tone: "alert" });
  }
}

/** Makes one node of several, which it runs. */
export function makeOne(editor: Editor, ids: readonly string[]): void {
  inPlace(editor, (document) => {
    const { id, operations } = makeSubflow(document, typesOf(editor), ids);
    return { ids: [id], operations };
  });
}

/** Puts the nodes of a subflow in the place of the node that runs it. */
export function unpack(editor: Editor, id: string): void {
  inPlace(editor, (document) => unpackSubflow(document, typesOf(editor), id));
}

/** How a node runs which subflow, or null where it runs none. */
export function subflowOf(document: FlowDocument, type: string | undefined) {
  const parts = splitType(type ?? "");
  const entry = parts ? subflowsOf(document).get(parts.subflow) : undefined;
  return parts && entry ? { kind: parts.kind, document: entry.document as FlowDocument } : null;
}
