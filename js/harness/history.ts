// The document of the kernel in the page: operations are held to the kernel's rules, ordered, and taken back.

import { Fits } from "../src/flow/connect";
import { type FlowDocument, field, isObject, readFlow } from "../src/flow/document";
import { type NodeTypes, portAt } from "../src/flow/nodeType";
import { apply, type Operation, OperationRejected } from "../src/flow/operations";
import { isList } from "../src/flow/portType";
import { withSubflows } from "./subflowTypes";

export interface Accepted {
  rev: number;
  ops: Operation[];
}

interface Step {
  operations: Operation[];
  inverses: Operation[];
  merge: string | null;
  at: number;
}

const MERGE_MS = 1_000;
const KEPT = 1_000;

export class History {
  document: FlowDocument;
  rev = 0;
  #types: NodeTypes;
  #undo: Step[] = [];
  #redo: Step[] = [];
  #changes: Accepted[] = [];

  constructor(document: FlowDocument, types: NodeTypes) {
    this.document = document;
    this.#types = types;
  }

  /** Those of the subflows too that the document holds. */
  get types(): NodeTypes {
    return withSubflows(this.#types, this.document);
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Every edit after a revision, or null where it is too old or from another life. */
  since(rev: number): Accepted[] | null {
    const first = this.#changes[0]?.rev ?? this.rev + 1;
    return rev > this.rev || rev < first - 1 ? null : this.#changes.filter((change) => change.rev > rev);
  }

  /** @throws OperationRejected where a rule is broken; nothing is changed. */
  accept(operations: Operation[], merge: string | null = null): Accepted {
    const inverses = this.#put(operations, true);
    const last = this.#undo.at(-1);
    const now = Date.now();
    if (last && merge !== null && last.merge === merge && now - last.at < MERGE_MS && !this.canRedo) {
      last.operations.push(...operations);
      last.inverses.unshift(...inverses);
      last.at = now;
    } else {
      this.#undo.push({ operations: [...operations], inverses, merge, at: now });
    }
    this.#redo = [];
    return this.#count(operations);
  }

  undo(): Accepted | null {
    return this.#travel(this.#undo, this.#redo);
  }

  redo(): Accepted | null {
    return this.#travel(this.#redo, this.#undo);
  }

  #travel(origin: Step[], destination: Step[]): Accepted | null {
    const step = origin.pop();
    if (!step) return null;
    const operations = step.inverses;
    const inverses = this.#put(operations, false);
    destination.push({ operations, inverses, merge: null, at: 0 });
    return this.#count(operations);
  }

  #put(operations: Operation[], asked: boolean): Operation[] {
    const inverses: Operation[] = [];
    let current = this.document;
    for (const operation of operations) {
      const [after, inverse] = apply(current, operation);
      if (asked) checkRules(current, operation, withSubflows(this.#types, current));
      current = after;
      inverses.unshift(inverse);
    }
    this.document = current;
    return inverses;
  }

  #count(ops: Operation[]): Accepted {
    this.rev += 1;
    const change = { rev: this.rev, ops };
    this.#changes = [...this.#changes, change].slice(-KEPT);
    return change;
  }
}

/** As pixelflow_widgets/flow/rules.py: types, circles, and one value for a port of one. */
function checkRules(document: FlowDocument, operation: Operation, types: NodeTypes): void {
  const input = field(operation, "input");
  const feeds = operation.op === "add_input" && isObject(input) && Array.isArray(input.feeds) ? input.feeds : [];
  if (operation.op !== "connect" && operation.op !== "feed" && feeds.length === 0) return;
  const flow = readFlow(document);
  const fits = new Fits(flow, types);
  const from = String(operation.op === "connect" ? operation.from : operation.op === "feed" ? operation.name : "+");
  for (const to of operation.op === "add_input" ? feeds.map(String) : [String(operation.to)]) {
    const words = fits.whyNot(from, to);
    if (words) throw new OperationRejected(words);
    const port = portAt(flow, types, to, "input");
    const edge = flow.edges.find((other) => other.to === to)?.from;
    const taken = edge ?? flow.inputs.find((entry) => entry.feeds.includes(to))?.name;
    if (taken && port && !isList(port.type)) {
      throw new OperationRejected(`${to} takes one value and is connected to ${taken} already.`);
    }
  }
}
