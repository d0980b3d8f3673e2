// What the page knows of a training, as its kernel tells it.

import { blobUrl } from "../bridge/results";
import { Store } from "../editor/store";
import type { JsonObject } from "../flow/document";
import { type LiveView, readLiveView } from "../media/liveView";
import { type Kernel, type Problem, wordsOf } from "./kernel";

export interface Training {
  name: string;
  status: "waiting" | "running" | "stopped" | "finished" | "failed";
  note: string;
  error: string;
  weights: string;
  trigger: string;
  code: string;
  problems: readonly Problem[];
  view: LiveView | null;
}

/** Where the samples of a live view can be read; the same as long as they are the same. */
export interface Strip {
  head: LiveView["strip"];
  url: string;
}

export class Watch {
  readonly training = new Store<Training | null>(null);
  readonly strip = new Store<Strip | null>(null);
  /** What went wrong with the last request. */
  readonly words = new Store("");
  /** Stop was pressed, and the training has not ended. */
  readonly stopping = new Store(false);
  #kernel: Kernel;
  #newest = "";

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.on("training", (message, buffers) => this.take(message, buffers));
    const about = kernel.ask<{ about: JsonObject }>("about");
    about.then(
      ({ about, buffers }) => this.take(about, buffers),
      (error) => this.words.set(wordsOf(error)),
    );
  }

  take(message: JsonObject, buffers: readonly DataView[]): void {
    const read = buffers[0] ? readLiveView(buffers[0]) : null;
    const told = message as unknown as Training;
    if (told.status !== "running") this.stopping.set(false);
    if (read) void this.#show(read.view, read.strip);
    // The training knows best: its folder says nothing yet of one that waits for the worker.
    this.training.set({ ...told, view: read && { ...read.view, status: told.status } });
  }

  /** Samples are painted when they can be, so that nothing flickers. */
  async #show({ strip }: LiveView, bytes: DataView): Promise<void> {
    const of = JSON.stringify([strip, bytes.byteLength]);
    if (of === this.#newest) return;
    this.#newest = of;
    const before = this.strip.get();
    const url = bytes.byteLength > 0 ? blobUrl(bytes, "image/jpeg") : "";
    if (url) {
      const image = new Image();
      image.src = url;
      await image.decode().catch(() => {});
    }
    if (of !== this.#newest) return URL.revokeObjectURL(url);
    this.strip.set(url ? { head: strip, url } : null);
    if (before) URL.revokeObjectURL(before.url);
  }

  async stop(): Promise<void> {
    this.stopping.set(true);
    await this.#do("stop");
  }

  async resume(): Promise<void> {
    await this.#do("resume");
  }

  /** A sample as it was painted; where it can be read. */
  async sample(step: number, prompt: number): Promise<string> {
    const { buffers } = await this.#kernel.ask("sample", { step, prompt });
    return buffers[0] ? blobUrl(buffers[0], "image/png") : "";
  }

  async #do(type: string): Promise<void> {
    this.words.set("");
    try {
      await this.#kernel.ask(type);
    } catch (error) {
      this.stopping.set(false);
      this.words.set(wordsOf(error));
    }
  }
}
