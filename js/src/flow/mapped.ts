import { nodeDepths } from "./depths";
import { type Flow, splitPort } from "./document";
import { findPort, type NodeTypes, portAt, typeAt } from "./nodeType";
import { isList } from "./portType";

/** The nodes that run for each item of a list, so that what they give is a list. */
export function mappedNodes(flow: Flow, types: NodeTypes): Set<string> {
  const mapped = new Set<string>();
  const note = (port: string) => {
    const target = portAt(flow, types, port, "input");
    if (target && !isList(target.type)) mapped.add(splitPort(port)?.node ?? "");
  };
  for (const { type, feeds } of flow.inputs) if (isList(type)) feeds.forEach(note);
  const depths = nodeDepths(flow);
  const depthOf = (from: string) => depths.get(splitPort(from)?.node ?? "") ?? 0;
  for (const { from, to } of flow.edges.toSorted((one, other) => depthOf(one.from) - depthOf(other.from))) {
    const { node = "", port = "" } = splitPort(from) ?? {};
    const given = findPort(typeAt(flow, types, from), "output", port);
    if (mapped.has(node) || (given && isList(given.type))) note(to);
  }
  return mapped;
}
