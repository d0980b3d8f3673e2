// What one flow has otherwise than another, in words: at the size at which both are seen whole, nobody can read their cards.

import {
  type Flow,
  type FlowDocument,
  field,
  isObject,
  type Json,
  type JsonObject,
  readFlow,
  splitPort,
  titleFromName,
} from "../flow/document";
import { findType, type NodeTypes, portAt, type Side } from "../flow/nodeType";
import { formatValue } from "../nodes/values";

const LONGEST = 36;

function short(value: Json): string {
  const words = formatValue(value).replace(/\s+/g, " ");
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = field(object, name);
  return isObject(value) ? value : {};
}

/** How a node is called, by its user or by its type. */
export function titleOf(id: string, flow: Flow, types: NodeTypes): string {
  const node = flow.nodes.get(id);
  return node?.title || findType(types, node?.type ?? "")?.title || titleFromName(node?.type ?? id);
}

const titleOfEntry = ({ name, title }: { name: string; title?: string | null }): string => title || titleFromName(name);

/** The values of a node that are others there: `Steps 24`. */
function valuesOf(entry: JsonObject, other: JsonObject, types: NodeTypes): string[] {
  const type = findType(types, String(field(entry, "type")));
  const [here, there] = [objectAt(entry, "values"), objectAt(other, "values")];
  return [...new Set([...Object.keys(here), ...Object.keys(there)])].flatMap((name) => {
    const value = field(here, name) ?? null;
    if (same(value, field(there, name) ?? null)) return [];
    const port = type?.inputs.find((each) => each.name === name);
    return [`${titleOfEntry({ ...port, name })} ${short(value ?? port?.default ?? null)}`];
  });
}

function nodesOf(document: FlowDocument, beside: FlowDocument, flow: Flow, types: NodeTypes): string[] {
  const added: string[] = [];
  const changed: string[] = [];
  for (const id of flow.nodes.keys()) {
    const [entry, there] = [objectAt(document.nodes, id), objectAt(beside.nodes, id)];
    const title = titleOf(id, flow, types);
    if (field(entry, "type") !== field(there, "type")) added.push(title);
    else if (!same(entry, there)) {
      changed.push(`${title}: ${valuesOf(entry, there, types).join(", ") || "another title"}`);
    }
  }
  return added.length > 0 ? [`Only here: ${added.join(", ")}`, ...changed] : changed;
}

/** Edges between nodes that both flows have; those of a new node come with it. */
function edgesOf(flow: Flow, other: Flow, types: NodeTypes): string[] {
  const end = (reference: string, side: Side) => {
    const { node = "", port = "" } = splitPort(reference) ?? {};
    return `${titleOf(node, flow, types)} (${titleOfEntry({ ...portAt(flow, types, reference, side), name: port })})`;
  };
  const isKnown = (reference: string) => other.nodes.has(splitPort(reference)?.node ?? "");
  return flow.edges
    .filter(({ from, to }) => isKnown(from) && isKnown(to))
    .filter(({ from, to }) => !other.edges.some((edge) => edge.from === from && edge.to === to))
    .map(({ from, to }) => `Only here: ${end(from, "output")} → ${end(to, "input")}`);
}

function signatureOf(flow: Flow, other: Flow): string[] {
  const inputs = flow.inputs.flatMap((input) => {
    const there = other.inputs.find((each) => each.name === input.name);
    if (!there) return [`Only here: the input ${titleOfEntry(input)}`];
    return same(input.default, there.default) ? [] : [`${titleOfEntry(input)}: ${short(input.default)}`];
  });
  const outputs = flow.outputs
    .filter((output) => !other.outputs.some((each) => each.name === output.name && each.from === output.from))
    .map((output) => `Only here: the output ${titleOfEntry(output)}`);
  return [...inputs, ...outputs];
}

/** What stands in a flow and not, or not so, in the one beside it, a line each. */
export function differencesOf(document: FlowDocument, beside: FlowDocument, types: NodeTypes): string[] {
  const [flow, other] = [readFlow(document), readFlow(beside)];
  return [...nodesOf(document, beside, flow, types), ...edgesOf(flow, other, types), ...signatureOf(flow, other)];
}
