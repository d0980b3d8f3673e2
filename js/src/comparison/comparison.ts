// What the page knows of a comparison, as its kernel tells it; stars show at once.

import { blobUrl } from "../bridge/results";
import { Store } from "../editor/store";
import { Thumbnails } from "../finetuning/dataset";
import { type Kernel, wordsOf } from "../finetuning/kernel";
import type { JsonObject } from "../flow/document";
import type { Axis, Cell } from "./grid";

export interface State {
  name: string;
  /** How many runs it is. */
  words: string;
  status: "running" | "stopping" | "stopped" | "finished";
  note: string;
  /** Why it was stopped, where nobody did it: a budget would be exceeded. */
  error: string;
  /** Seconds. */
  left: number | null;
  /** What it is sorted by; empty is the grid. */
  order: string;
  scores: readonly string[];
  axes: readonly Axis[];
  cells: readonly Cell[];
}

export class Comparison {
  readonly state = new Store<State | null>(null);
  /** What went wrong with the last request. */
  readonly words = new Store("");
  readonly thumbnails: Thumbnails;
  #kernel: Kernel;
  /** Cells that came before all were known. */
  #early: JsonObject[] = [];
  #inSight = new Set<number>();
  /** What was set here and not confirmed yet, with how often: the kernel may still tell what was before. */
  #unconfirmed = new Map<number | "order", number>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.thumbnails = new Thumbnails(kernel);
    kernel.on("comparison", (message) => this.take(message));
    kernel.ask<{ about: JsonObject }>("about").then(
      ({ about }) => {
        this.state.set(about as unknown as State);
        for (const message of this.#early.splice(0)) this.take(message);
        this.#want();
      },
      (error) => this.words.set(wordsOf(error)),
    );
  }

  /** Takes the state, and cells that are other than before. */
  take(message: JsonObject): void {
    const before = this.state.get();
    if (!before) return void this.#early.push(message);
    const told = message as unknown as State;
    const order = this.#unconfirmed.has("order") ? before.order : told.order;
    const changed = told.cells.map((cell) =>
      this.#unconfirmed.has(cell.number) ? { ...cell, stars: before.cells[cell.number]?.stars ?? 0 } : cell,
    );
    this.state.set({ ...before, ...told, order, axes: before.axes, cells: withCells(before.cells, changed) });
    this.#want();
  }

  /** Takes notice of which cells are in sight; their pictures are fetched. */
  see(number: number, isSeen: boolean): void {
    if (isSeen) this.#inSight.add(number);
    else this.#inSight.delete(number);
    this.#want();
  }

  #want(): void {
    const cells = this.state.get()?.cells ?? [];
    this.thumbnails.want([...this.#inSight].filter((number) => cells[number]?.size).map(String));
  }

  async rate(number: number, stars: number): Promise<void> {
    const before = this.state.get();
    const cell = before?.cells[number];
    if (!before || !cell || cell.stars === stars) return;
    this.state.set({ ...before, cells: withCells(before.cells, [{ ...cell, stars }]) });
    await this.#set(number, "rate", { cell: number, stars });
  }

  async sort(by: string): Promise<void> {
    this.state.update((state) => state && { ...state, order: by });
    await this.#set("order", "sort", { by });
  }

  async stop(): Promise<void> {
    this.state.update((state) => state && { ...state, status: "stopping" });
    await this.#do("stop");
  }

  async resume(fields: { failed?: boolean; over_budget?: boolean } = {}): Promise<void> {
    await this.#do("resume", { ...fields });
  }

  /** A picture as it was made; where it can be read. */
  async picture(number: number): Promise<string> {
    const { buffers } = await this.#kernel.ask("picture", { cell: number });
    return buffers[0] ? blobUrl(buffers[0], "image/png") : "";
  }

  async #set(what: number | "order", type: string, fields: JsonObject): Promise<void> {
    this.#unconfirmed.set(what, (this.#unconfirmed.get(what) ?? 0) + 1);
    await this.#do(type, fields);
    const left = (this.#unconfirmed.get(what) ?? 1) - 1;
    if (left > 0) this.#unconfirmed.set(what, left);
    else this.#unconfirmed.delete(what);
  }

  async #do(type: string, fields: JsonObject = {}): Promise<void> {
    this.words.set("");
    try {
      await this.#kernel.ask(type, fields);
    } catch (error) {
      this.words.set(wordsOf(error));
    }
  }
}

function withCells(before: readonly Cell[], changed: readonly Cell[]): readonly Cell[] {
  if (changed.length === 0) return before;
  const cells = [...before];
  for (const cell of changed) cells[cell.number] = cell;
  return cells;
}
