// What the page needs of a node type; the kernel reads it from the schema (NodeType.describe).

import { type Flow, fedPorts, type Json, splitPort, titleFromName } from "./document";
import type { PortType } from "./portType";

export interface Port {
  name: string;
  title?: string | null;
  type: PortType;
  default?: Json;
}

export interface NodeType {
  title: string;
  inputs: Port[];
  outputs: Port[];
}

export type NodeTypes = Record<string, NodeType>;

export function findType(types: NodeTypes, name: string): NodeType | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

/** Stands in for a type that is not known here: the ports that edges, values and the flow's signature tell of. */
export function placeholderType(id: string, flow: Flow): NodeType {
  const node = flow.nodes.get(id);
  const ports = (references: Iterable<string>): Port[] => {
    const own = [...references].map(splitPort).filter((reference) => reference?.node === id);
    return [...new Set(own.map((reference) => reference?.port ?? ""))].map((name) => ({ name, type: "any" }));
  };
  const set = Object.keys(node?.values ?? {}).map((name) => `${id}.${name}`);
  return {
    title: titleFromName(node?.type ?? id),
    inputs: ports([...fedPorts(flow), ...set]),
    outputs: ports([...flow.edges.map((edge) => edge.from), ...flow.outputs.map((output) => output.from)]),
  };
}
