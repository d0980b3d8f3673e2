// What making a subflow of nodes does to a flow, as in pixelflow_widgets/flow/subflow_gestures.py: edges, feeds and outputs
// that cross the border become inputs and outputs of the subflow.

import {
  type FlowDocument,
  type FlowNode,
  field,
  isInput,
  isObject,
  type JsonObject,
  readFlow,
  splitPort,
  subflowsOf,
  titleFromName,
  usedSubflows,
} from "./document";
import { type Placed, removeItems } from "./edits";
import { mappedNodes } from "./mapped";
import { freeName, nameFromWords } from "./names";
import { findPort, findType, type NodeTypes } from "./nodeType";
import type { Operation } from "./operations";
import { isList, type PortType } from "./portType";
import { reject, Steps } from "./steps";

const SIGNATURE_FIELDS = ["type", "title", "help", "default", "limits", "affects_cost", "choices", "control"];

/** An input of the subflow to be made, and what leads into it from outside. */
interface Entry {
  name: string;
  type: PortType | null;
  feeds: string[];
  edges: JsonObject[];
  outer: JsonObject | null;
}

const nodeOf = (port: unknown): string => splitPort(port as string)?.node ?? "";
const portOf = (port: unknown): string => splitPort(port as string)?.port ?? "";
const sameType = (one: PortType | null, other: PortType | null) => JSON.stringify(one) === JSON.stringify(other);

class Making {
  #document: FlowDocument;
  #types: NodeTypes;
  #nodes: Map<string, FlowNode>;
  #inside: string[];
  #internal: JsonObject[];
  #entering: JsonObject[];
  #leaving: JsonObject[];
  #all: JsonObject[];
  #mapped: Set<string>;

  constructor(document: FlowDocument, types: NodeTypes, ids: Iterable<string>) {
    const flow = readFlow(document);
    const chosen = new Set(ids);
    this.#document = document;
    this.#types = types;
    this.#nodes = flow.nodes;
    this.#inside = [...flow.nodes.keys()].filter((id) => chosen.has(id));
    if (this.#inside.length === 0) reject("A subflow is made of nodes. Select at least one.");
    this.#mapped = mappedNodes(flow, types);
    const known = ({ from, to }: JsonObject) => flow.nodes.has(nodeOf(from)) && flow.nodes.has(nodeOf(to));
    this.#all = document.edges.filter((edge): edge is JsonObject => isObject(edge) && known(edge));
    const crossing = (source: boolean, target: boolean) =>
      this.#all.filter(({ from, to }) => chosen.has(nodeOf(from)) === source && chosen.has(nodeOf(to)) === target);
    this.#internal = crossing(true, true);
    this.#entering = crossing(false, true);
    this.#leaving = crossing(true, false);
    this.#checkBetween();
    this.#checkOrder();
  }

  #title(id: string): string {
    return this.#nodes.get(id)?.title || id;
  }

  #checkBetween(): void {
    const behind = new Set(this.#leaving.map(({ to }) => nodeOf(to)));
    // The set grows while it is walked.
    for (const id of behind) for (const { from, to } of this.#all) if (nodeOf(from) === id) behind.add(nodeOf(to));
    const back = this.#entering.find(({ from }) => behind.has(nodeOf(from)));
    if (!back) return;
    const between = this.#title(nodeOf(back.from));
    const words = `'${between}' depends on the selected nodes and feeds them, so they cannot be one node.`;
    reject(`${words} Select '${between}' too.`);
  }

  #checkOrder(): void {
    for (const edge of this.#entering) {
      const later = this.#internal.some(({ to }, _, all) => to === edge.to && this.#isAfter(all, to as string, edge));
      if (!later) continue;
      const first = this.#title(nodeOf(edge.from));
      const words = `'${this.#title(nodeOf(edge.to))}' takes a list from '${first}' first and from a selected node later`;
      reject(`${words}; in a subflow the order would be another. Select '${first}' too.`);
    }
  }

  #isAfter(internal: JsonObject[], to: string, edge: JsonObject): boolean {
    const last = internal.findLast((inner) => inner.to === to);
    return last !== undefined && this.#all.indexOf(edge) < this.#all.indexOf(last);
  }

  make(title: string): Placed & { name: string } {
    const held = field(this.#document, "subflows");
    const isHeld = (taken: string) => isObject(held) && Object.hasOwn(held, taken);
    const name = freeName(nameFromWords(title, "subflow"), isHeld);
    const inputs = this.#inputs();
    const outputs = this.#outputs();
    const steps = new Steps(this.#document);
    steps.do({ op: "set_subflow", name, subflow: { document: this.#body(name, title, inputs, outputs) } });
    const id = freeName(name, (taken) => Object.hasOwn(this.#document.nodes, taken));
    const node = { type: `flow/${name}`, type_version: 1, values: {} };
    const places = [...this.#places().values()];
    const corner = [Math.min(...places.map(([x]) => x)), Math.min(...places.map(([, y]) => y))];
    steps.do({ op: "add_node", id, node, ...(places.length > 0 ? { position: corner } : {}) });
    this.#join(steps, id, inputs, outputs);
    for (const inner of this.#inside) steps.do(...removeItems(steps.document, { nodes: [inner] }));
    steps.dropUnused(usedSubflows(this.#entries().map(([, entry]) => entry)));
    return { id, name, operations: steps.operations };
  }

  #entries(): [string, JsonObject][] {
    return this.#inside.map((id) => [id, this.#document.nodes[id] as JsonObject]);
  }

  #places(): Map<string, [number, number]> {
    const { positions } = readFlow(this.#document);
    return new Map([...positions].filter(([id]) => this.#inside.includes(id)));
  }

  /** The inputs of the whole flow that can be read, as the document has them. */
  #outerInputs(): (JsonObject & { name: string; feeds: string[] })[] {
    const readable = new Map(readFlow(this.#document).inputs.map((input) => [input.name, input.feeds]));
    return this.#document.inputs.flatMap((entry) => {
      const feeds = isInput(entry) ? readable.get(entry.name as string) : undefined;
      return feeds ? [{ ...(entry as JsonObject), name: (entry as JsonObject).name as string, feeds }] : [];
    });
  }

  #inputs(): Entry[] {
    const made = new Map<string, Entry>();
    const entryOf = (key: string, wanted: string): Entry => {
      const known = made.get(key);
      if (known) return known;
      const name = freeName(wanted, (taken) => [...made.values()].some((entry) => entry.name === taken));
      const entry = { name, type: null, feeds: [], edges: [], outer: null };
      made.set(key, entry);
      return entry;
    };
    for (const edge of this.#entering) {
      const { from, to } = edge as { from: string; to: string };
      const port = findPort(this.#typeOf(to), "input", portOf(to));
      // Into a list each edge has an input of its own: their order is that of the items.
      const entry = entryOf(!port || isList(port.type) ? `${from}→${to}` : from, portOf(to));
      const given = this.#given(from);
      const takes = port && port.type !== "any" ? port.type : given;
      const wanted = given && isList(given) && takes && !isList(takes) ? given : takes;
      entry.type = entry.feeds.length === 0 || sameType(wanted, entry.type) ? wanted : given;
      entry.feeds.push(to);
      entry.edges.push(edge);
    }
    for (const outer of this.#outerInputs()) {
      const feeds = outer.feeds.filter((port) => this.#inside.includes(nodeOf(port)));
      if (feeds.length > 0) Object.assign(entryOf(`+${outer.name}`, outer.name), { feeds, outer });
    }
    return [...made.values()];
  }

  #typeOf(port: string) {
    return findType(this.#types, this.#nodes.get(nodeOf(port))?.type ?? "");
  }

  /** What comes out of a port: a list where its node runs for each item of one. */
  #given(from: string): PortType | null {
    const port = findPort(this.#typeOf(from), "output", portOf(from));
    if (!port || isList(port.type) || !this.#mapped.has(nodeOf(from))) return port?.type ?? null;
    return typeof port.type === "string" ? `list[${port.type}]` : { ...port.type, many: true };
  }

  /** Inner port → name of the output that reads it. */
  #outputs(): Map<string, string> {
    const made = new Map<string, string>();
    const add = (port: string, wanted: string) => {
      if (!made.has(port))
        made.set(
          port,
          freeName(wanted, (taken) => [...made.values()].includes(taken)),
        );
    };
    for (const { name, from } of readFlow(this.#document).outputs) {
      if (this.#inside.includes(nodeOf(from))) add(from, name);
    }
    for (const { from } of this.#leaving) add(from as string, portOf(from));
    if (made.size > 0) return made;
    const sources = new Set(this.#all.map(({ from }) => nodeOf(from)));
    for (const id of this.#inside.filter((last) => !sources.has(last))) {
      const type = findType(this.#types, this.#nodes.get(id)?.type ?? "");
      for (const { name } of type?.outputs ?? []) add(`${id}.${name}`, name);
    }
    return made;
  }

  #body(name: string, title: string, inputs: Entry[], outputs: ReadonlyMap<string, string>): JsonObject {
    const held = subflowsOf(this.#document);
    const used = usedSubflows(this.#entries().map(([, entry]) => entry)).filter((subflow) => held.has(subflow));
    const subflows = Object.fromEntries(used.map((subflow) => [subflow, held.get(subflow) as JsonObject]));
    return {
      format: "pixelflow",
      version: 1,
      name,
      ...(["", name, titleFromName(name)].includes(title) ? {} : { title }),
      nodes: Object.fromEntries(this.#entries()),
      edges: this.#internal,
      inputs: inputs.map(({ name: input, type, feeds, outer }) => {
        const own = SIGNATURE_FIELDS.filter((key) => outer && Object.hasOwn(outer, key));
        const fields = Object.fromEntries(own.map((key) => [key, outer?.[key] ?? null]));
        return { name: input, type: type ?? "any", ...fields, feeds } as JsonObject;
      }),
      outputs: [...outputs].map(([from, output]) => ({ name: output, from })),
      layout: { positions: Object.fromEntries(this.#places()) },
      ...(used.length > 0 ? { subflows } : {}),
    };
  }

  #join(steps: Steps, id: string, inputs: Entry[], outputs: ReadonlyMap<string, string>): void {
    for (const { name, feeds, edges, outer } of inputs) {
      for (const [number, edge] of edges.entries()) {
        if (number > 0) steps.disconnect(edge);
        else steps.reconnect(edge, edge.from as string, `${id}.${name}`);
      }
      if (outer) steps.refeed(outer.name as string, feeds, [`${id}.${name}`]);
    }
    const read = (from: string) => `${id}.${outputs.get(from)}`;
    for (const edge of this.#leaving) steps.reconnect(edge, read(edge.from as string), edge.to as string);
    for (const { name, from } of readFlow(this.#document).outputs) {
      if (outputs.has(from)) steps.do({ op: "set_output", name, fields: { from: read(from) } } as Operation);
    }
  }
}

/**
 * Makes a subflow of nodes, with one node in their place; if nothing leaves them, what nobody reads comes out.
 *
 * @throws OperationRejected where they cannot be one node, in words.
 */
export function makeSubflow(
  document: FlowDocument,
  types: NodeTypes,
  ids: Iterable<string>,
  title = "Subflow",
): Placed & { name: string } {
  return new Making(document, types, ids).make(title);
}
