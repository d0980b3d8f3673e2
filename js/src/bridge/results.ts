// Results come as binary buffers of custom messages and live here as Blob URLs: never in a trait, which would store them
// in the notebook and send them again with every change.

import { useSyncExternalStore } from "react";

/** `{type: "preview" | "result", node, port, mime}` with the bytes in the first buffer. */
export interface ResultMessage {
  type: "preview" | "result";
  node: string;
  port: string;
  mime: string;
}

export interface Result {
  mime: string;
  /** True while the node is still being run. */
  preview: boolean;
  /** Where the bytes can be read; null for text, which is at hand. */
  url: string | null;
  text: string | null;
}

export type Results = ReadonlyMap<string, Result>;

function isResultMessage(message: unknown): message is ResultMessage {
  const { type, node, port, mime } = (message ?? {}) as Partial<ResultMessage>;
  return (type === "preview" || type === "result") && [node, port, mime].every((field) => typeof field === "string");
}

function decode(message: ResultMessage, bytes: DataView): Result {
  const { mime } = message;
  const preview = message.type === "preview";
  if (mime.startsWith("text/")) return { mime, preview, url: null, text: new TextDecoder().decode(bytes) };
  // Copied, because the buffer may be a window into a larger message that would be kept alive by it.
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return { mime, preview, url: URL.createObjectURL(new Blob([copy], { type: mime })), text: null };
}

/** One per model, shared by all its views. Keys are port references (`n1.image`). */
export class ResultStore {
  #results: Results = new Map();
  #listeners = new Set<() => void>();

  /** Takes a custom message; one that is not about a result is left to others. */
  readonly receive = (message: unknown, buffers: readonly DataView[]): void => {
    const bytes = buffers[0];
    if (!isResultMessage(message) || !bytes) return;
    const key = `${message.node}.${message.port}`;
    const next = new Map(this.#results);
    next.set(key, decode(message, bytes));
    this.#replace(next);
  };

  /** Forgets the results of nodes that are gone. */
  keep(nodes: ReadonlySet<string>): void {
    const next = new Map([...this.#results].filter(([key]) => nodes.has(key.slice(0, key.indexOf(".")))));
    if (next.size < this.#results.size) this.#replace(next);
  }

  clear(): void {
    if (this.#results.size > 0) this.#replace(new Map());
  }

  readonly snapshot = (): Results => this.#results;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #replace(next: Results): void {
    const dropped = [...this.#results].filter(([key, result]) => next.get(key) !== result);
    this.#results = next;
    for (const listener of this.#listeners) listener();
    for (const [, { url }] of dropped) if (url) URL.revokeObjectURL(url);
  }
}

export function useResults(store: ResultStore): Results {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
