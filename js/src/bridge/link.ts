// Requests to the kernel: numbered, answered exactly once, sent again while they are not answered. What the kernel tells
// by itself is handed to whoever listens for its type, in the order in which it came.

import type { JsonObject } from "../flow/document";
import type { Answer, Messages, Notice, Request } from "./protocol";

export interface Transport {
  send(message: JsonObject, buffers?: ArrayBuffer[]): void;
  /** Calls back with every message of the kernel; the function that is returned ends it. */
  onMessage(handler: (message: unknown, buffers: readonly DataView[]) => void): () => void;
}

export interface Sent {
  seq: number;
  answer: Promise<Answer>;
}

interface Waiting {
  seq: number;
  message: JsonObject;
  buffers: ArrayBuffer[] | undefined;
  sentAt: number;
  askedAt: number;
  urgent: boolean;
  resolve: (answer: Answer) => void;
}

type Handler = (message: never, buffers: readonly DataView[]) => void;

/** So that it can be read within half a second. */
export const LATE_MS = 450;
export const RESEND_MS = 5_000;
/** What a hand waits for; a picture that is asked for, or a save, may take its time. */
const URGENT = new Set(["ops", "undo", "redo", "run", "stop", "pin", "answer"]);

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** A name that nobody else has: `mint("r", 10)`. */
export function mint(prefix: string, length: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return prefix + Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** Whether a message of the kernel has a type; anything else on the channel is not ours. */
function typeOf(message: unknown): string {
  const { type } = (message ?? {}) as { type?: unknown };
  return typeof type === "string" ? type : "";
}

/** One per model, shared by all its views. `DocumentSync.start` says hello, which is the first request of a page. */
export class KernelLink {
  /** Fresh for every load of the page. */
  readonly client: string;
  #transport: Transport;
  #seq = 0;
  #waiting = new Map<number, Waiting>();
  #handlers = new Map<string, Set<Handler>>();
  #listeners = new Set<() => void>();
  #late = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #end: () => void;

  constructor(transport: Transport, client = mint("p", 10)) {
    this.client = client;
    this.#transport = transport;
    this.#end = transport.onMessage((message, buffers) => this.#receive(message, buffers));
  }

  /** Whether an edit, Run or Stop has waited for about half a second. */
  get late(): boolean {
    return this.#late;
  }

  readonly isLate = (): boolean => this.#late;

  /** Tells when `late` changes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Asks the kernel; a refusal is an answer too (`type: "reject"`, with words). */
  request(message: Request, buffers?: ArrayBuffer[]): Promise<Answer> {
    return this.send(message, buffers).answer;
  }

  /** As `request`, and says the number by which the answer will be known. */
  send(message: Request, buffers?: ArrayBuffer[]): Sent {
    this.#seq += 1;
    const seq = this.#seq;
    const full = { ...message, client: this.client, seq } as unknown as JsonObject;
    const now = Date.now();
    const urgent = URGENT.has(message.type);
    const answer = new Promise<Answer>((resolve) => {
      this.#waiting.set(seq, { seq, message: full, buffers, sentAt: now, askedAt: now, urgent, resolve });
    });
    this.#post(full, buffers);
    this.#watch();
    return { seq, answer };
  }

  /** Tells the kernel something that it does not answer. */
  tell(message: Notice): void {
    this.#post({ ...message, client: this.client } as unknown as JsonObject);
  }

  /** Hears every message of a type, whoever it is for. */
  on<Type extends keyof Messages>(
    type: Type,
    handler: (message: Messages[Type], buffers: readonly DataView[]) => void,
  ): () => void {
    const handlers = this.#handlers.get(type) ?? new Set<Handler>();
    this.#handlers.set(type, handlers.add(handler));
    return () => handlers.delete(handler);
  }

  /** Sends again, in order, what is not answered yet and was sent at least so long ago. */
  resend(age = 0): void {
    const now = Date.now();
    for (const waiting of this.#waiting.values()) {
      if (now - waiting.sentAt < age) continue;
      waiting.sentAt = now;
      this.#post(waiting.message, waiting.buffers);
    }
  }

  /** Ends the link; what waits is never answered. */
  close(): void {
    this.#end();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
  }

  /** A line that is closed is one that does not answer: what waits becomes late, and is sent again. */
  #post(message: JsonObject, buffers?: ArrayBuffer[]): void {
    try {
      this.#transport.send(message, buffers);
    } catch (error) {
      console.warn("pixelflow_widgets: the kernel cannot be reached.", error);
    }
  }

  #receive(message: unknown, buffers: readonly DataView[]): void {
    const type = typeOf(message);
    const { client, seq } = (message ?? {}) as { client?: unknown; seq?: unknown };
    const waiting = client === this.client && typeof seq === "number" ? this.#waiting.get(seq) : undefined;
    if (waiting) this.#waiting.delete(waiting.seq);
    try {
      for (const handler of [...(this.#handlers.get(type) ?? [])]) handler(message as never, buffers);
    } finally {
      waiting?.resolve({ ...(message as Messages["ack"]), buffers });
      if (waiting) this.#watch();
    }
  }

  /** Looks again when the next thing becomes late or is to be sent again. */
  #watch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = Date.now();
    const waiting = [...this.#waiting.values()];
    this.#setLate(waiting.some(({ urgent, askedAt }) => urgent && now - askedAt >= LATE_MS));
    const soonest = waiting.flatMap(({ urgent, askedAt, sentAt }) => {
      const late = urgent && now - askedAt < LATE_MS ? [askedAt + LATE_MS] : [];
      return [...late, sentAt + RESEND_MS];
    });
    if (soonest.length === 0) return;
    this.#timer = setTimeout(
      () => {
        this.resend(RESEND_MS);
        this.#watch();
      },
      Math.max(1, Math.min(...soonest) - now),
    );
  }

  #setLate(late: boolean): void {
    if (late === this.#late) return;
    this.#late = late;
    for (const listener of [...this.#listeners]) listener();
  }
}
