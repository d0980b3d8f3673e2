// Collects the operations of a gesture, and knows the document as it is after them.

import {
  type FlowDocument,
  field,
  isObject,
  type Json,
  type JsonObject,
  splitType,
  subflowsOf,
  usedSubflows,
} from "./document";
import { freeName } from "./names";
import { apply, type Operation, OperationRejected } from "./operations";

const edgeOf = (from: string, to: string) => (entry: Json) => isObject(entry) && entry.from === from && entry.to === to;

export class Steps {
  readonly operations: Operation[] = [];
  document: FlowDocument;

  constructor(document: FlowDocument) {
    this.document = document;
  }

  do(...operations: Operation[]): void {
    for (const operation of operations) {
      [this.document] = apply(this.document, operation);
      this.operations.push(operation);
    }
  }

  /** Connects two ports as an edge that is there does, with its fields and in its place where it is told. */
  connect(from: string, to: string, like: JsonObject, index?: number): void {
    const { from: _, to: __, ...fields } = like;
    const place = index === undefined ? {} : { index };
    this.do({ op: "connect", from, to, ...place, ...(Object.keys(fields).length > 0 ? { fields } : {}) });
  }

  /** Lets an edge lead from and to other ports; it keeps its place among the others and its fields. */
  reconnect(old: JsonObject, from: string, to: string): void {
    const index = this.document.edges.findIndex(edgeOf(old.from as string, old.to as string));
    this.disconnect(old);
    this.connect(from, to, old, index);
  }

  disconnect({ from = null, to = null }: JsonObject): void {
    this.do({ op: "disconnect", from, to });
  }

  has(from: string, to: string): boolean {
    return this.document.edges.some(edgeOf(from, to));
  }

  /** Lets an input of the flow feed other ports, which stand where the first of the old ones stood. */
  refeed(name: string, old: string[], ports: string[]): void {
    const entry = this.document.inputs.find((input) => isObject(input) && field(input, "name") === name);
    const index = isObject(entry) && Array.isArray(entry.feeds) ? entry.feeds.indexOf(old[0] ?? "") : 0;
    this.do(...old.map((to) => ({ op: "unfeed", name, to })));
    this.do(...ports.map((to, number) => ({ op: "feed", name, to, index: index + number })));
  }

  /** Brings subflows into the flow; the names that they have there, by the names that they had. */
  adopt(held: ReadonlyMap<string, JsonObject>): Map<string, string> {
    const names = new Map<string, string>();
    for (const [name, entry] of held) {
      const here = subflowsOf(this.document);
      const isSame = JSON.stringify(here.get(name)?.document) === JSON.stringify(entry.document);
      const own = field(this.document, "subflows");
      const isTaken = (taken: string) => isObject(own) && Object.hasOwn(own, taken);
      const free = isSame ? name : freeName(name, isTaken);
      names.set(name, free);
      if (!isSame) this.do({ op: "set_subflow", name: free, subflow: entry });
    }
    return names;
  }

  /** Takes those of some subflows away that no node runs any more. */
  dropUnused(names: Iterable<string>): void {
    const used = new Set(usedSubflows(Object.values(this.document.nodes).filter(isObject)));
    for (const name of names) {
      if (subflowsOf(this.document).has(name) && !used.has(name)) {
        this.do({ op: "set_subflow", name, subflow: null });
      }
    }
  }
}

/** A node that runs a subflow by the name that this has elsewhere. */
export function withSubflow(node: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const parts = splitType(typeof node.type === "string" ? node.type : "");
  const name = parts ? names.get(parts.subflow) : undefined;
  return parts && name !== undefined ? { ...node, type: `${parts.kind}/${name}` } : node;
}

export function reject(sentence: string): never {
  throw new OperationRejected(sentence);
}
