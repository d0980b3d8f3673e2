// What the kernel knows of models beyond the cards: what a file is, what a flow lacks, how far a download is, and what the
// worker holds in memory.

import { useSyncExternalStore } from "react";
import type { KernelLink } from "./link";
import type { AboutModel, Ack, GettingMessage, GettingModel, ModelFit, Request, ResidentModel } from "./protocol";

/** Until a worker that could not say whether a model fits is asked again; then twice as long, and so on. */
const FIT_AGAIN_MS = 4_000;

export type Gettings = ReadonlyMap<string, GettingModel>;

/** What is known of sources that were asked about; a text says why nothing is. */
export type Abouts = ReadonlyMap<string, AboutModel | string>;

/** One per model of anywidget, shared by its views. */
export class ModelDesk {
  #link: KernelLink;
  #gettings: Gettings = new Map();
  #abouts: Abouts = new Map();
  #asked = new Set<string>();
  #fits: ReadonlyMap<string, ModelFit> = new Map();
  #weighed = new Set<string>();
  #toWeigh: string[] = [];
  #patience = FIT_AGAIN_MS;
  #listeners = new Set<() => void>();

  constructor(link: KernelLink) {
    this.#link = link;
    link.on("getting", this.receive);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly gettings = (): Gettings => this.#gettings;

  readonly abouts = (): Abouts => this.#abouts;

  readonly receive = (message: unknown): void => {
    const { models } = message as GettingMessage;
    if (!Array.isArray(models)) return;
    const before = this.#gettings;
    this.#gettings = new Map(models.map((model) => [model.source, model]));
    for (const { source, state } of models) {
      if (state !== "done" || before.get(source)?.state === "done") continue;
      this.forget(source);
      this.#weighed.delete(source);
    }
    this.#tell();
  };

  /** What is known of a source now; asks the kernel where nothing is. */
  about(source: string): AboutModel | string | null {
    const known = this.#abouts.get(source);
    if (known === undefined && source !== "" && !this.#asked.has(source)) this.#ask(source);
    return known ?? null;
  }

  readonly fits = (): ReadonlyMap<string, ModelFit> => this.#fits;

  /** Whether a model fits into memory, as far as is known; asks the kernel where memory may have changed since. */
  fit(source: string): ModelFit | null {
    if (source !== "" && !this.#weighed.has(source)) {
      this.#weighed.add(source);
      if (this.#toWeigh.push(source) === 1) void this.#weigh();
    }
    return this.#fits.get(source) ?? null;
  }

  /** Memory may have changed: what is shown is asked for anew, and stands until that is known. */
  weighAnew(): void {
    this.#weighed.clear();
    this.#tellFits();
  }

  /** Asks for one model after another: a worker that is still starting answers late, and is asked once at a time. */
  async #weigh(): Promise<void> {
    // It grows while it is walked.
    for (const source of this.#toWeigh) {
      const answer = await this.#try({ type: "model_fit", source }).catch(() => null);
      if (answer?.fit) this.#tellFits(source, answer.fit);
      else if (answer) this.#weighLater(source);
    }
    this.#toWeigh = [];
  }

  #weighLater(source: string): void {
    setTimeout(() => {
      this.#weighed.delete(source);
      this.#tellFits();
    }, this.#patience);
    this.#patience *= 2;
  }

  #tellFits(...one: [] | [string, ModelFit]): void {
    this.#fits = new Map(one.length ? [...this.#fits, one] : this.#fits);
    this.#tell();
  }

  /** Has the Hub asked what it says of a source that has no card: its size, its licence. */
  async look(source: string): Promise<void> {
    this.#asked.add(source);
    const found = await this.#try({ type: "about_model", source, hub: true }).then(
      ({ about }) => about ?? "The Hub knows nothing of it.",
      (error: Error) => error.message,
    );
    this.#abouts = new Map(this.#abouts).set(source, found);
    this.#tell();
  }

  /** Asks anew the next time: its files have changed. */
  forget(source: string): void {
    this.#asked.delete(source);
    this.#abouts = new Map([...this.#abouts].filter(([key]) => key !== source));
  }

  /** Begins to get a model; words where the kernel does not. */
  async get(source: string): Promise<string | null> {
    const words = await this.#try({ type: "get_model", source }).then(
      () => null,
      (error: Error) => error.message,
    );
    if (words !== null) {
      const failed: GettingModel = { source, state: "failed", done: 0, total: 0, words };
      this.#gettings = new Map(this.#gettings).set(source, failed);
      this.#tell();
    }
    return words;
  }

  stop(source: string): void {
    void this.#link.request({ type: "stop_getting", source });
  }

  async missing(): Promise<AboutModel[]> {
    return (await this.#try({ type: "missing_models" })).missing ?? [];
  }

  async resident(): Promise<ResidentModel[]> {
    return (await this.#try({ type: "resident_models" })).resident ?? [];
  }

  /** Gives memory back: of one model, or (null) of all that nothing uses; the bytes that were freed. */
  async free(source: string | null): Promise<number> {
    const { freed } = await this.#try({ type: "free_model", source });
    this.weighAnew();
    return freed ?? 0;
  }

  #ask(source: string): void {
    this.#asked.add(source);
    const keep = (about: AboutModel | string) => {
      if (!this.#asked.has(source)) return;
      this.#abouts = new Map(this.#abouts).set(source, about);
      this.#tell();
    };
    this.#try({ type: "about_model", source }).then(
      ({ about }) => keep(about ?? "The kernel knows nothing of it."),
      (error: Error) => keep(error.message),
    );
  }

  /** Asks the kernel; throws its refusal. */
  async #try(request: Request): Promise<Ack> {
    const answer = await this.#link.request(request);
    if (answer.type === "ack") return answer;
    throw new Error(answer.type === "reject" ? answer.message : "The kernel gave no answer.");
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

export function useGettings(desk: ModelDesk): Gettings {
  return useSyncExternalStore(desk.subscribe, desk.gettings, desk.gettings);
}

/** Whether a model fits into memory; null while nobody has said, and for "". */
export function useFit(desk: ModelDesk, source: string): ModelFit | null {
  useSyncExternalStore(desk.subscribe, desk.fits, desk.fits);
  return desk.fit(source);
}

/** What a source is; null while nobody has said. It is asked for when it is first shown. */
export function useAbout(desk: ModelDesk, source: string): AboutModel | string | null {
  useSyncExternalStore(desk.subscribe, desk.abouts, desk.abouts);
  return desk.about(source);
}
