// Node types of the subflows that a flow holds, as pixelflow_widgets/flow/subflows.py makes them; those that run once.

import { type FlowDocument, readFlow, subflowsOf, titleFromName } from "../src/flow/document";
import { type NodeType, type NodeTypes, portAt } from "../src/flow/nodeType";

const known = new WeakMap<object, NodeTypes>();

function typeOf(name: string, document: FlowDocument, types: NodeTypes): NodeType {
  const flow = readFlow(document);
  const inputs = flow.inputs.map(({ name, title, type, default: initial, feeds }) => {
    const fed = portAt(flow, types, feeds[0] ?? "", "input");
    const given = initial === null ? {} : { default: initial };
    const { default: _, ...port } = fed ?? { name, type };
    return { ...port, ...given, name, title, type, required: initial === null && fed?.required === true };
  });
  const outputs = flow.outputs.map(({ name, title, from }) => {
    return { name, title: title ?? titleFromName(name), type: portAt(flow, types, from, "output")?.type ?? "any" };
  });
  const title = typeof document.title === "string" ? document.title : titleFromName(name);
  return { name: `flow/${name}`, title, family: "Subflows", body: { kind: "flow", name }, inputs, outputs };
}

/** The types with those of a document's subflows; the same object while neither changes. */
export function withSubflows(types: NodeTypes, document: FlowDocument): NodeTypes {
  const held = document.subflows;
  if (typeof held !== "object" || held === null) return types;
  const before = known.get(held);
  if (before) return before;
  const made = [...subflowsOf(document)].map(([name, entry]) => {
    const body = entry.document as FlowDocument;
    return [`flow/${name}`, typeOf(name, body, withSubflows(types, body))] as const;
  });
  const all = { ...types, ...Object.fromEntries(made) };
  known.set(held, all);
  return all;
}
