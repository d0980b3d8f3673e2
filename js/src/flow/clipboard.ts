// Nodes on the clipboard, as text: what is pasted may come from anywhere, so nothing of it is believed.

import {
  type FlowDocument,
  field,
  isName,
  isNode,
  isObject,
  type Json,
  type JsonObject,
  splitPort,
  subflowsOf,
  usedSubflows,
} from "./document";
import { groupOf, type NodeGroup, type PlacedNodes, type Position, placeGroup } from "./edits";

const FORMAT = "pixelflow-nodes";
const VERSION = 1;
/** More is no clipboard of ours, and would only make the page wait. */
const LONGEST = 5_000_000;
/** An operation has at most 48 levels; a node's value stands some levels down in it. */
const DEEPEST = 40;
/** What a node may bring along. */
const FIELDS = "type type_version title values pinned muted limit collapsed size note source".split(" ");
/** What a subflow may bring along. */
const SUBFLOW_FIELDS = ["document", "source", "digest"];

/** Nodes as text for the clipboard; `places` says where nodes without a stored position stand. */
export function copyNodes(
  document: FlowDocument,
  ids: Iterable<string>,
  places?: ReadonlyMap<string, Position>,
): string {
  const { nodes, edges, positions, subflows } = groupOf(document, ids, places);
  const group = { nodes: Object.fromEntries(nodes), edges, positions: Object.fromEntries(positions) };
  const held = subflows.size > 0 ? { subflows: Object.fromEntries(subflows) } : {};
  return JSON.stringify({ format: FORMAT, version: VERSION, ...group, ...held });
}

/**
 * Places what was copied, with new ids; null where the text is not ours.
 *
 * @param position Where the upper left corner of the group goes.
 */
export function pasteNodes(document: FlowDocument, text: string, position: Position): PlacedNodes | null {
  const group = readGroup(text);
  if (!group) return null;
  const places = [...group.positions.values()];
  const left = Math.min(...places.map(([x]) => x));
  const top = Math.min(...places.map(([, y]) => y));
  return placeGroup(document, group, [position[0] - left, position[1] - top]);
}

function parse(text: string): JsonObject | null {
  if (text.length > LONGEST || !text.includes(FORMAT)) return null;
  try {
    const content: Json = JSON.parse(text);
    return isObject(content) && content.format === FORMAT && content.version === VERSION ? content : null;
  } catch {
    return null; // not JSON, or nested deeper than the stack
  }
}

function readGroup(text: string): NodeGroup | null {
  const content = parse(text);
  const entries = content && isObject(content.nodes) ? Object.entries(content.nodes) : [];
  const nodes = entries.flatMap(([id, entry]): [string, JsonObject][] => {
    if (!isName(id) || !isNode(entry) || isDeep(entry)) return [];
    return [[id, pick(entry, FIELDS)]];
  });
  if (!content || nodes.length === 0) return null;
  const ids = new Set(nodes.map(([id]) => id));
  const [edges, positions] = [readEdges(content.edges, ids), readPositions(content.positions, ids)];
  return { nodes, edges, positions, subflows: readSubflows(content, nodes) };
}

/** The subflows that the nodes run; others are left alone. */
function readSubflows(content: JsonObject, nodes: [string, JsonObject][]): Map<string, JsonObject> {
  const held = subflowsOf(content);
  const used = usedSubflows(nodes.map(([, node]) => node));
  return new Map(
    used.flatMap((name): [string, JsonObject][] => {
      const entry = held.get(name);
      return entry && !isDeep(entry) ? [[name, pick(entry, SUBFLOW_FIELDS)]] : [];
    }),
  );
}

function pick(object: JsonObject, names: string[]): JsonObject {
  const own = names.filter((name) => Object.hasOwn(object, name)).map((name) => [name, object[name]]);
  return Object.fromEntries(own) as JsonObject;
}

function readEdges(edges: Json | undefined, ids: ReadonlySet<string>): JsonObject[] {
  const seen = new Set<string>();
  return (Array.isArray(edges) ? edges : []).flatMap((edge) => {
    if (!isObject(edge)) return [];
    const { from, to } = edge;
    const [source, target] = [splitPort(from), splitPort(to)];
    const key = `${from}→${to}`;
    if (!source || !target || !ids.has(source.node) || !ids.has(target.node) || seen.has(key)) return [];
    seen.add(key);
    return [{ from: from as string, to: to as string }];
  });
}

function readPositions(positions: Json | undefined, ids: ReadonlySet<string>): Map<string, Position> {
  const isCoordinate = (value: Json | undefined) => typeof value === "number" && Math.abs(value) < 1e7;
  const places = [...ids].map((id, place): [string, Position] => {
    const stored = isObject(positions) ? field(positions, id) : undefined;
    const isPlace = Array.isArray(stored) && stored.length === 2 && stored.every(isCoordinate);
    return [id, isPlace ? (stored as Position) : [place * 24, place * 24]];
  });
  return new Map(places);
}

/** Whether something nests deeper than the kernel takes; walked level by level, because it may nest deeper than the stack. */
function isDeep(value: Json): boolean {
  let level: Json[] = [value];
  for (let depth = 0; depth < DEEPEST && level.length > 0; depth += 1) {
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return level.length > 0;
}
