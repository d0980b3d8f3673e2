// What taking a subflow apart does to a flow, as in pixelflow_widgets/flow/subflow_unpacking.py: its nodes stand where the
// one node stood that ran it.

import {
  type Flow,
  type FlowDocument,
  isObject,
  type Json,
  type JsonObject,
  type PortReference,
  readFlow,
  splitPort,
  splitType,
  subflowsOf,
} from "./document";
import { type PlacedNodes, type Position, removeItems } from "./edits";
import { mappedNodes } from "./mapped";
import { freeName } from "./names";
import { findType, type NodeTypes } from "./nodeType";
import { isList } from "./portType";
import { reject, Steps, withSubflow } from "./steps";

class Unpacking {
  #document: FlowDocument;
  #flow: Flow;
  #types: NodeTypes;
  #node: string;
  #name: string;
  #body: FlowDocument;
  #inner: Flow;
  #ids = new Map<string, string>();

  constructor(document: FlowDocument, types: NodeTypes, node: string) {
    this.#document = document;
    this.#flow = readFlow(document);
    this.#types = types;
    this.#node = node;
    const parts = splitType(this.#flow.nodes.get(node)?.type ?? "");
    const entry = parts ? subflowsOf(document).get(parts.subflow) : undefined;
    if (!parts || !entry) reject(`'${this.#title()}' runs no subflow, so there is nothing to unpack.`);
    if (parts.kind !== "flow") {
      reject(`'${this.#title()}' runs its subflow several times. Only one that runs once can be unpacked.`);
    }
    this.#name = parts.subflow;
    this.#body = entry.document as FlowDocument;
    this.#inner = readFlow(this.#body);
    const taken = new Set(Object.keys(document.nodes));
    for (const id of this.#inner.nodes.keys()) {
      const free = freeName(id, (name) => taken.has(name));
      this.#ids.set(id, free);
      taken.add(free);
    }
  }

  #title(): string {
    const node = this.#flow.nodes.get(this.#node);
    return node?.title || findType(this.#types, node?.type ?? "")?.title || this.#node;
  }

  unpack(): PlacedNodes {
    this.#check();
    const steps = new Steps(this.#document);
    const names = steps.adopt(subflowsOf(this.#body));
    this.#addNodes(steps, names);
    this.#addEdges(steps);
    for (const edge of this.#edges()) this.#leadOn(steps, edge);
    for (const { name, feeds } of this.#flow.inputs) {
      for (const port of feeds) {
        const ports = this.#isOwn(port) ? this.#fed(splitPort(port)?.port ?? "") : [];
        if (ports.length > 0) steps.refeed(name, [port], ports);
      }
    }
    for (const { name, from } of this.#flow.outputs) {
      const port = this.#isOwn(from) ? this.#read(splitPort(from)?.port ?? "") : null;
      if (port) steps.do({ op: "set_output", name, fields: { from: port } });
    }
    steps.do(...removeItems(steps.document, { nodes: [this.#node] }));
    steps.dropUnused([this.#name]);
    return { ids: [...this.#ids.values()], operations: steps.operations };
  }

  #isOwn(port: Json | undefined): boolean {
    return splitPort(port)?.node === this.#node;
  }

  #edges(): JsonObject[] {
    const own = (entry: Json): entry is JsonObject =>
      isObject(entry) && (this.#isOwn(entry.from) || this.#isOwn(entry.to));
    return this.#document.edges.filter(own);
  }

  /** The ports inside that an input of the subflow feeds. */
  #feeds(name: string): PortReference[] {
    const feeds = this.#inner.inputs.find((input) => input.name === name)?.feeds ?? [];
    const ports = feeds.map(splitPort).filter((port): port is PortReference => port !== null);
    return ports.filter(({ node }) => this.#ids.has(node));
  }

  #fed(name: string): string[] {
    return this.#feeds(name).map(({ node, port }) => `${this.#ids.get(node)}.${port}`);
  }

  #read(name: string): string | null {
    const from = splitPort(this.#inner.outputs.find((output) => output.name === name)?.from);
    const id = this.#ids.get(from?.node ?? "");
    return from && id ? `${id}.${from.port}` : null;
  }

  #check(): void {
    const isMapped = mappedNodes(this.#flow, this.#types).has(this.#node);
    const takesLists = [...this.#inner.nodes.values()].some(({ type }) =>
      findType(this.#types, type)?.inputs.some((port) => isList(port.type)),
    );
    if (isMapped && takesLists) {
      reject(`'${this.#title()}' runs once for each item of a list; unpacked, its nodes would take the whole list.`);
    }
    const joined = new Set(this.#inner.edges.map(({ to }) => to));
    for (const [name] of this.#values()) {
      if (!this.#feeds(name).some(({ node, port }) => joined.has(`${node}.${port}`))) continue;
      const words = `The value of '${name}' on '${this.#title()}' goes into a list that edges lead to as well.`;
      reject(`${words} Connect something to it first.`);
    }
  }

  /** What goes into the inputs of the subflow that are not connected. */
  #values(): [string, Json][] {
    const fed = new Set([...this.#flow.edges.map(({ to }) => to), ...this.#flow.inputs.flatMap(({ feeds }) => feeds)]);
    const set = this.#flow.nodes.get(this.#node)?.values ?? {};
    const open = this.#inner.inputs.filter(({ name }) => !fed.has(`${this.#node}.${name}`));
    return open.flatMap(({ name, default: initial }): [string, Json][] => {
      const value = Object.hasOwn(set, name) ? set[name] : initial;
      return value === undefined || value === null ? [] : [[name, value]];
    });
  }

  #addNodes(steps: Steps, names: ReadonlyMap<string, string>): void {
    const places = [...this.#inner.positions].filter(([id]) => this.#ids.has(id)).map(([, place]) => place);
    const corner: Position = [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
    const here = this.#flow.positions.get(this.#node) ?? corner;
    const values = this.#values();
    for (const [id, free] of this.#ids) {
      const entry = this.#body.nodes[id] as JsonObject;
      const given = values.flatMap(([name, value]) =>
        this.#feeds(name).flatMap(({ node, port }): [string, Json][] => (node === id ? [[port, value]] : [])),
      );
      const set = { ...(isObject(entry.values) ? entry.values : {}), ...Object.fromEntries(given) };
      const place = this.#inner.positions.get(id);
      const position = place && { position: [place[0] + here[0] - corner[0], place[1] + here[1] - corner[1]] };
      steps.do({ op: "add_node", id: free, node: { ...withSubflow(entry, names), values: set }, ...position });
    }
  }

  #addEdges(steps: Steps): void {
    let index = 0;
    const moved = (port: Json | undefined): string | null => {
      const { node = "", port: name = "" } = splitPort(port) ?? {};
      return this.#ids.has(node) ? `${this.#ids.get(node)}.${name}` : null;
    };
    for (const edge of this.#body.edges) {
      const [from, to] = isObject(edge) ? [moved(edge.from), moved(edge.to)] : [null, null];
      if (!isObject(edge) || !from || !to) continue;
      // First of all: what came from outside into the same list came after what was inside.
      steps.connect(from, to, edge, index);
      index += 1;
    }
  }

  /** Lets an edge of the node lead to, or from, the nodes that it ran. */
  #leadOn(steps: Steps, edge: JsonObject): void {
    const [from, to] = [edge.from as string, edge.to as string];
    const name = splitPort(this.#isOwn(from) ? from : to)?.port ?? "";
    if (this.#isOwn(from)) {
      const port = this.#read(name);
      if (port === null || steps.has(port, to)) steps.disconnect(edge);
      else steps.reconnect(edge, port, to);
      return;
    }
    const ports = this.#fed(name);
    if (ports.length === 0) steps.disconnect(edge);
    for (const [number, port] of ports.entries()) {
      if (number > 0) steps.connect(from, port, {});
      else steps.reconnect(edge, from, port);
    }
  }
}

/**
 * Puts the nodes of a subflow in the place of the node that runs it; a subflow that no other node runs goes.
 *
 * @throws OperationRejected where the node runs none, or its nodes would not do the same outside, in words.
 */
export function unpackSubflow(document: FlowDocument, types: NodeTypes, node: string): PlacedNodes {
  return new Unpacking(document, types, node).unpack();
}
