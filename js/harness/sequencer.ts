// The order of requests of one page, as the kernel keeps it: each is handled once, in order; one that comes again is
// answered again, without being done again.

import type { JsonObject } from "../src/flow/document";

export interface Request extends Record<string, unknown> {
  type: string;
  client: string;
  seq: number;
}

export interface Reply {
  message: JsonObject;
  buffers: ArrayBuffer[];
}

/** What changes nothing is done again: an old answer would tell of an old state. */
const AGAIN = new Set(["hello", "want", "versions", "compare", "picture", "why", "timeline", "run_state"]);

export class Sequencer {
  #next = 1;
  #early = new Map<number, { request: Request; buffers: ArrayBuffer[] }>();
  #answers = new Map<number, Reply>();

  /** Hands on what is next, and whatever it was that waited for it. */
  take(request: Request, buffers: ArrayBuffer[], handle: Handle, again: (reply: Reply) => void): void {
    if (request.seq > this.#next) {
      this.#early.set(request.seq, { request, buffers });
      return;
    }
    if (request.seq < this.#next) {
      const answered = this.#answers.get(request.seq);
      if (AGAIN.has(request.type)) handle(request, buffers);
      else if (answered) again(answered);
      return;
    }
    this.#next += 1;
    handle(request, buffers);
    const waiting = this.#early.get(this.#next);
    if (!waiting) return;
    this.#early.delete(this.#next);
    this.take(waiting.request, waiting.buffers, handle, again);
  }

  keep(seq: number, reply: Reply): void {
    this.#answers.set(seq, reply);
  }
}

export type Handle = (request: Request, buffers: ArrayBuffer[]) => void;
