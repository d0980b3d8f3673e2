// The way in from an empty flow: what was typed becomes a picture, in three clicks.

import { type FlowDocument, readFlow } from "../flow/document";
import { addInput, addNode, addOutput, connectPorts } from "../flow/edits";
import { findType, type NodeTypes } from "../flow/nodeType";
import { applyAll, type Operation } from "../flow/operations";

/** Prompt → Text to image → output, as one edit. */
export function firstTemplate(document: FlowDocument, types: NodeTypes): { ids: string[]; operations: Operation[] } {
  const operations: Operation[] = [];
  let current = document;
  const take = (more: Operation[]) => {
    [current] = applyAll(current, more);
    operations.push(...more);
  };
  const painter = addNode(current, types, "text_to_image", [340, 0]);
  take(painter.operations);
  const prompt = `${painter.id}.prompt`;
  if (findType(types, "prompt")) {
    const written = addNode(current, types, "prompt", [0, 0], { text: "a red circle on a blue background" });
    take(written.operations);
    take(connectPorts(readFlow(current), types, `${written.id}.text`, prompt));
  } else {
    take(addInput(current, { name: "prompt", type: "text", feeds: [prompt] }));
  }
  take(addOutput(current, `${painter.id}.image`));
  return { ids: [painter.id], operations };
}
