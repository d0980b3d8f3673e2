// A prompt as it stands in a flow: its port, its text, what it is called.

import type { PromptPlace } from "../bridge/prompts";
import { type Flow, field, type Json, titleFromName } from "../flow/document";
import { findPort, findType, type NodeTypes, type Port, portAt } from "../flow/nodeType";

export interface Written {
  port: Port;
  value: Json;
  /** Nobody set it. */
  preset: boolean;
  title: string;
  /** The node that it belongs to. */
  of: string;
}

/** Null where it is no more, or where something else gives it. */
export function writtenAt(flow: Flow, types: NodeTypes, place: PromptPlace): Written | null {
  if ("input" in place) {
    const entry = flow.inputs.find(({ name }) => name === place.input);
    if (!entry) return null;
    const fed = entry.feeds.map((to) => portAt(flow, types, to, "input"));
    const port = fed.find((each) => each?.control?.kind === "prompt") ?? { name: entry.name, type: entry.type };
    const { default: _, ...bare } = port;
    const title = entry.title ?? titleFromName(entry.name);
    return { port: bare, value: entry.default ?? "", preset: entry.default === null, title, of: "Input of the flow" };
  }
  const node = flow.nodes.get(place.node);
  const type = findType(types, node?.type ?? "");
  const port = findPort(type, "input", place.port);
  const reference = `${place.node}.${place.port}`;
  const given =
    flow.edges.some(({ to }) => to === reference) || flow.inputs.some(({ feeds }) => feeds.includes(reference));
  if (!node || !port || given) return null;
  const set = field(node.values, place.port);
  const title = port.title || titleFromName(port.name);
  return {
    port,
    value: set ?? port.default ?? "",
    preset: set === undefined,
    title,
    of: node.title ?? type?.title ?? "",
  };
}
