// Named operations on a document, each a pure apply → [document, inverse]: the same as in
// pixelflow_widgets/flow/operations.py, held to it by tests/vectors/operations.json, which both sides read. An operation
// checks the shape of the document only; whether types fit and whether a cycle would close is the kernel's to say.

import { beginEdit, copyOf, put, without } from "./copies";
import {
  type FlowDocument,
  field,
  isDocument,
  isInput,
  isName,
  isNode,
  isObject,
  type Json,
  type JsonObject,
  splitPort,
} from "./document";

export type Operation = JsonObject & { op: string };
type Applied = [FlowDocument, Operation];
type Handler = (document: FlowDocument, operation: Operation) => Applied;
type Section = "inputs" | "outputs";

/** Says which rule an edit breaks; the document is unchanged. */
export class OperationRejected extends Error {
  override name = "OperationRejected";
}

/** Stands in an operation for a value that is null in the document: null itself takes a field away. */
export const NONE: JsonObject = { $none: true };
const NODE_FIELDS = "title type type_version pinned muted limit collapsed size note source bindings".split(" ");
const ENTRY_FIELDS = "title help default limits type affects_cost choices from control variable".split(" ");
const FLOW_FIELDS = ["name", "title", "description", "sources"];

/**
 * The document after an operation, and the operation that takes it back.
 *
 * @throws OperationRejected where the operation does not fit this document.
 */
export function apply(document: FlowDocument, operation: Operation): Applied {
  beginEdit();
  return handlerOf(operation)(document, operation);
}

function handlerOf({ op }: Operation): Handler {
  const handler = OPERATIONS.get(op);
  if (!handler) throw new OperationRejected(`There is no operation '${op}'.`);
  return handler;
}

/**
 * Applies operations in order, all or none; the inverses come in the order that takes them back.
 *
 * @throws OperationRejected where one of them does not fit.
 */
export function applyAll(document: FlowDocument, operations: Iterable<Operation>): [FlowDocument, Operation[]] {
  const inverses: Operation[] = [];
  let current = document;
  beginEdit();
  for (const operation of operations) {
    const [after, inverse] = handlerOf(operation)(current, operation);
    current = after;
    inverses.push(inverse);
  }
  return [current, inverses.reverse()];
}

function wanted(operation: Operation, name: string): Json {
  const value = field(operation, name);
  if (value === undefined) throw new OperationRejected(`The operation '${operation.op}' wants a field '${name}'.`);
  return value;
}

function nodeOf(document: FlowDocument, id: Json): JsonObject {
  const entry = isName(id) ? field(document.nodes, id) : undefined;
  if (!isNode(entry)) throw new OperationRejected(`There is no node '${id}'.`);
  return entry;
}

function portOf(text: Json): string {
  if (!splitPort(text)) throw new OperationRejected(`'${text}' is not a port. Write 'node.port'.`);
  return text as string;
}

/** A port of a node that is there. */
function placedPort(document: FlowDocument, text: Json): string {
  const port = portOf(text);
  nodeOf(document, splitPort(port)?.node ?? "");
  return port;
}

function isNone(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 1 && field(value, "$none") === true;
}

/** The fields after changes, and the changes that take them back. */
function change(fields: JsonObject, changes: Json, allowed: string[] | null): [JsonObject, JsonObject] {
  if (!isObject(changes)) throw new OperationRejected("Changes come as an object of field names and values.");
  const after = copyOf(fields);
  const back: JsonObject = {};
  for (const [name, value] of Object.entries(changes)) {
    if (allowed && !allowed.includes(name)) throw new OperationRejected(`A field '${name}' cannot be set.`);
    const before = field(after, name);
    put(back, name, before === null ? NONE : (before ?? null));
    delete after[name];
    if (value !== null) put(after, name, isNone(value) ? null : value);
  }
  return [after, back];
}

function inserted(entries: Json[], index: Json | undefined, entry: Json): Json[] {
  const fits = Number.isInteger(index) && (index as number) >= 0 && (index as number) < entries.length;
  return entries.toSpliced(fits ? (index as number) : entries.length, 0, entry);
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function positionsOf(document: FlowDocument): JsonObject {
  const layout = field(document, "layout");
  const positions = isObject(layout) ? field(layout, "positions") : undefined;
  return isObject(positions) ? positions : {};
}

function withPositions(document: FlowDocument, positions: JsonObject): FlowDocument {
  const layout = field(document, "layout");
  return { ...document, layout: { ...(isObject(layout) ? layout : {}), positions } };
}

const withNode = (document: FlowDocument, id: string, entry: JsonObject): FlowDocument => ({
  ...document,
  nodes: put(copyOf(document.nodes), id, entry),
});

const addNode: Handler = (document, operation) => {
  const id = wanted(operation, "id");
  const entry = wanted(operation, "node");
  if (!isName(id)) {
    throw new OperationRejected(
      `'${String(id).slice(0, 80)}' cannot name a node. Use letters, digits and _, at most 64.`,
    );
  }
  if (Object.hasOwn(document.nodes, id)) throw new OperationRejected(`There is a node '${id}' already.`);
  if (!isNode(entry)) throw new OperationRejected("A node wants a type, and values as an object.");
  const after = withNode(document, id, { values: {}, ...entry });
  const position = field(operation, "position") ?? null;
  // A file may hold a position of a node that it does not hold: the inverse puts that back.
  const held = field(positionsOf(document), id);
  const before = held === null ? NONE : (held ?? null);
  const inverse: Operation = { op: "remove_node", id, ...(before === null ? {} : { position: before }) };
  if (position === null) return [after, inverse];
  return [withPositions(after, change(positionsOf(document), { [id]: position }, null)[0]), inverse];
};

function isOn(port: Json | undefined, node: string): boolean {
  return splitPort(port)?.node === node;
}

const isNamed = (entry: Json): entry is JsonObject => isObject(entry) && isName(field(entry, "name"));

/** Whether an edge, a feed or an output holds a node. */
function isHeld(document: FlowDocument, id: string): boolean {
  const joins = ({ from, to }: JsonObject) => splitPort(from) && splitPort(to) && (isOn(from, id) || isOn(to, id));
  return (
    document.edges.some((edge) => isObject(edge) && joins(edge)) ||
    document.inputs.some((entry) => isNamed(entry) && listOf(entry.feeds).some((port) => isOn(port, id))) ||
    document.outputs.some((entry) => isNamed(entry) && isOn(entry.from, id))
  );
}

const removeNode: Handler = (document, operation) => {
  const id = wanted(operation, "id");
  const node = nodeOf(document, id);
  const key = id as string;
  if (isHeld(document, key)) {
    throw new OperationRejected(`'${key}' is still connected. Take its edges, feeds and outputs away first.`);
  }
  const after = { ...document, nodes: without(document.nodes, key) };
  const position = field(operation, "position") ?? null;
  const [positions, back] = change(positionsOf(document), { [key]: position }, null);
  const place = field(back, key) ?? null;
  const moved = position !== null || place !== null;
  const inverse: Operation = { op: "add_node", id: key, node, ...(place === null ? {} : { position: place }) };
  return [moved ? withPositions(after, positions) : after, inverse];
};

const setValues: Handler = (document, operation) => {
  const id = wanted(operation, "id");
  const entry = nodeOf(document, id);
  const before = field(entry, "values");
  const [values, back] = change(isObject(before) ? before : {}, wanted(operation, "values"), null);
  return [withNode(document, id as string, { ...entry, values }), { op: "set_values", id, values: back }];
};

const setNode: Handler = (document, operation) => {
  const id = wanted(operation, "id");
  const [entry, back] = change(nodeOf(document, id), wanted(operation, "fields"), NODE_FIELDS);
  if (!isNode(entry)) throw new OperationRejected("A node keeps a type, and its title is text.");
  return [withNode(document, id as string, entry), { op: "set_node", id, fields: back }];
};

const moveNodes: Handler = (document, operation) => {
  const [positions, back] = change(positionsOf(document), wanted(operation, "positions"), null);
  for (const id of Object.keys(back)) nodeOf(document, id);
  return [withPositions(document, positions), { op: "move_nodes", positions: back }];
};

function findEdge(document: FlowDocument, from: Json, to: Json): number {
  return document.edges.findIndex((edge) => isObject(edge) && edge.from === from && edge.to === to);
}

const connect: Handler = (document, operation) => {
  const from = placedPort(document, wanted(operation, "from"));
  const to = placedPort(document, wanted(operation, "to"));
  if (findEdge(document, from, to) >= 0) throw new OperationRejected(`${from} is connected to ${to} already.`);
  const extra = field(operation, "fields");
  const edge = { ...(isObject(extra) ? extra : {}), from, to };
  const edges = inserted(document.edges, field(operation, "index"), edge);
  return [
    { ...document, edges },
    { op: "disconnect", from, to },
  ];
};

const disconnect: Handler = (document, operation) => {
  const from = portOf(wanted(operation, "from"));
  const to = portOf(wanted(operation, "to"));
  const index = findEdge(document, from, to);
  if (index < 0) throw new OperationRejected(`${from} is not connected to ${to}.`);
  const fields = without(without(document.edges[index] as JsonObject, "from"), "to");
  const inverse: Operation = { op: "connect", from, to, index };
  const after = { ...document, edges: document.edges.toSpliced(index, 1) };
  return [after, Object.keys(fields).length > 0 ? { ...inverse, fields } : inverse];
};

const wordOf = (section: Section) => (section === "inputs" ? "input" : "output");

function findNamed(entries: Json[], name: Json | undefined): number {
  return entries.findIndex((entry) => isObject(entry) && field(entry, "name") === name);
}

/** An entry of the signature as it is added, or a rejection. */
function shape(document: FlowDocument, section: Section, entry: JsonObject): JsonObject {
  if (section === "outputs") {
    placedPort(document, field(entry, "from") ?? null);
    return entry;
  }
  if (!isInput(entry)) throw new OperationRejected("An input wants a type, limits as an object and feeds as a list.");
  const ports = listOf(field(entry, "feeds")).map((port) => placedPort(document, port));
  if (new Set(ports).size < ports.length) throw new OperationRejected("An input feeds a port once.");
  return { feeds: [], ...entry };
}

function locate(document: FlowDocument, section: Section, name: Json): [number, JsonObject] {
  const place = isName(name) ? findNamed(document[section], name) : -1;
  if (place < 0) throw new OperationRejected(`The flow has no ${wordOf(section)} '${name}'.`);
  return [place, document[section][place] as JsonObject];
}

function addEntry(section: Section): Handler {
  const word = wordOf(section);
  return (document, operation) => {
    const entry = wanted(operation, word);
    const name = isObject(entry) ? field(entry, "name") : undefined;
    if (!isObject(entry) || !isName(name)) {
      const shown = String(name).slice(0, 80);
      throw new OperationRejected(`'${shown}' cannot name an ${word}. Use letters, digits and _, at most 64.`);
    }
    if (findNamed(document[section], name) >= 0) throw new OperationRejected(`There is an ${word} '${name}' already.`);
    const made = shape(document, section, entry);
    const entries = inserted(document[section], field(operation, "index"), made);
    return [
      { ...document, [section]: entries },
      { op: `remove_${word}`, name },
    ];
  };
}

function removeEntry(section: Section): Handler {
  const word = wordOf(section);
  return (document, operation) => {
    const [index, entry] = locate(document, section, wanted(operation, "name"));
    const after = { ...document, [section]: document[section].toSpliced(index, 1) };
    return [after, { op: `add_${word}`, [word]: entry, index }];
  };
}

function setEntry(section: Section): Handler {
  return (document, operation) => {
    const name = wanted(operation, "name");
    const [place, before] = locate(document, section, name);
    const [entry, back] = change(before, wanted(operation, "fields"), ENTRY_FIELDS);
    if (section === "outputs") shape(document, section, entry);
    else if (!isInput(entry)) throw new OperationRejected("An input keeps a type, and its limits are an object.");
    const after = { ...document, [section]: document[section].with(place, entry) };
    return [after, { op: `set_${wordOf(section)}`, name, fields: back }];
  };
}

const feed: Handler = (document, operation) => {
  const name = wanted(operation, "name");
  const to = placedPort(document, wanted(operation, "to"));
  const [place, entry] = locate(document, "inputs", name);
  if (!isInput(entry)) throw new OperationRejected(`The input '${name}' cannot be read. Mend it in the file.`);
  const fed = listOf(field(entry, "feeds"));
  if (fed.includes(to)) throw new OperationRejected(`The input '${name}' feeds ${to} already.`);
  const feeds = inserted(fed, field(operation, "index"), to);
  return [
    { ...document, inputs: document.inputs.with(place, { ...entry, feeds }) },
    { op: "unfeed", name, to },
  ];
};

const unfeed: Handler = (document, operation) => {
  const name = wanted(operation, "name");
  const to = portOf(wanted(operation, "to"));
  const [place, entry] = locate(document, "inputs", name);
  const fed = listOf(field(entry, "feeds"));
  const index = fed.indexOf(to);
  if (index < 0) throw new OperationRejected(`The input '${name}' does not feed ${to}.`);
  const inputs = document.inputs.with(place, { ...entry, feeds: fed.toSpliced(index, 1) });
  return [
    { ...document, inputs },
    { op: "feed", name, to, index },
  ];
};

const setFlow: Handler = (document, operation) => {
  const [after, back] = change(document, wanted(operation, "fields"), FLOW_FIELDS);
  if (typeof after.name !== "string") throw new OperationRejected("A flow keeps a name.");
  return [after as FlowDocument, { op: "set_flow", fields: back }];
};

/** Sets the subflow of a name, or takes it away; whether a node runs it is the kernel's to say. */
const setSubflow: Handler = (document, operation) => {
  const name = wanted(operation, "name");
  const entry = wanted(operation, "subflow");
  if (!isName(name)) {
    const shown = String(name).slice(0, 80);
    throw new OperationRejected(`'${shown}' cannot name a subflow. Use letters, digits and _, at most 64.`);
  }
  const held = Object.hasOwn(document, "subflows") ? document.subflows : {};
  if (!isObject(held)) {
    throw new OperationRejected("The subflows of this flow cannot be read. Mend them in the file.");
  }
  const inverse: Operation = { op: "set_subflow", name, subflow: field(held, name) ?? null };
  if (entry !== null) {
    if (!isObject(entry) || !isDocument(field(entry, "document"))) {
      throw new OperationRejected("A subflow holds a whole flow under 'document'.");
    }
    return [{ ...document, subflows: { ...held, [name]: entry } }, inverse];
  }
  if (!Object.hasOwn(held, name)) throw new OperationRejected(`There is no subflow '${name}'.`);
  const left = without(held, name);
  const { subflows: _, ...rest } = document;
  return [Object.keys(left).length > 0 ? { ...document, subflows: left } : (rest as FlowDocument), inverse];
};

const replace: Handler = (document, operation) => {
  const after = wanted(operation, "document");
  if (!isDocument(after)) {
    throw new OperationRejected(
      "A flow has a name, nodes, edges, inputs and outputs, each in the shape that a flow file gives it.",
    );
  }
  return [after, { op: "replace", document }];
};

const OPERATIONS = new Map<string, Handler>([
  ["add_node", addNode],
  ["remove_node", removeNode],
  ["set_values", setValues],
  ["set_node", setNode],
  ["move_nodes", moveNodes],
  ["connect", connect],
  ["disconnect", disconnect],
  ["add_input", addEntry("inputs")],
  ["remove_input", removeEntry("inputs")],
  ["set_input", setEntry("inputs")],
  ["feed", feed],
  ["unfeed", unfeed],
  ["add_output", addEntry("outputs")],
  ["remove_output", removeEntry("outputs")],
  ["set_output", setEntry("outputs")],
  ["set_flow", setFlow],
  ["set_subflow", setSubflow],
  ["replace", replace],
]);

/** Every operation by its name. */
export const OPERATION_NAMES: readonly string[] = [...OPERATIONS.keys()];
