// Which run is on, and how far each node is: the trait `run_state` tells transitions, messages tell progress.

import { useSyncExternalStore } from "react";
import { type KernelLink, LATE_MS, mint } from "./link";
import type { NodeRunState, Problem, ProgressMessage, Refused, RunStateTrait, RunStatus } from "./protocol";

export interface NodeRun {
  state: NodeRunState;
  /** Null while nothing is known of how much there is. */
  fraction: number | null;
  note: string;
  /** In seconds; null while it is not known. */
  took: number | null;
  cached: boolean;
  /** In words; null where it did not fail. */
  error: string | null;
  traceback: string | null;
  /** Which item of how many. */
  item: [number, number] | null;
  /** When it began what its note says, in ms; null while it is not running. */
  since: number | null;
}

export interface RunSnapshot {
  run: string | null;
  status: RunStatus;
  nodes: ReadonlyMap<string, NodeRun>;
  /** Stop was pressed and the run is not over. */
  stopping: boolean;
  /** The kernel has not answered Stop for half a second: a cell is running. */
  stopLate: boolean;
  /** Why the last run was not started; null where it was. */
  refused: { message: string; problems: Problem[] } | null;
}

const IDLE: RunSnapshot = {
  run: null,
  status: "idle",
  nodes: new Map(),
  stopping: false,
  stopLate: false,
  refused: null,
};

/** One per model, shared by its views. */
export class RunStore {
  #link: KernelLink;
  #snapshot: RunSnapshot = IDLE;
  #listeners = new Set<() => void>();
  /** The run that this page asked for and the kernel has not begun, as far as is known: the trait tells of another. */
  #started: string | null = null;
  #trait: RunStateTrait | null = null;
  #stopTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(link: KernelLink) {
    this.#link = link;
    link.on("progress", (message) => this.#progress(message));
    link.on("refused", (message) => this.#refuse(message));
  }

  readonly snapshot = (): RunSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /**
   * Starts a run and returns its id; it shows as running at once.
   *
   * @param targets Ids of nodes or names of outputs; null is the whole flow.
   */
  start(targets: string[] | null): string {
    const run = mint("r", 10);
    this.#started = run;
    this.#endStop();
    this.#publish({ ...IDLE, run, status: "running" });
    void this.#link.request({ type: "run", run, targets }).then((answer) => {
      if (this.#started === run) this.#started = null;
      if (answer.type === "reject") this.#refuse({ type: "refused", run, message: answer.message, problems: [] });
    });
    return run;
  }

  /** Asks the kernel to stop the run that is on; says nothing of success before the kernel does. */
  stop(): void {
    const { run, status } = this.#snapshot;
    if (run === null || status !== "running") return;
    this.#endStop();
    this.#publish({ ...this.#snapshot, stopping: true });
    this.#stopTimer = setTimeout(() => {
      if (this.#snapshot.run === run && this.#snapshot.stopping) this.#publish({ ...this.#snapshot, stopLate: true });
    }, LATE_MS);
    void this.#link.request({ type: "stop", run }).then((answer) => {
      this.#endStop();
      if (this.#snapshot.run !== run) return;
      // A refused Stop says that there is nothing to stop: the trait will tell how it ended.
      this.#publish({ ...this.#snapshot, stopLate: false, stopping: answer.type === "ack" && this.#snapshot.stopping });
    });
  }

  /** Takes the trait `run_state`. */
  readonly take = (trait: RunStateTrait | Record<string, never>): void => {
    if (!("status" in trait)) return;
    this.#trait = trait as RunStateTrait;
    const { run, status, nodes } = this.#trait;
    if (this.#started !== null && run !== this.#started) return;
    this.#started = null;
    const before = this.#snapshot;
    const same = before.run === run;
    const known = same ? before.nodes : new Map<string, NodeRun>();
    const stopping = same && before.stopping && status === "running";
    if (!stopping) this.#endStop();
    const read = Object.entries(nodes ?? {}).map(([id, node]): [string, NodeRun] => {
      const earlier = known.get(id);
      const running = node.state === "running" && earlier?.state === "running";
      const next: NodeRun = {
        state: node.state,
        fraction: running ? earlier.fraction : null,
        note: running ? earlier.note : "",
        took: node.took ?? null,
        cached: node.cached ?? false,
        error: node.error ?? null,
        traceback: node.traceback ?? null,
        item: running ? earlier.item : null,
        since: running ? earlier.since : node.state === "running" ? Date.now() : null,
      };
      return [id, earlier && isEqual(earlier, next) ? earlier : next];
    });
    const refused = same ? before.refused : null;
    const stopLate = stopping && before.stopLate;
    this.#publish({ run, status, nodes: new Map(read), stopping, stopLate, refused });
  };

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

  #refuse({ run, message, problems }: Refused): void {
    if (run !== this.#snapshot.run) return;
    this.#started = null;
    this.#endStop();
    const refused = { message, problems: problems ?? [] };
    const other = this.#trait?.status === "running" && this.#trait.run !== run ? this.#trait : null;
    // Another run goes on, which is why this one was refused.
    if (other) this.take(other);
    this.#publish(other ? { ...this.#snapshot, refused } : { ...IDLE, run, status: "failed", refused });
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
  since: null,
};

/** So that a card whose node did not move keeps its object, and is not drawn again. */
function isEqual(one: NodeRun, other: NodeRun): boolean {
  return (Object.keys(one) as (keyof NodeRun)[]).every((key) =>
    key === "item" ? one.item?.join() === other.item?.join() : one[key] === other[key],
  );
}

export function useRuns(store: RunStore): RunSnapshot {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
