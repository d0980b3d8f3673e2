// What runs cost: the next one, as an estimate; the last one; all so far; budgets. The kernel's half is
// pixelflow_widgets/widget/usage_requests.py.

import { useSyncExternalStore } from "react";
import type { KernelLink } from "./link";
import type { RunStore } from "./runs";
import type { DocumentSync } from "./sync";

export type CostRequest =
  | { type: "estimate" }
  | { type: "used"; run: string }
  | { type: "costs" }
  | { type: "set_budget"; budget: Budget };

/** What answers hold. */
export interface CostAck {
  /** Absent where the flow cannot run. */
  estimate?: Estimate;
  /** Absent where nothing is kept of the run. */
  used?: Used;
  costs?: Costs;
}

export interface NodeEstimate {
  node: string;
  title: string;
  model: string;
  /** Null where nothing like it was done here yet. */
  seconds: number | null;
  input_tokens: number | null;
  output_tokens: number;
  money: number | null;
  is_least: boolean;
}

/** Seconds are of this machine, money is at most what it comes to; null is "not known". */
export interface Estimate {
  /** The longest first; not all of many. */
  nodes: NodeEstimate[];
  /** How many will run. */
  ran: number;
  /** How many need not. */
  fresh: number;
  seconds: number | null;
  input_tokens: number;
  output_tokens: number;
  money: number | null;
  currency: string;
  /** Of how many nodes nobody knows how long they take. */
  unknown_seconds: number;
  unpriced: string[];
  is_least: boolean;
  notes: string[];
  words: string;
}

export interface Used {
  input_tokens: number;
  output_tokens: number;
  images: number;
  /** Null where a price is not known. */
  money: number | null;
  currency: string;
}

export interface Over {
  budget: "run" | "flow" | "day";
  unit: "money" | "seconds" | "tokens";
  limit: number;
  left: number;
  needed: number | null;
  reason: string;
}

/** `run`, `flow`, `day` in money; `run_seconds`, `day_tokens` … in other units; null takes one away. */
export type Budget = Record<string, number | null>;

export interface Sums {
  nodes: number;
  found: number;
  input_tokens: number;
  cached_tokens: number;
  output_tokens: number;
  images: number;
  seconds: number;
  money: number;
  /** How many nodes have no price. */
  unpriced: number;
}

export interface Costs {
  currency: string;
  /** So many days back. */
  days: number;
  today: Sums;
  total: Sums;
  of_flow: Sums;
  by_model: (Sums & { model: string })[];
  /** The oldest first. */
  by_day: (Sums & { day: string })[];
  rates: { model: string; name: string; date: string; is_free: boolean }[];
  rates_file: string;
  budget: Record<string, number>;
  left: Record<string, Record<string, number>>;
}

/** After the last edit. */
export const ESTIMATE_MS = 700;

interface Snapshot {
  /** Null while nobody has said, and where the flow cannot run. */
  estimate: Estimate | null;
  /** Of the run that ended last. */
  used: Used | null;
}

/** What the next run will cost and what the last one did; one per model of anywidget. */
export class CostDesk {
  #link: KernelLink;
  #sync: DocumentSync;
  #runs: RunStore;
  #snapshot: Snapshot = { estimate: null, used: null };
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The revision and the run after which was asked last. */
  #asked = "";
  #status: string;
  #isClosed = false;
  #ends: (() => void)[];

  constructor(link: KernelLink, sync: DocumentSync, runs: RunStore) {
    this.#link = link;
    this.#sync = sync;
    this.#runs = runs;
    this.#status = runs.snapshot().status;
    this.#ends = [sync.subscribe(() => this.#look()), runs.subscribe(() => this.#followRun())];
  }

  readonly snapshot = (): Snapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    // Nobody is asked before somebody looks.
    this.#look();
    return () => this.#listeners.delete(listener);
  };

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const end of this.#ends) end();
  }

  #followRun(): void {
    const { run, status } = this.#runs.snapshot();
    const before = this.#status;
    this.#status = status;
    if (status === before) return;
    if (status === "running") this.#publish({ ...this.#snapshot, used: null });
    else if (before === "running" && run !== null) void this.#askUsed(run);
    this.#look();
  }

  /** Asks when hands have rested, nothing is under way, and no run is on. */
  #look(): void {
    clearTimeout(this.#timer);
    const { rev, epoch, pending, ready } = this.#sync.snapshot();
    const { run, status } = this.#runs.snapshot();
    const asked = `${epoch} ${rev} ${run} ${status}`;
    const isBusy = !ready || pending > 0 || status === "running";
    if (this.#isClosed || isBusy || asked === this.#asked || this.#listeners.size === 0) return;
    this.#timer = setTimeout(() => void this.#ask(asked), ESTIMATE_MS);
  }

  async #ask(asked: string): Promise<void> {
    this.#asked = asked;
    const answer = await this.#link.request({ type: "estimate" });
    // What was edited meanwhile is asked about by itself.
    if (this.#asked !== asked) return;
    const estimate = (answer.type === "ack" && answer.estimate) || null;
    this.#publish({ ...this.#snapshot, estimate });
  }

  async #askUsed(run: string): Promise<void> {
    const answer = await this.#link.request({ type: "used", run });
    const isLast = this.#runs.snapshot().run === run && this.#runs.snapshot().status !== "running";
    if (isLast) this.#publish({ ...this.#snapshot, used: (answer.type === "ack" && answer.used) || null });
  }

  #publish(next: Snapshot): void {
    this.#snapshot = next;
    for (const listener of [...this.#listeners]) listener();
  }
}

export function useCosts(desk: CostDesk): Snapshot {
  return useSyncExternalStore(desk.subscribe, desk.snapshot, desk.snapshot);
}
