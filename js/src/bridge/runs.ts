// Which run is on, how far each node is, and which runs wait for it: `RunFeed` tells of states, messages of progress.

import { useSyncExternalStore } from "react";
import type { Over } from "./costs";
import { type KernelLink, LATE_MS, mint } from "./link";
import type {
  ItemError,
  NodeRunState,
  NodeRunTrait,
  Problem,
  ProgressMessage,
  Refused,
  Request,
  RunStateTrait,
  RunStatus,
} from "./protocol";
import { RunFeed } from "./runFeed";

export interface NodeRun {
  state: NodeRunState;
  /** Null while nothing is known of how much there is. */
  fraction: number | null;
  /** What is being done; what is asked. */
  note: string;
  /** In seconds; null while it is not known. */
  took: number | null;
  cached: boolean;
  /** In words; null where it did not fail. */
  error: string | null;
  traceback: string | null;
  /** Which item (from 0) of how many. */
  item: [number, number] | null;
  /** How many items it is mapped over; null where it is not. */
  items: number | null;
  itemErrors: readonly ItemError[];
  /** How many of its items failed. */
  failedItems: number;
  /** How many candidates there are to choose from, while it is asking. */
  count: number;
  /** When it began what its note says, in ms; null while it is not running. */
  since: number | null;
}

export interface Refusal {
  message: string;
  problems: Problem[];
  /** The budgets that it would exceed; empty where that is not why. */
  over: readonly Over[];
  /** What was to be run. */
  targets: string[] | null;
}

export interface RunSnapshot {
  run: string | null;
  status: RunStatus;
  nodes: ReadonlyMap<string, NodeRun>;
  /** How many runs wait for this one to end. */
  queued: number;
  /** It waits itself, for a run of another flow. */
  waits: boolean;
  /** Stop was pressed and the run is not over. */
  stopping: boolean;
  /** The kernel has not answered Stop for half a second: a cell is running. */
  stopLate: boolean;
  /** Why the last run was not started; null where it was. */
  refused: Refusal | null;
}

const IDLE: RunSnapshot = {
  run: null,
  status: "idle",
  nodes: new Map(),
  queued: 0,
  waits: false,
  stopping: false,
  stopLate: false,
  refused: null,
};
/** A second click so soon belongs to the first. */
const DOUBLE_MS = 400;

/** One per model, shared by its views. */
export class RunStore {
  #link: KernelLink;
  #feed: RunFeed;
  #snapshot: RunSnapshot = IDLE;
  #listeners = new Set<() => void>();
  /** The run that this page asked for and the kernel has not begun, as far as is known: the trait tells of another. */
  #started: string | null = null;
  /** Runs that this page wants to be queued, and the kernel has not told of yet. */
  #asked: string[] = [];
  /** Runs that this page asked for, with their targets. */
  #mine = new Map<string, string[] | null>();
  /** The last one: it may come before the state of its run does. */
  #refusal: Refused | null = null;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;
  #stoppedAt = 0;

  constructor(link: KernelLink) {
    this.#link = link;
    this.#feed = new RunFeed(link, () => this.#show());
    link.on("progress", (message) => this.#progress(message));
    link.on("refused", (message) => this.#refuse(message));
  }

  readonly snapshot = (): RunSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Starts a run and returns its id; it shows as running at once, or as queued where one is on.
   *
   * @param targets Ids of nodes or names of outputs; null is the whole flow.
   * @param overBudget Though it exceeds a budget.
   */
  start(targets: string[] | null, overBudget = false): string {
    const run = mint("r", 10);
    this.#mine.set(run, targets);
    if (this.#snapshot.status === "running") {
      this.#asked.push(run);
      this.#publish({ ...this.#snapshot, queued: this.#snapshot.queued + 1, refused: null });
    } else {
      this.#started = run;
      this.#endStop();
      this.#publish({ ...IDLE, run, status: "running" });
    }
    const request: Request = { type: "run", run, targets, ...(overBudget && { over_budget: true }) };
    void this.#link.request(request).then((answer) => {
      this.#asked = this.#asked.filter((each) => each !== run);
      if (this.#started === run) this.#started = null;
      if (answer.type === "reject") this.#refuse({ type: "refused", run, message: answer.message, problems: [] });
      else if (this.#feed.state?.queue?.includes(run)) this.#show();
    });
    return run;
  }

  /** Asks the kernel to stop the run that is on, and, asked again, at once; claims nothing before the kernel does. */
  stop(): void {
    const { run, status, stopping } = this.#snapshot;
    if (run === null || status !== "running" || (stopping && Date.now() - this.#stoppedAt < DOUBLE_MS)) return;
    this.#endStop();
    this.#stoppedAt = Date.now();
    this.#publish({ ...this.#snapshot, stopping: true });
    this.#stopTimer = setTimeout(() => {
      if (this.#snapshot.run === run && this.#snapshot.stopping) this.#publish({ ...this.#snapshot, stopLate: true });
    }, LATE_MS);
    void this.#link.request({ type: "stop", run, ...(stopping ? { now: true } : {}) }).then((answer) => {
      this.#endStop();
      if (this.#snapshot.run !== run) return;
      // A refused Stop says that there is nothing to stop: the trait will tell how it ended.
      this.#publish({ ...this.#snapshot, stopLate: false, stopping: answer.type === "ack" && this.#snapshot.stopping });
    });
  }

  /** Takes out what waits for the run that is on. */
  clearQueue(): void {
    const { queue = [], run: shown = null } = this.#feed.state ?? {};
    for (const run of new Set([...queue.filter((each) => each !== shown), ...this.#asked])) {
      void this.#link.request({ type: "stop", run });
    }
  }

  /** Goes on with one of the candidates of a node that asks; rejects in words. */
  async answer(node: string, pick: number): Promise<void> {
    const answer = await this.#link.request({ type: "answer", run: this.#snapshot.run ?? "", node, pick });
    if (answer.type === "reject") throw new Error(answer.message);
  }

  /** Takes the trait `run_state`. */
  readonly take = (trait: RunStateTrait | Record<string, never>): void => {
    if ("status" in trait) this.#feed.take(trait as RunStateTrait);
  };

  #show(): void {
    const { state } = this.#feed;
    if (!state || (this.#started !== null && state.run !== this.#started)) return;
    this.#started = null;
    const { run, nodes, queue = [] } = state;
    const waits = state.status === "queued";
    const status = state.status === "queued" ? "running" : state.status;
    const before = this.#snapshot;
    const same = before.run === run;
    const known = same ? before.nodes : new Map<string, NodeRun>();
    const stopping = same && before.stopping && status === "running";
    if (!stopping) this.#endStop();
    const read = Object.entries(nodes ?? {}).map(([id, node]): [string, NodeRun] => {
      const earlier = known.get(id);
      const next = readNode(node, earlier);
      return [id, earlier && isEqual(earlier, next) ? earlier : next];
    });
    const refused = same ? before.refused : this.#refusal?.run === run ? this.#read(this.#refusal) : null;
    const stopLate = stopping && before.stopLate;
    const unheard = this.#asked.filter((each) => each !== run && !queue.includes(each)).length;
    const queued = queue.filter((each) => each !== run).length + unheard;
    this.#publish({ run, status, nodes: new Map(read), queued, waits, stopping, stopLate, refused });
  }

  #progress(message: ProgressMessage): void {
    const { run, status } = this.#snapshot;
    if (message.run !== run || status !== "running") return;
    const nodes = new Map(this.#snapshot.nodes);
    for (const [id, { fraction, note, item }] of Object.entries(message.nodes)) {
      // Progress may overtake the trait that says that the node began.
      const before = nodes.get(id) ?? WAITING;
      if (before.state !== "running" && before.state !== "waiting") continue;
      const since = before.since !== null && before.note === (note ?? "") ? before.since : Date.now();
      nodes.set(id, { ...before, state: "running", fraction, note: note ?? "", item: item ?? null, since });
    }
    this.#publish({ ...this.#snapshot, nodes });
  }

  #refuse(refusal: Refused): void {
    const { run } = refusal;
    if (run !== this.#snapshot.run && !this.#mine.has(run)) return;
    this.#refusal = refusal;
    if (this.#started === run) this.#started = null;
    const refused = this.#read(refusal);
    const { state } = this.#feed;
    // Another run goes on, which is why this one was refused, or what it waited for.
    const other = state !== null && ["running", "queued"].includes(state.status) && state.run !== run;
    if (other) this.#show();
    else this.#endStop();
    this.#publish(other ? { ...this.#snapshot, refused } : { ...IDLE, run, status: "failed", refused });
  }

  #read({ run, message, problems, over }: Refused): Refusal {
    return { message, problems: problems ?? [], over: over ?? [], targets: this.#mine.get(run) ?? null };
  }

  /** Nothing more is said of the refusal of the last run. */
  forgive(): void {
    this.#refusal = null;
    if (this.#snapshot.refused) this.#publish({ ...this.#snapshot, status: "idle", refused: null });
  }

  #endStop(): void {
    clearTimeout(this.#stopTimer);
    this.#stopTimer = undefined;
  }

  #publish(next: RunSnapshot): void {
    this.#snapshot = next;
    for (const listener of [...this.#listeners]) listener();
  }
}

const WAITING: NodeRun = {
  state: "waiting",
  fraction: null,
  note: "",
  took: null,
  cached: false,
  error: null,
  traceback: null,
  item: null,
  items: null,
  itemErrors: [],
  failedItems: 0,
  count: 0,
  since: null,
};

function readNode(node: NodeRunTrait, earlier: NodeRun | undefined): NodeRun {
  const errors = node.item_errors ?? [];
  const goesOn = node.state === "running" && earlier?.state === "running";
  return {
    state: node.state,
    fraction: goesOn ? earlier.fraction : null,
    note: node.note ?? (goesOn ? earlier.note : ""),
    took: node.took ?? null,
    cached: node.cached ?? false,
    error: node.error ?? null,
    traceback: node.traceback ?? null,
    item: goesOn ? earlier.item : null,
    items: node.items ?? null,
    itemErrors: typeof errors === "number" ? [] : errors,
    failedItems: typeof errors === "number" ? errors : errors.length,
    count: node.count ?? 0,
    since: goesOn ? earlier.since : node.state === "running" ? Date.now() : null,
  };
}

/** So that a card whose node did not move keeps its object, and is not drawn again. */
function isEqual(one: NodeRun, other: NodeRun): boolean {
  return (Object.keys(one) as (keyof NodeRun)[]).every((key) =>
    key === "item" || key === "itemErrors" ? sameJson(one[key], other[key]) : one[key] === other[key],
  );
}

const sameJson = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export function useRuns(store: RunStore): RunSnapshot {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
