// The state of the newest run, put together: the trait `run_state` is whole and seldom, the messages `states` tell what
// has changed since. Messages overtake traits on their way, so what comes early is held.

import type { KernelLink } from "./link";
import type { RunStateTrait, StatesMessage } from "./protocol";

/** How long a trait may be behind the messages that build on it. */
const PATIENCE_MS = 500;
const MOST_HELD = 500;
/** A kernel that has not told in so many tries never will. */
const MOST_ASKED = 10;

export class RunFeed {
  #link: KernelLink;
  #changed: () => void;
  #state: RunStateTrait | null = null;
  #held: StatesMessage[] = [];
  /** What was put on the trait: the next one may hold less of it, and more besides. */
  #log: StatesMessage[] = [];
  #asked = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed Is told whenever there is another state. */
  constructor(link: KernelLink, changed: () => void) {
    this.#link = link;
    this.#changed = changed;
    link.on("states", (message) => this.#hear(message));
  }

  get state(): RunStateTrait | null {
    return this.#state;
  }

  /** Takes the trait; what is known to have changed after it is put on it again. */
  take(trait: RunStateTrait): void {
    const known = this.#state;
    const same = known?.run === trait.run;
    const later = same ? this.#log.filter(({ seq }) => seq > seqOf(trait)) : [];
    if (same && later.length < seqOf(known) - seqOf(trait)) return;
    this.#state = later.reduce(after, trait);
    this.#log = later;
    this.#held = this.#held.filter(({ run, seq }) => run !== trait.run || seq > seqOf(this.#state ?? trait));
    this.#apply();
    this.#wait();
    this.#changed();
  }

  #hear(message: StatesMessage): void {
    const known = this.#state;
    if (known?.run === message.run && message.seq <= seqOf(known)) return;
    this.#held = [...this.#held, message].slice(-MOST_HELD);
    const applied = this.#apply();
    this.#wait();
    if (applied) this.#changed();
  }

  /** Puts on what follows without a gap. */
  #apply(): boolean {
    const before = this.#state;
    for (;;) {
      const state = this.#state;
      const next = this.#held.find(({ run, seq }) => run === state?.run && seq === seqOf(state) + 1);
      if (!state || !next) return state !== before;
      this.#state = after(state, next);
      this.#log = [...this.#log, next].slice(-MOST_HELD);
      this.#held = this.#held.filter((each) => each !== next);
    }
  }

  /** What goes before the held ones is lost, or the trait is late: the whole state is asked for. */
  #wait(): void {
    if (this.#held.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#asked = 0;
    }
    if (this.#held.length === 0 || this.#timer !== undefined) return;
    const lost = () => this.#held.some(({ run }) => run === this.#state?.run);
    if (lost()) this.#ask();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#asked >= MOST_ASKED) this.#held = [];
      else if (!lost()) this.#ask();
      this.#wait();
    }, PATIENCE_MS);
  }

  #ask(): void {
    this.#asked += 1;
    void this.#link.request({ type: "run_state" });
  }
}

function after(state: RunStateTrait, { nodes, seq, queue = state.queue }: StatesMessage): RunStateTrait {
  return { ...state, nodes: { ...state.nodes, ...nodes }, seq, ...(queue ? { queue } : {}) };
}

const seqOf = ({ seq }: RunStateTrait): number => seq ?? 0;
