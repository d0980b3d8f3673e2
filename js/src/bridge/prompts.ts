// What the page asks about prompts, and what the kernel tells of them; pixelflow_widgets/widget/prompt_requests.py is the
// other half. Offsets count what a text area counts: UTF-16 code units.

import { useEffect, useSyncExternalStore } from "react";
import type { KernelLink } from "./link";

/** Where a prompt is written: a port of a node, or an input of the flow. */
export type PromptPlace = { node: string; port: string } | { input: string };

export type PromptRequest =
  | ({ type: "read_prompt"; text: string } & PromptPlace)
  | ({ type: "prompt_words" } & PromptPlace)
  | ({ type: "prompt_history" } & PromptPlace)
  | { type: "prompt_difference"; old: string; new: string }
  | { type: "prompt_styles" }
  | { type: "apply_style"; name: string; text: string }
  | { type: "save_style"; name: string; prompt: string; negative_prompt: string }
  | { type: "remove_style"; name: string };

/** What answers hold. */
export interface PromptAck {
  reading?: PromptReading;
  words?: AdapterWords[];
  /** Newest first. */
  prompts?: PastPrompt[];
  parts?: DifferencePart[];
  styles?: Style[];
}

export type Span = readonly [start: number, end: number];

interface Place {
  start: number;
  end: number;
}

/** One text encoder, or the tokenizer of a language model. */
export interface PromptReader {
  name: string;
  title: string;
  /** The title of the model that it belongs to. */
  model: string;
  count: number;
  /** Tokens that it reads at once; null: nobody knows of an end. */
  window: number | null;
  /** Those of them that are for the text. */
  usable: number | null;
  parts: number;
  /** Behind the last token that is read; null: everything is. */
  cut: number | null;
  spans: Span[];
}

export interface PromptReading {
  text: string;
  readers: PromptReader[];
  weights: (Place & { weight: number })[];
  variables: (Place & { name: string })[];
  alternatives: (Place & { options: number })[];
  comments: Place[];
  /** How many prompts the alternatives make; null where there are none, words where they are more than can be counted. */
  variants: number | string | null;
  notes: string[];
  heeds_weights: boolean;
  /** Titles of the models that read it. */
  models: string[];
}

/** The words that wake an adapter. */
export interface AdapterWords {
  source: string;
  title: string;
  words: string[];
}

export interface PastPrompt {
  text: string;
  node: string;
  /** Seconds since 1970. */
  when: number;
  run: string;
  /** Of a result, as `data:` URL; absent where none is kept. */
  thumbnail?: string;
}

export interface DifferencePart {
  kind: "same" | "added" | "removed";
  text: string;
}

export interface Style {
  name: string;
  prompt: string;
  negative_prompt: string;
  is_own: boolean;
}

export const READ_MS = 250;
const MOST_KEPT = 400;

interface Kept {
  /** Of the text that `reading` is of, and of what reads it. */
  key: string;
  reading: PromptReading | null;
}

/** How models read the prompts that are shown; one per model of anywidget. */
export class PromptDesk {
  #link: KernelLink;
  #kept = new Map<string, Kept>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #wanted = new Map<string, string>();
  #listeners = new Set<() => void>();

  constructor(link: KernelLink) {
    this.#link = link;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is known of a prompt: of its present text, or of the one before until that is read. */
  known(place: PromptPlace): PromptReading | null {
    return this.#kept.get(placeKey(place))?.reading ?? null;
  }

  /**
   * Has a text read, when nothing was typed for a moment; what is known already is not asked again.
   *
   * @param by Says what reads it: another model is asked anew.
   */
  read(place: PromptPlace, text: string, by: string): void {
    const at = placeKey(place);
    const key = `${by}\n${text}`;
    if (this.#wanted.get(at) === key) return;
    const isFirst = !this.#kept.has(at);
    this.#wanted.set(at, key);
    clearTimeout(this.#timers.get(at));
    this.#timers.set(
      at,
      setTimeout(() => void this.#ask(place, at, key, text), isFirst ? 0 : READ_MS),
    );
  }

  async #ask(place: PromptPlace, at: string, key: string, text: string): Promise<void> {
    const answer = await this.#link.request({ type: "read_prompt", text, ...place });
    // A newer text was typed meanwhile: its reading comes.
    if (this.#wanted.get(at) !== key) return;
    this.#kept.delete(at);
    this.#kept.set(at, { key, reading: (answer.type === "ack" && answer.reading) || null });
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) {
      this.#kept.delete(oldest);
      this.#wanted.delete(oldest);
    }
    for (const listener of [...this.#listeners]) listener();
  }
}

export function placeKey(place: PromptPlace): string {
  return "input" in place ? place.input : `${place.node}.${place.port}`;
}

/** How a prompt is read: of the text before while the kernel reads; null where nothing is known. */
export function useReading(desk: PromptDesk, place: PromptPlace, text: string, by: string): PromptReading | null {
  const at = placeKey(place);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a place is known by its key.
  useEffect(() => desk.read(place, text, by), [desk, at, text, by]);
  const read = () => desk.known(place);
  return useSyncExternalStore(desk.subscribe, read, read);
}
