// Which results still stand, and why one does not: as pixelflow_widgets/run/keys.py and why.py, in small.

import { titleOf } from "../src/editor/differences";
import { nodeDepths } from "../src/flow/depths";
import { type Flow, type FlowDocument, field, isObject, type Json, readFlow, splitPort } from "../src/flow/document";
import { findType, type NodeTypes } from "../src/flow/nodeType";
import { formatValue } from "../src/nodes/values";

export function isMuted(document: FlowDocument, id: string): boolean {
  const entry = field(document.nodes, id);
  return isObject(entry) && field(entry, "muted") === true;
}

/** Ids of nodes, each after what feeds it. */
export function inOrder(flow: Flow): string[] {
  const depths = nodeDepths(flow);
  return [...flow.nodes.keys()].sort((one, other) => (depths.get(one) ?? 0) - (depths.get(other) ?? 0));
}

/** What a node's own settings are: type, values, edges, and what the flow's inputs give it. */
export function settingsOf(flow: Flow, id: string): string {
  const node = flow.nodes.get(id);
  const edges = flow.edges.filter(({ to }) => splitPort(to)?.node === id);
  const fed = flow.inputs.filter(({ feeds }) => feeds.some((port) => splitPort(port)?.node === id));
  return hash(JSON.stringify([node?.type, node?.values, edges, fed.map(({ name, default: value }) => [name, value])]));
}

/** Whether a node's pin is there and its settings are those that it was set for. */
export function pinHolds(document: FlowDocument, flow: Flow, id: string): boolean {
  const entry = field(document.nodes, id);
  const pin = isObject(entry) ? field(entry, "pinned") : undefined;
  return isObject(pin) && pin.of === settingsOf(flow, id);
}

function pinnedKey(document: FlowDocument, id: string): string {
  const { pinned } = document.nodes[id] as { pinned: { key: string } };
  return pinned.key;
}

/** One digest for each node, chained from what feeds it. */
export function digestsOf(document: FlowDocument): Map<string, string> {
  const flow = readFlow(document);
  const digests = new Map<string, string>();
  for (const id of inOrder(flow)) {
    const before = flow.edges
      .filter(({ to }) => splitPort(to)?.node === id)
      .map(({ from }) => digests.get(splitPort(from)?.node ?? "") ?? "");
    const own = [settingsOf(flow, id), isMuted(document, id), ...before];
    digests.set(id, pinHolds(document, flow, id) ? pinnedKey(document, id) : hash(own.join()));
  }
  return digests;
}

/** What made a node stale since a document was run, or "". */
export function whyStale(before: FlowDocument, now: FlowDocument, id: string, types: NodeTypes): string {
  const [then, flow] = [readFlow(before), readFlow(now)];
  const seen = new Set([id]);
  // The set grows while it is walked: the node itself first, then what feeds it.
  for (const each of seen) {
    const words = changeOf(then, flow, each, types) || muteChange(before, now, each, flow, types);
    if (words) return words;
    for (const { from, to } of flow.edges) {
      const source = splitPort(from)?.node;
      if (source && splitPort(to)?.node === each) seen.add(source);
    }
  }
  return "";
}

function muteChange(before: FlowDocument, now: FlowDocument, id: string, flow: Flow, types: NodeTypes): string {
  if (isMuted(before, id) === isMuted(now, id)) return "";
  return `${titleOf(id, flow, types)} is ${isMuted(now, id) ? "muted" : "not muted any more"}.`;
}

function changeOf(then: Flow, now: Flow, id: string, types: NodeTypes): string {
  const [before, after] = [then.nodes.get(id), now.nodes.get(id)];
  const title = titleOf(id, now, types);
  if (!before || !after) return "";
  const type = findType(types, after.type);
  for (const name of new Set([...Object.keys(before.values), ...Object.keys(after.values)])) {
    const initial = type?.inputs.find((port) => port.name === name)?.default ?? null;
    const [was, is] = [before.values[name] ?? initial, after.values[name] ?? initial];
    if (JSON.stringify(was) !== JSON.stringify(is)) return `${name} went from ${say(was)} to ${say(is)} on ${title}.`;
  }
  const edges = (flow: Flow) => JSON.stringify(flow.edges.filter(({ to }) => splitPort(to)?.node === id));
  if (edges(then) !== edges(now)) return `What is connected to ${title} has changed.`;
  return settingsOf(then, id) === settingsOf(now, id) ? "" : `An input of the flow that feeds ${title} has changed.`;
}

const say = (value: Json): string => (typeof value === "string" ? `“${value}”` : formatValue(value));

/** Short, and other for another text: enough to look at. */
function hash(text: string): string {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let at = 0; at < text.length; at += 1) {
    one = Math.imul(one ^ text.charCodeAt(at), 2654435761);
    other = Math.imul(other ^ text.charCodeAt(at), 1597334677);
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36);
}
