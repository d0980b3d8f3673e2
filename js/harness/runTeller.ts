// How the kernel in the page tells of a run: the trait at its start and end, numbered deltas in between, at most ten a
// second.

import type { NodeRunTrait, RunStateTrait, RunStatus } from "../src/bridge/protocol";
import type { JsonObject } from "../src/flow/document";

export interface Told {
  state(state: RunStateTrait): void;
  tell(message: JsonObject, buffers: ArrayBuffer[]): void;
}

const BETWEEN_MS = 100;

export class RunTeller {
  #told: Told;
  #state: RunStateTrait = { run: null, status: "idle", nodes: {}, seq: 0, queued: 0, queue: [] };
  #changed = new Map<string, NodeRunTrait>();
  #queueIsNew = false;
  #toldAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(told: Told) {
    this.#told = told;
  }

  get nodes(): Record<string, NodeRunTrait> {
    return this.#state.nodes;
  }

  /** The whole state, as the trait has it. */
  whole(): void {
    this.#flush();
    this.#told.state(this.#state);
  }

  begin(run: string, ids: string[], queue: string[]): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changed.clear();
    this.#queueIsNew = false;
    const nodes = Object.fromEntries(ids.map((id): [string, NodeRunTrait] => [id, { state: "waiting" }]));
    this.#state = { run, status: "running", nodes, seq: 0, queued: queue.length, queue };
    this.#told.state(this.#state);
  }

  node(id: string, node: NodeRunTrait): void {
    this.#state = { ...this.#state, nodes: { ...this.#state.nodes, [id]: node } };
    this.#changed.set(id, node);
    this.#soon();
  }

  queue(queue: string[]): void {
    this.#state = { ...this.#state, queued: queue.length, queue };
    this.#queueIsNew = true;
    this.#soon();
  }

  end(status: RunStatus): void {
    this.#flush();
    this.#state = { ...this.#state, status };
    this.#told.state(this.#state);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, this.#toldAt + BETWEEN_MS - Date.now()));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#changed.size === 0 && !this.#queueIsNew) return;
    const { run, queued = 0, queue = [] } = this.#state;
    const seq = (this.#state.seq ?? 0) + 1;
    const nodes = Object.fromEntries(this.#changed) as unknown as JsonObject;
    this.#told.tell({ type: "states", run, seq, nodes, ...(this.#queueIsNew ? { queued, queue } : {}) }, []);
    this.#state = { ...this.#state, seq };
    this.#changed.clear();
    this.#queueIsNew = false;
    this.#toldAt = Date.now();
  }
}
