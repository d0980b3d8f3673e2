// The flow document as plain JSON, and tolerant reading of it; pixelflow_widgets/flow/document.py is the other half.
//
// A document is never changed in place: an operation makes a new one that shares what did not change. Fields that this
// version does not know stay where they are; entries that cannot be read are passed over here, and written back as they
// came.

import { isPortType, type PortType } from "./portType";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** A whole document: what operations take and give. */
export type FlowDocument = JsonObject & {
  name: string;
  nodes: JsonObject;
  edges: Json[];
  inputs: Json[];
  outputs: Json[];
};

/** How a node, input or output may be called: it becomes a Python name in exported code. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

export interface FlowNode {
  type: string;
  title: string | null;
  values: JsonObject;
}

export interface Edge {
  from: string;
  to: string;
}

export interface FlowInput {
  name: string;
  type: PortType;
  title: string | null;
  default: Json;
  feeds: string[];
  limits: JsonObject;
  /** The only values that there are, where the flow names them. */
  choices: string[] | null;
  /** The variable of the notebook that it reads. */
  variable: string | null;
}

export interface FlowOutput {
  name: string;
  title: string | null;
  from: string;
  /** The variable of the notebook that it becomes. */
  variable: string | null;
}

/** What of a document can be read. Maps, because a node may be called `constructor`. */
export interface Flow {
  name: string;
  nodes: Map<string, FlowNode>;
  edges: Edge[];
  inputs: FlowInput[];
  outputs: FlowOutput[];
  positions: Map<string, [number, number]>;
}

export interface PortReference {
  node: string;
  port: string;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The field of an object itself; never what JavaScript gives to every object. */
export function field(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Splits `n1.options.strength` into node `n1` and port `options.strength`: a node's id holds no dot, a port's name may. */
export function splitPort(text: Json | undefined): PortReference | null {
  if (typeof text !== "string") return null;
  const dot = text.indexOf(".");
  return dot > 0 && dot < text.length - 1 ? { node: text.slice(0, dot), port: text.slice(dot + 1) } : null;
}

/** Whether a node, input or output may be called so. */
export function isName(text: Json | undefined): text is string {
  return typeof text === "string" && NAME.test(text);
}

/** Whether edits can go on from it: every section is there, in its shape. */
export function isDocument(thing: Json | undefined): thing is FlowDocument {
  if (!isObject(thing) || field(thing, "format") !== "pixelflow" || typeof field(thing, "name") !== "string") {
    return false;
  }
  const { layout = {}, subflows = {} } = thing;
  return (
    isObject(field(thing, "nodes")) &&
    ["edges", "inputs", "outputs"].every((section) => Array.isArray(field(thing, section))) &&
    isObject(layout) &&
    isObject(Object.hasOwn(layout, "positions") ? layout.positions : {}) &&
    isObject(subflows)
  );
}

/** The subflows that a flow holds, by name; what cannot be read is passed over. */
export function subflowsOf(document: JsonObject): Map<string, JsonObject> {
  const held = field(document, "subflows");
  const entries = Object.entries(isObject(held) ? held : {});
  const readable = entries.filter(([name, entry]) => isName(name) && isObject(entry) && isDocument(entry.document));
  return new Map(readable as [string, JsonObject][]);
}

const KINDS = ["flow", "repeat", "while_", "for_each", "grid"];

/** `repeat/poster` → kind `repeat` and subflow `poster`; null for a type that no subflow is. */
export function splitType(type: string): { kind: string; subflow: string } | null {
  const slash = type.indexOf("/");
  const kind = type.slice(0, Math.max(slash, 0));
  return KINDS.includes(kind) ? { kind, subflow: type.slice(slash + 1) } : null;
}

/** The names of the subflows that some nodes run, each once. */
export function usedSubflows(nodes: Iterable<JsonObject>): string[] {
  const used = [...nodes].flatMap(({ type }) => splitType(typeof type === "string" ? type : "")?.subflow ?? []);
  return [...new Set(used)];
}

export function isNode(entry: Json | undefined): entry is JsonObject {
  if (!isObject(entry)) return false;
  const { type, title = null, values = {} } = entry;
  return typeof type === "string" && isObject(values) && (title === null || typeof title === "string");
}

/** Whether an entry of the flow's inputs can be read. */
export function isInput(entry: Json | undefined): entry is JsonObject {
  if (!isObject(entry)) return false;
  const { name, type, limits = {}, feeds = [] } = entry;
  const typed = typeof type === "string" || isObject(type);
  return typeof name === "string" && typed && isObject(limits) && Array.isArray(feeds);
}

function readText(entry: JsonObject, name: string): string | null {
  const text = field(entry, name);
  return typeof text === "string" && text !== "" ? text : null;
}

const readTitle = (entry: JsonObject): string | null => readText(entry, "title");

/** The variables of the notebook that a node reads, by port. */
export function bindingsOf(entry: Json | undefined): JsonObject {
  const bindings = isObject(entry) ? field(entry, "bindings") : undefined;
  return isObject(bindings) ? bindings : {};
}

/** Reads a part of a document once; a part that did not change gives the very object that it gave before. */
function once<Part extends object, Read>(read: (part: Part) => Read): (part: Part) => Read {
  const known = new WeakMap<Part, { read: Read }>();
  return (part) => {
    const found = known.get(part) ?? { read: read(part) };
    known.set(part, found);
    return found.read;
  };
}

const readNode = once((entry: JsonObject): FlowNode | null => {
  if (!isNode(entry)) return null;
  const values = field(entry, "values");
  return { type: entry.type as string, title: readTitle(entry), values: isObject(values) ? values : {} };
});

const readNodes = once((nodes: JsonObject): Map<string, FlowNode> => {
  const readable = Object.entries(nodes).flatMap(([id, entry]): [string, FlowNode][] => {
    const node = isObject(entry) && isName(id) ? readNode(entry) : null;
    return node ? [[id, node]] : [];
  });
  return new Map(readable);
});

const readEdge = once((entry: JsonObject): Edge[] => {
  const { from, to } = entry;
  return splitPort(from) && splitPort(to) ? [{ from: from as string, to: to as string }] : [];
});

const readEdges = once((edges: Json[]): Edge[] => edges.flatMap((entry) => (isObject(entry) ? readEdge(entry) : [])));

const readInput = once((entry: JsonObject): FlowInput[] => {
  if (!isInput(entry)) return [];
  const feeds = Array.isArray(entry.feeds) ? entry.feeds : [];
  const ports = feeds.filter((port): port is string => splitPort(port) !== null);
  const type = isPortType(entry.type) ? entry.type : "any";
  const name = entry.name as string;
  const { title, variable } = { title: readTitle(entry), variable: readText(entry, "variable") };
  const { limits, choices } = entry;
  const told = {
    limits: isObject(limits) ? limits : {},
    choices: Array.isArray(choices) && choices.length > 0 ? choices.map(String) : null,
  };
  return [{ name, type, title, default: entry.default ?? null, feeds: ports, ...told, variable }];
});

const readInputs = once((inputs: Json[]): FlowInput[] =>
  inputs.flatMap((entry) => (isObject(entry) ? readInput(entry) : [])),
);

const readOutput = once((entry: JsonObject): FlowOutput[] => {
  if (typeof entry.name !== "string" || !splitPort(entry.from)) return [];
  const variable = readText(entry, "variable");
  return [{ name: entry.name, title: readTitle(entry), from: entry.from as string, variable }];
});

const readOutputs = once((outputs: Json[]): FlowOutput[] =>
  outputs.flatMap((entry) => (isObject(entry) ? readOutput(entry) : [])),
);

const readPlaces = once((positions: JsonObject): Map<string, [number, number]> => {
  const isCoordinate = (value: Json | undefined) => typeof value === "number" && Math.abs(value) < 1e7;
  const readable = Object.entries(positions).filter(
    ([, place]) => Array.isArray(place) && place.length === 2 && place.every(isCoordinate),
  );
  return new Map(readable as [string, [number, number]][]);
});

const NOWHERE: JsonObject = {};

/** What can be read of a document, in objects that stay the same as long as what they tell of does. */
export function readFlow(document: FlowDocument): Flow {
  const layout = field(document, "layout");
  const positions = isObject(layout) ? field(layout, "positions") : undefined;
  return {
    name: document.name,
    nodes: readNodes(document.nodes),
    edges: readEdges(document.edges),
    inputs: readInputs(document.inputs),
    outputs: readOutputs(document.outputs),
    positions: readPlaces(isObject(positions) ? positions : NOWHERE),
  };
}

/** Every input port that an edge or an input of the flow feeds, as references. */
export function fedPorts(flow: Flow): Set<string> {
  return new Set([...flow.edges.map((edge) => edge.to), ...flow.inputs.flatMap((input) => input.feeds)]);
}

/** `text_to_image` → `Text to image`, for whatever carries no title of its own. */
export function titleFromName(name: string): string {
  const words = name.split(/[._]+/).filter(Boolean).join(" ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
