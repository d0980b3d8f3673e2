// Results come as binary buffers of custom messages and live here as Blob URLs: never in a trait, which would store them
// in the notebook and send them again with every change.

import { useSyncExternalStore } from "react";
import { LIVE_VIEW, type LiveView, readLiveView } from "../media/liveView";
import type { KernelLink } from "./link";
import type { Ack, PreviewMessage, Request, ResultMessage } from "./protocol";

export type { ResultMessage } from "./protocol";

export interface Result {
  mime: string;
  /** True while the node is still being run. */
  preview: boolean;
  /** Where the bytes can be read; null for text, which is at hand. */
  url: string | null;
  text: string | null;
  /** Of the whole picture, in pixels; what is shown may be smaller. */
  size: [number, number] | null;
  /** How many items the list has; 1 for one. */
  count: number;
  /** In seconds. */
  took: number | null;
  cached: boolean;
  /** Of a sound or film; null where the kernel did not say. */
  seconds: number | null;
  /** How loud a sound is, 0 to 100. */
  peaks: readonly number[];
  /** Where a frame of a film can be read. */
  poster: string | null;
  /** How far a training is; its samples can be read where `url` says. */
  live: LiveView | null;
}

export type Results = ReadonlyMap<string, Result>;

/** What a node that asks lets one choose from comes as a result of a port of this name. */
export const CANDIDATES = "candidates";

/** A file says how it was made, a bare one does not. */
export type FileForm = "file" | "bare file";

/** Waits until a picture can be painted without a flicker. */
export type Decode = (url: string) => Promise<void>;

export function blobUrl(bytes: DataView, mime: string): string {
  // Copied, because the buffer may be a window into a larger message that would be kept alive by it.
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return URL.createObjectURL(new Blob([copy], { type: mime }));
}

async function decodeImage(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  await image.decode();
}

function isResultMessage(message: unknown): message is ResultMessage | PreviewMessage {
  const { type, node, port, mime } = (message ?? {}) as Partial<ResultMessage>;
  const isTyped = (type as string) === "preview" || type === "result";
  return isTyped && [node, port, mime].every((field) => typeof field === "string");
}

function read(message: ResultMessage | PreviewMessage, bytes: DataView, poster?: DataView): Result {
  const { mime } = message;
  const isText = mime.startsWith("text/");
  const about: Partial<ResultMessage> = message.type === "result" ? message : {};
  const live = mime === LIVE_VIEW ? readLiveView(bytes) : null;
  const url = live
    ? live.strip.byteLength > 0
      ? blobUrl(live.strip, "image/jpeg")
      : null
    : isText
      ? null
      : blobUrl(bytes, mime);
  return {
    mime,
    preview: message.type === "preview",
    url,
    text: isText ? new TextDecoder().decode(bytes) : null,
    size: about.size ?? null,
    count: about.count ?? 1,
    took: about.took ?? null,
    cached: about.cached ?? false,
    seconds: about.seconds ?? null,
    peaks: about.peaks ?? [],
    poster: about.poster && poster ? blobUrl(poster, "image/jpeg") : null,
    live: live?.view ?? null,
  };
}

function giveBack({ url, poster }: Result): void {
  for (const each of [url, poster]) if (each) URL.revokeObjectURL(each);
}

/** One per model, shared by all its views. Keys are port references (`n1.image`). */
export class ResultStore {
  #link: KernelLink | null;
  #decode: Decode | null;
  #results: Results = new Map();
  /** The newest of each port; a picture that is decoded after a newer one came is not shown any more. */
  #newest = new Map<string, Result>();
  /** In which run the result of each port came: a frame of that run that comes after it is late. */
  #doneIn = new Map<string, string>();
  #full = new Map<string, Promise<Result>>();
  #listeners = new Set<() => void>();

  constructor(link: KernelLink | null = null, decode: Decode | null = "Image" in globalThis ? decodeImage : null) {
    this.#link = link;
    this.#decode = decode;
    link?.on("preview", this.receive);
    link?.on("result", this.receive);
  }

  /** Takes a custom message; one that is not about a result is left to others. */
  readonly receive = (message: unknown, buffers: readonly DataView[]): void => {
    const bytes = buffers[0];
    if (!isResultMessage(message) || !bytes) return;
    const key = `${message.node}.${message.port}`;
    if (message.type === "result") {
      this.#doneIn.set(key, message.run ?? "");
    } else if (message.run !== undefined && this.#doneIn.get(key) === message.run) {
      this.#giveCredit(message);
      return;
    }
    const result = read(message, bytes, buffers[1]);
    this.#newest.set(key, result);
    if (!result.url || !this.#decode || !(result.live || result.mime.startsWith("image/"))) {
      this.#show(key, result, message);
    } else {
      // A picture that cannot be decoded is shown as broken, and the next frame may come all the same.
      const shown = () => this.#show(key, result, message);
      this.#decode(result.url).then(shown, shown);
    }
  };

  /**
   * Asks for a result as it is, not as a small picture: any item of a list.
   *
   * @param full False is small enough all the same.
   * @throws Error with words, where the kernel has it no more.
   */
  want(node: string, port: string, item = 0, full = true): Promise<Result> {
    const key = `${node}.${port}`;
    const name = `${key}#${item}${full ? "" : " small"}`;
    const known = this.#full.get(name);
    if (known) return known;
    const result = this.#ask(node, port, item, full);
    this.#full.set(name, result);
    result.catch(() => this.#full.delete(name));
    return result;
  }

  /**
   * Asks for the file of a result, in the form in which it is saved.
   *
   * @throws Error with words, where the kernel has it no more.
   */
  async file(node: string, port: string, item: number, form: FileForm): Promise<{ name: string; url: string }> {
    const { answer, bytes } = await this.#request({ type: "want", node, port, item, as: form });
    return { name: answer.file ?? `${node}.${port}`, url: blobUrl(bytes, "application/octet-stream") };
  }

  /** Forgets the results of nodes that are gone. */
  keep(nodes: ReadonlySet<string>): void {
    this.#keep((key) => nodes.has(key.slice(0, key.indexOf("."))));
  }

  /** Forgets one result. */
  drop(reference: string): void {
    this.#keep((key) => key !== reference);
  }

  #keep(isKept: (key: string) => boolean): void {
    for (const key of [...this.#newest.keys()].filter((key) => !isKept(key))) {
      this.#newest.delete(key);
      this.#forgetFull(key);
    }
    const next = new Map([...this.#results].filter(([key]) => isKept(key)));
    if (next.size < this.#results.size) this.#replace(next);
  }

  clear(): void {
    this.keep(new Set());
  }

  readonly snapshot = (): Results => this.#results;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #show(key: string, result: Result, message: ResultMessage | PreviewMessage): void {
    if (this.#newest.get(key) === result) {
      if (!result.preview) this.#forgetFull(key);
      this.#replace(new Map(this.#results).set(key, result));
    } else giveBack(result);
    this.#giveCredit(message);
  }

  #giveCredit(message: ResultMessage | PreviewMessage): void {
    if (message.type !== "preview" || typeof message.frame !== "number") return;
    this.#link?.tell({ type: "credit", node: message.node, frame: message.frame });
  }

  async #request(wanted: Request): Promise<{ answer: Ack; buffers: readonly DataView[]; bytes: DataView }> {
    const answer = await this.#link?.request(wanted);
    const bytes = answer?.buffers[0];
    if (answer?.type === "ack" && bytes) return { answer, buffers: answer.buffers, bytes };
    throw new Error(answer?.type === "reject" ? answer.message : "There is no such result. Run the flow again.");
  }

  async #ask(node: string, port: string, item: number, full: boolean): Promise<Result> {
    const { answer, buffers, bytes } = await this.#request({
      type: "want",
      node,
      port,
      item,
      ...(full ? { full } : {}),
    });
    const { mime = "application/octet-stream", size, seconds, peaks, poster } = answer;
    const about = { ...(size && { size }), ...(seconds !== undefined && { seconds }), ...(peaks && { peaks }) };
    const message: ResultMessage = { type: "result", node, port, mime, ...about, ...(poster && { poster }) };
    return read(message, bytes, buffers[1]);
  }

  #forgetFull(key: string): void {
    for (const [name, result] of [...this.#full].filter(([name]) => name.startsWith(`${key}#`))) {
      this.#full.delete(name);
      result.then(giveBack, () => {});
    }
  }

  #replace(next: Results): void {
    const dropped = [...this.#results].filter(([key, result]) => next.get(key) !== result);
    this.#results = next;
    for (const listener of [...this.#listeners]) listener();
    for (const [, result] of dropped) giveBack(result);
  }
}

export function useResults(store: ResultStore): Results {
  return useSyncExternalStore(store.subscribe, store.snapshot, store.snapshot);
}
