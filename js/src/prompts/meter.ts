// How full the windows of text encoders are, in numbers and words.

import type { PromptReader, PromptReading } from "../bridge/prompts";
import { countOf } from "../nodes/values";

/** "near": the end is near; "over": it is read in parts; "cut": what comes behind is not read. */
export type Tone = "calm" | "near" | "over" | "cut";

export interface Meter {
  reader: PromptReader;
  /** 0..1; null where there is no end. */
  fraction: number | null;
  tone: Tone;
  /** "23 / 75", "140 tokens" */
  count: string;
  /** What becomes of what is too long; empty where nothing is. */
  words: string;
}

const NEAR = 0.88;

export function fractionOf({ count, usable }: PromptReader): number | null {
  return usable === null || usable <= 0 ? null : count / usable;
}

function toneOf(reader: PromptReader): Tone {
  const fraction = fractionOf(reader);
  if (reader.cut !== null) return "cut";
  if (reader.parts > 1) return "over";
  return fraction !== null && fraction > NEAR ? "near" : "calm";
}

/** The last word before a cut: `cut after “…boat”`. */
export function cutWords(text: string, cut: number): string {
  const before = text.slice(0, cut).trimEnd();
  const words = before.split(/\s+/).slice(-1).join(" ");
  const short = words.length > 20 ? words.slice(-20) : words;
  return `cut after “${short.length < before.length ? "…" : ""}${short}”`;
}

function tooLong(text: string, { cut, parts }: PromptReader): string {
  if (cut !== null) return cutWords(text, cut);
  return parts > 1 ? countOf(parts, "part") : "";
}

const RANK: Record<Tone, number> = { calm: 0, near: 1, over: 2, cut: 3 };

export function meterOf(text: string, reader: PromptReader): Meter {
  const { count, usable } = reader;
  const words = tooLong(text, reader);
  const shown = usable === null ? countOf(count, "token") : `${count} / ${usable}`;
  const fraction = fractionOf(reader);
  return { reader, fraction, tone: toneOf(reader), count: shown, words };
}

/** The meter of the encoder that is fullest, of a text that something reads. */
export function fullest({ text, readers }: PromptReading): Meter | null {
  const meters = readers.map((reader) => meterOf(text, reader));
  const fuller = (one: Meter, other: Meter) =>
    RANK[other.tone] - RANK[one.tone] || (other.fraction ?? 0) - (one.fraction ?? 0);
  return meters.toSorted(fuller)[0] ?? null;
}

/** One line for each encoder, for who rests the pointer on the meter. */
export function meterLines({ text, readers, models, notes }: PromptReading): string {
  const lines = readers.map((reader) => {
    const { count, words } = meterOf(text, reader);
    const name = models.length > 1 ? `${reader.model}, ${reader.title}` : reader.title;
    return [`${name}: ${count}`, words].filter(Boolean).join(", ");
  });
  return [...lines, ...notes].join("\n");
}
