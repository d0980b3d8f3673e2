// The document as the page shows it: what the kernel has confirmed, with the page's own edits on top of it until the
// kernel has put them in order.

import { useSyncExternalStore } from "react";
import { type Flow, type FlowDocument, readFlow } from "../flow/document";
import { applyAll, type Operation, OperationRejected } from "../flow/operations";
import type { KernelLink } from "./link";
import type { Change, DocumentTrait, Reject, Welcome } from "./protocol";

/** One edit that the kernel has not answered yet. */
interface Pending {
  seq: number;
  operations: Operation[];
  /** The revision that the kernel gave it, where that was heard before all that came earlier; else null. */
  rev: number | null;
  /** The document that it was put on and what came of it, while it fits. */
  before: FlowDocument | null;
  after: FlowDocument | null;
}

export interface SyncSnapshot {
  document: FlowDocument;
  flow: Flow;
  /** Of what is confirmed. */
  rev: number;
  epoch: string;
  /** How many edits wait for the kernel. */
  pending: number;
  canUndo: boolean;
  canRedo: boolean;
  /** False while there is no document: edits are refused. */
  ready: boolean;
}

const EMPTY: FlowDocument = { name: "", nodes: {}, edges: [], inputs: [], outputs: [] };

/** One per model, shared by its views. */
export class DocumentSync {
  #link: KernelLink;
  #confirmed: FlowDocument = EMPTY;
  #rev = -1;
  /** The highest revision that the kernel has spoken of. */
  #heard = -1;
  #epoch = "";
  #canUndo = false;
  #canRedo = false;
  #pending: Pending[] = [];
  /** Number of the hello that is under way. */
  #hello: number | null = null;
  #snapshot: SyncSnapshot;
  #listeners = new Set<() => void>();
  #rejections = new Set<(words: string) => void>();

  constructor(link: KernelLink) {
    this.#link = link;
    link.on("change", (message) => this.#change(message));
    link.on("welcome", (message) => this.#welcome(message));
    link.on("reject", (message) => this.#reject(message));
    this.#snapshot = this.#take(EMPTY);
  }

  readonly snapshot = (): SyncSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Begins with what the trait holds, and says hello, which is the page's first request. */
  start(initial: DocumentTrait | null): void {
    if (initial) {
      this.#confirmed = initial.flow;
      this.#rev = initial.rev;
      this.#epoch = initial.epoch;
    }
    this.#refresh();
    this.#sayHello();
  }

  /** Hears of the trait again: a revision that is ahead says that a message was lost. */
  notice(trait: DocumentTrait | null): void {
    if (trait && (trait.epoch !== this.#epoch || trait.rev > this.#rev)) this.#sayHello(trait.epoch);
  }

  /**
   * Shows an edit at once and sends it; says in words why not, where it does not fit.
   *
   * Edits with the same `merge` in quick succession are one step of undo: "typing:n1.prompt".
   */
  edit(operations: Operation[], merge?: string): string | null {
    if (operations.length === 0) return null;
    if (this.#rev < 0) return "The kernel has not sent the flow yet. Wait a moment.";
    const before = this.#snapshot.document;
    let after: FlowDocument;
    try {
      [after] = applyAll(before, operations);
    } catch (error) {
      if (error instanceof OperationRejected) return error.message;
      throw error;
    }
    const { seq } = this.#link.send({
      type: "ops",
      epoch: this.#epoch,
      base_rev: this.#rev,
      ops: operations,
      ...(merge === undefined ? {} : { merge }),
    });
    this.#pending.push({ seq, operations, rev: null, before, after });
    this.#publish(after);
    return null;
  }

  undo(): void {
    void this.#link.request({ type: "undo" });
  }

  redo(): void {
    void this.#link.request({ type: "redo" });
  }

  /** Hears the words of every edit of this page that the kernel refuses. */
  onReject(listener: (words: string) => void): () => void {
    this.#rejections.add(listener);
    return () => this.#rejections.delete(listener);
  }

  #sayHello(epoch = this.#epoch): void {
    if (this.#hello !== null) return;
    const have = this.#rev >= 0 && epoch === this.#epoch ? { epoch: this.#epoch, rev: this.#rev } : null;
    this.#hello = this.#link.send({ type: "hello", have }).seq;
  }

  #isMine(message: { client: string | null; seq: number | null }): boolean {
    return message.client === this.#link.client && message.seq !== null;
  }

  #drop(seq: number | null): Pending | null {
    const place = this.#pending.findIndex((edit) => edit.seq === seq);
    return place < 0 ? null : (this.#pending.splice(place, 1)[0] ?? null);
  }

  #change(message: Change): void {
    this.#heard = Math.max(this.#heard, message.epoch === this.#epoch ? message.rev : -1);
    const mine = this.#isMine(message) ? this.#drop(message.seq) : null;
    if (message.epoch === this.#epoch && message.rev <= this.#rev) {
      if (mine) this.#refresh(); // told again: it is in what is confirmed
      return;
    }
    if (message.epoch !== this.#epoch || message.rev > this.#rev + 1 || !this.#confirm(message.ops, mine)) {
      // It stays on top until the kernel's document, which holds it, is here.
      if (mine) this.#pending.unshift({ ...mine, rev: message.rev });
      this.#sayHello(message.epoch);
      return;
    }
    this.#rev = message.rev;
    this.#canUndo = message.undo;
    this.#canRedo = message.redo;
    this.#refresh();
  }

  /** Puts operations on what is confirmed; false where they do not fit, which only a lost message explains. */
  #confirm(operations: Operation[], mine: Pending | null): boolean {
    if (mine?.after && mine.before === this.#confirmed && sameJson(mine.operations, operations)) {
      this.#confirmed = mine.after; // the very object that is shown: nothing has to be drawn again
      return true;
    }
    try {
      [this.#confirmed] = applyAll(this.#confirmed, operations);
      return true;
    } catch (error) {
      if (error instanceof OperationRejected) return false;
      throw error;
    }
  }

  #welcome(message: Welcome): void {
    if (message.client !== this.#link.client || message.seq !== this.#hello) return;
    this.#hello = null;
    if (message.flow) {
      this.#confirmed = message.flow;
      if (message.epoch !== this.#epoch) this.#heard = -1;
    } else if (message.epoch !== this.#epoch || !this.#catchUp(message)) {
      this.#rev = -1; // ask for the whole document
      this.#sayHello();
      return;
    }
    this.#epoch = message.epoch;
    this.#rev = message.rev;
    this.#canUndo = message.undo;
    this.#canRedo = message.redo;
    this.#refresh();
    // What was passed over while this welcome was on its way may be newer than it.
    if (this.#heard > this.#rev) this.#sayHello();
    // An answer may be among what was lost: asked again, the kernel tells it again.
    if (this.#pending.length > 0) this.#link.resend();
  }

  #catchUp(message: Welcome): boolean {
    for (const { rev, ops } of message.changes ?? []) {
      if (rev <= this.#rev) continue;
      if (rev > this.#rev + 1 || !this.#confirm(ops, null)) return false;
      this.#rev = rev;
    }
    return this.#rev === message.rev;
  }

  #reject(message: Reject): void {
    if (!this.#isMine(message) || !this.#drop(message.seq)) return;
    this.#refresh();
    for (const listener of [...this.#rejections]) listener(message.message);
  }

  /** Puts what is pending on what is confirmed; what no longer fits is passed over, and the kernel will say so. */
  #refresh(): void {
    this.#pending = this.#pending.filter(({ rev }) => rev === null || rev > this.#rev);
    let shown = this.#confirmed;
    for (const edit of this.#pending) {
      if (edit.before !== shown) {
        edit.before = shown;
        edit.after = attempt(shown, edit.operations);
      }
      shown = edit.after ?? shown;
    }
    this.#publish(shown);
  }

  #take(document: FlowDocument): SyncSnapshot {
    return {
      document,
      flow: this.#snapshot?.document === document ? this.#snapshot.flow : readFlow(document),
      rev: this.#rev,
      epoch: this.#epoch,
      pending: this.#pending.length,
      canUndo: this.#canUndo,
      canRedo: this.#canRedo,
      ready: this.#rev >= 0,
    };
  }

  #publish(document: FlowDocument): void {
    this.#snapshot = this.#take(document);
    for (const listener of [...this.#listeners]) listener();
  }
}

function attempt(document: FlowDocument, operations: Operation[]): FlowDocument | null {
  try {
    return applyAll(document, operations)[0];
  } catch (error) {
    if (error instanceof OperationRejected) return null;
    throw error;
  }
}

function sameJson(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function useFlow(sync: DocumentSync): SyncSnapshot {
  return useSyncExternalStore(sync.subscribe, sync.snapshot, sync.snapshot);
}
