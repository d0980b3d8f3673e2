// What is being typed, until it is a value. Nothing unreadable is ever sent, and nothing typed is ever lost: a text that
// does not fit stays, marked with what is wrong, while the old value stands.

import type { Json } from "../flow/document";
import type { Reading } from "./numbers";
import type { ControlProps } from "./props";
import { same } from "./values";

/** How long after the last key a text is read. */
export const PAUSE_MS = 300;

export interface TypingOptions extends Pick<ControlProps, "value" | "preset" | "onChange"> {
  format(value: Json): string;
  read(text: string): Reading;
  /** Typing is sent while it goes on; without it, only when it ends. */
  live?: boolean;
}

export interface Typed {
  text: string;
  problem: string | null;
}

/** One field's typing; `show` hears what the field shows instead of its value, and null when that is over. */
export class Typing {
  /** Of the newest render: timers, and the last act of a field that goes away, come later. */
  options: TypingOptions;
  focused = false;
  #typed: Typed | null = null;
  /** What Escape goes back to: what had been set when typing began. */
  #before: Json = null;
  /** The last value that was sent while typing. */
  #sent: Json | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #show: (typed: Typed | null) => void;

  constructor(options: TypingOptions, show: (typed: Typed | null) => void) {
    this.options = options;
    this.#show = show;
  }

  /** Takes what was typed; while an input method composes, it is shown and not read. */
  set(text: string, composing = false): void {
    this.#begin();
    this.#put({ text, problem: this.#typed?.problem ?? null });
    if (!composing) this.#timer = setTimeout(() => this.#check(), PAUSE_MS);
  }

  /** Sends a value that more of the same may follow: a step by ↑. */
  step(value: Json): void {
    this.#begin();
    this.#put({ text: this.options.format(value), problem: null });
    if (!same(value, this.options.value)) this.#send(value);
  }

  /** Sends a value that was not typed: a throw of the dice. */
  choose(value: Json): void {
    this.#end();
    this.options.onChange(value, "final");
  }

  /** Ends typing: the text becomes the value, if it can be read. */
  commit(): void {
    if (!this.#typed) return;
    const { text } = this.#typed;
    const { value, preset, read } = this.options;
    const reading = read(text);
    clearTimeout(this.#timer);
    if ("problem" in reading) {
      this.#put({ text, problem: reading.problem });
      return;
    }
    const unchanged = reading.value === null ? preset : same(reading.value, value);
    if (unchanged && this.#sent === undefined) this.#end();
    else this.#finish(reading.value);
  }

  /** Takes typing back; says whether there was any. */
  restore(): boolean {
    if (!this.#typed) return false;
    const { format, value } = this.options;
    const changed = this.#sent !== undefined || this.#typed.text !== format(value);
    if (this.#sent === undefined) this.#end();
    else this.#finish(this.#before);
    return changed;
  }

  /** The value has changed: one that came from elsewhere is shown, unless this field is in the middle of something. */
  receive(): void {
    if (!this.#typed || same(this.options.value, this.#sent)) return;
    const reading = this.options.read(this.#typed.text);
    const clean = this.#sent !== undefined && "value" in reading && same(reading.value, this.#sent);
    if (clean || !this.focused) this.#end();
  }

  #put(typed: Typed | null): void {
    this.#typed = typed;
    this.#show(typed);
  }

  #send(value: Json): void {
    this.#sent = value;
    this.options.onChange(value, "typing");
  }

  #begin(): void {
    if (!this.#typed) this.#before = this.options.preset ? null : this.options.value;
    clearTimeout(this.#timer);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#sent = undefined;
    this.#put(null);
  }

  /** The last value of a gesture belongs to the same step of undo as those before it. */
  #finish(value: Json): void {
    if (this.#sent !== undefined && !same(value, this.#sent)) this.#send(value);
    this.choose(value);
  }

  #check(): void {
    if (!this.#typed) return;
    const { text } = this.#typed;
    const { live, read, value } = this.options;
    const reading = read(text);
    this.#put({ text, problem: "problem" in reading ? reading.problem : null });
    // An emptied field is not yet a wish for the default, which would step in at once.
    if ("problem" in reading || !live || reading.value === null || same(reading.value, value)) return;
    this.#send(reading.value);
  }
}
