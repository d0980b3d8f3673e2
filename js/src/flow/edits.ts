// What hands do on the canvas, as operations: each function gives one step of undo. Nothing is changed here.

import {
  type Edge,
  type FlowDocument,
  field,
  isName,
  isNode,
  isObject,
  type Json,
  type JsonObject,
  readFlow,
  splitPort,
  subflowsOf,
  usedSubflows,
} from "./document";
import { freeId } from "./names";
import { findPort, findType, type NodeTypes } from "./nodeType";
import { applyAll, NONE, type Operation } from "./operations";
import { Steps, withSubflow } from "./steps";

export { NONE } from "./operations";
export {
  addInput,
  addOutput,
  connectPorts,
  disconnectPort,
  entryOf,
  isTaken,
  moveEntry,
  type NewInput,
  nameEntry,
  removeInput,
  removeOutput,
  renameInput,
  renameOutput,
  setEntry,
  setInputDefault,
  setLimit,
  type Word,
} from "./signature";

export type Position = [number, number];

export interface Placed {
  id: string;
  operations: Operation[];
}

export interface PlacedNodes {
  ids: string[];
  operations: Operation[];
}

export interface Items {
  nodes?: Iterable<string>;
  /** Feeds and what the outputs read too: `{from: "prompt", to: "n1.prompt"}`, `{from: "n1.image", to: "poster"}`. */
  edges?: Iterable<Edge>;
  inputs?: Iterable<string>;
  outputs?: Iterable<string>;
}

/** Nodes with the edges between them, as they are copied: by the ids that they had. */
export interface NodeGroup {
  nodes: [string, JsonObject][];
  /** The subflows that they run, by name. */
  subflows: ReadonlyMap<string, JsonObject>;
  edges: JsonObject[];
  positions: ReadonlyMap<string, Position>;
}

const whole = ([x, y]: Position): Position => [Math.round(x), Math.round(y)];

export function sameJson(one: Json | undefined, other: Json | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Places a node; a value that is its port's default is not stored. */
export function addNode(
  document: FlowDocument,
  types: NodeTypes,
  typeName: string,
  position: Position,
  values: JsonObject = {},
): Placed {
  const type = findType(types, typeName);
  const id = freeId(typeName, (name) => Object.hasOwn(document.nodes, name));
  const stored = Object.entries(values).filter(
    ([name, value]) => value !== null && !sameJson(value, findPort(type, "input", name)?.default),
  );
  const node = { type: typeName, type_version: type?.version ?? 1, values: Object.fromEntries(stored) };
  return { id, operations: [{ op: "add_node", id, node, position: whole(position) }] };
}

/** Takes away what holds nodes: edges, feeds and outputs; of two entries with one name only the first can be named. */
function joinsOf(document: FlowDocument, ids: ReadonlySet<string>): Operation[] {
  const { edges } = readFlow(document);
  const isOn = (port: Json | undefined) => ids.has(splitPort(port)?.node ?? "");
  const named = (entries: Json[]) => {
    const readable = entries.filter((entry): entry is JsonObject => isObject(entry) && isName(field(entry, "name")));
    return readable.filter((entry, place) => readable.findIndex(({ name }) => name === entry.name) === place);
  };
  const fed = named(document.inputs).flatMap(({ name = "", feeds }) => {
    const ports = Array.isArray(feeds) ? feeds.filter(isOn) : [];
    return ports.map((to) => ({ op: "unfeed", name, to }));
  });
  const read = named(document.outputs).filter(({ from }) => isOn(from));
  return [
    ...edges.filter(({ from, to }) => isOn(from) || isOn(to)).map(({ from, to }) => ({ op: "disconnect", from, to })),
    ...fed,
    ...read.map(({ name = "" }) => ({ op: "remove_output", name })),
  ];
}

function removeEdge({ from, to }: Edge): Operation {
  if (!splitPort(from)) return { op: "unfeed", name: from, to };
  return splitPort(to) ? { op: "disconnect", from, to } : { op: "remove_output", name: to };
}

/** Removes nodes with what holds them, edges, and entries of the signature. */
export function removeItems(document: FlowDocument, items: Items): Operation[] {
  const steps: Operation[] = [];
  let current = document;
  const take = (operations: Operation[]) => {
    [current] = applyAll(current, operations);
    steps.push(...operations);
  };
  // What was selected twice, as an edge and by its node, or is gone meanwhile, is passed over.
  const attempt = (operation: Operation) => {
    try {
      take([operation]);
    } catch {}
  };
  for (const edge of items.edges ?? []) attempt(removeEdge(edge));
  for (const name of items.inputs ?? []) attempt({ op: "remove_input", name });
  for (const name of items.outputs ?? []) attempt({ op: "remove_output", name });
  const ids = new Set([...(items.nodes ?? [])].filter((id) => isNode(field(document.nodes, id))));
  for (let joins = joinsOf(current, ids); joins.length > 0; joins = joinsOf(current, ids)) take(joins);
  return [...steps, ...[...ids].map((id) => ({ op: "remove_node", id }))];
}

/** Sets a value of a node; null goes back to the default, `NONE` sets null. */
export function setValue(
  document: FlowDocument,
  node: string,
  port: string,
  value: Json | null,
  types: NodeTypes = {},
): Operation[] {
  const entry = field(document.nodes, node);
  if (!isNode(entry)) return [];
  const initial = findPort(findType(types, entry.type as string), "input", port)?.default;
  const plain = sameJson(value, NONE) ? null : value;
  const isDefault = value === null || (initial !== undefined && sameJson(plain, initial));
  const before = isObject(entry.values) ? field(entry.values, port) : undefined;
  if (isDefault ? before === undefined : before !== undefined && sameJson(before, plain)) return [];
  return [{ op: "set_values", id: node, values: Object.fromEntries([[port, isDefault ? null : value]]) }];
}

export function moveNodes(positions: Iterable<[string, Position]>): Operation[] {
  const places = [...positions].map(([id, place]): [string, Position] => [id, whole(place)]);
  return places.length === 0 ? [] : [{ op: "move_nodes", positions: Object.fromEntries(places) }];
}

/** Gives a node another title; without words it is called as its type again. */
export function renameNode(document: FlowDocument, id: string, title: string): Operation[] {
  const entry = field(document.nodes, id);
  const words = title.trim();
  if (!isNode(entry) || (entry.title ?? "") === words) return [];
  return [{ op: "set_node", id, fields: { title: words === "" ? null : words } }];
}

/** Nodes of a document with the edges between them; `places` says where nodes without a stored position stand. */
export function groupOf(
  document: FlowDocument,
  ids: Iterable<string>,
  places: ReadonlyMap<string, Position> = new Map(),
): NodeGroup {
  const flow = readFlow(document);
  const nodes = [...new Set(ids)].flatMap((id): [string, JsonObject][] => {
    const entry = field(document.nodes, id);
    return isNode(entry) && isName(id) ? [[id, entry]] : [];
  });
  const known = new Set(nodes.map(([id]) => id));
  const held = subflowsOf(document);
  const used = usedSubflows(nodes.map(([, node]) => node)).filter((name) => held.has(name));
  const subflows = new Map(used.map((name) => [name, held.get(name) as JsonObject]));
  const isInside = (port: Json | undefined) => known.has(splitPort(port)?.node ?? "");
  const edges = document.edges.filter((edge) => isObject(edge) && isInside(edge.from) && isInside(edge.to));
  const positions = new Map<string, Position>();
  for (const id of known) {
    const place = flow.positions.get(id) ?? places.get(id);
    if (place) positions.set(id, place);
  }
  return { nodes, edges: edges as JsonObject[], positions, subflows };
}

/** Puts a group into a document under free ids, moved by an offset, with the subflows that it runs. */
export function placeGroup(document: FlowDocument, group: NodeGroup, offset: Position): PlacedNodes {
  const steps = new Steps(document);
  const names = steps.adopt(group.subflows);
  const renamed = new Map<string, string>();
  const taken = new Set(Object.keys(document.nodes));
  const nodes = group.nodes.map(([id, node]): [string, JsonObject] => [id, withSubflow(node, names)]);
  for (const [id, { type }] of nodes) {
    const free = freeId(type as string, (name) => taken.has(name));
    taken.add(free);
    renamed.set(id, free);
  }
  const added = nodes.map(([id, node]): Operation => {
    const [x, y] = group.positions.get(id) ?? [0, 0];
    const position = whole([x + offset[0], y + offset[1]]);
    return { op: "add_node", id: renamed.get(id) as string, node, position };
  });
  const moved = (port: Json | undefined): string => {
    const { node = "", port: name = "" } = splitPort(port) ?? {};
    return `${renamed.get(node)}.${name}`;
  };
  const joined = group.edges.map(({ from, to, ...fields }): Operation => {
    const edge = { op: "connect", from: moved(from), to: moved(to) };
    return Object.keys(fields).length > 0 ? { ...edge, fields } : edge;
  });
  return { ids: [...renamed.values()], operations: [...steps.operations, ...added, ...joined] };
}

/** Places nodes once more, with the edges between them. */
export function duplicateNodes(
  document: FlowDocument,
  ids: Iterable<string>,
  offset: Position,
  places?: ReadonlyMap<string, Position>,
): PlacedNodes {
  return placeGroup(document, groupOf(document, ids, places), offset);
}
