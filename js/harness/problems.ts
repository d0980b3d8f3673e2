// What is wrong with a flow, as far as the page's fake kernel looks: inputs that need a value, types that are not there.

import type { Problem } from "../src/bridge/protocol";
import { type FlowDocument, fedPorts, field, readFlow } from "../src/flow/document";
import { findType, type NodeTypes } from "../src/flow/nodeType";

export function findProblems(document: FlowDocument, types: NodeTypes): Problem[] {
  const flow = readFlow(document);
  const fed = fedPorts(flow);
  return [...flow.nodes].flatMap(([id, node]): Problem[] => {
    const type = findType(types, node.type);
    if (!type) {
      const message = `'${node.title ?? id}' is of type '${node.type}', which is not known here.`;
      return [{ node: id, port: null, message, remedy: "Install the package or run the cell that defines it." }];
    }
    const missing = type.inputs.filter(
      ({ name, required }) => required && !fed.has(`${id}.${name}`) && field(node.values, name) === undefined,
    );
    return missing.map(({ name }) => ({
      node: id,
      port: name,
      message: `'${node.title ?? type.title}' needs a value: its input '${name}' has no value and no edge.`,
      remedy: "Set it or connect something to it.",
    }));
  });
}
