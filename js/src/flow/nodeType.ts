// What the page needs of a node type; the kernel reads it from the schema (NodeType.describe).

import { type Flow, fedPorts, type Json, type JsonObject, splitPort, titleFromName } from "./document";
import type { PortType } from "./portType";

/** The form element of a port's value: `{kind: "slider", min: 0, max: 20, step: 0.1}`; see controls.py. */
export type ControlDescription = JsonObject & { kind: string };

export interface Port {
  name: string;
  title?: string | null;
  type: PortType;
  help?: string;
  /** Absent: the type's own, or a port only. */
  control?: ControlDescription;
  /** Absent where there is none, or where the kernel's default is no plain value. */
  default?: Json;
  required?: boolean;
  /** It takes null. */
  optional?: boolean;
  /** Shown under *Advanced*. */
  advanced?: boolean;
  /** Base models that have it; absent is all. */
  families?: string[];
}

export interface NodeType {
  name?: string;
  title: string;
  help?: string;
  version?: number;
  /** The palette's shelf. */
  family?: string;
  pure?: boolean;
  where?: string;
  /** The subflow that it runs, and how: `flow` once, the others again and again. */
  body?: { kind: string; name: string };
  inputs: Port[];
  outputs: Port[];
}

export type NodeTypes = Record<string, NodeType>;

export type Side = "input" | "output";

export function findType(types: NodeTypes, name: string): NodeType | undefined {
  return Object.hasOwn(types, name) ? types[name] : undefined;
}

/** A port of a node type by its name. */
export function findPort(type: NodeType | undefined, side: Side, name: string): Port | undefined {
  return (side === "input" ? type?.inputs : type?.outputs)?.find((port) => port.name === name);
}

/** The type of the node that a reference (`n1.image`) names, where both are known. */
export function typeAt(flow: Flow, types: NodeTypes, reference: string): NodeType | undefined {
  return findType(types, flow.nodes.get(splitPort(reference)?.node ?? "")?.type ?? "");
}

/** The port that a reference names, where it is known. */
export function portAt(flow: Flow, types: NodeTypes, reference: string, side: Side): Port | undefined {
  return findPort(typeAt(flow, types, reference), side, splitPort(reference)?.port ?? "");
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
