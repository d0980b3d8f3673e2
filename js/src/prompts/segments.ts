// A prompt cut into pieces of one kind each, for what is drawn behind its letters.

import type { PromptReader, PromptReading, Span } from "../bridge/prompts";

export interface Segment {
  start: number;
  text: string;
  /** What it is part of: "comment", "variable", "alternatives", "past" (behind the cut). */
  kinds: readonly string[];
  weight: number;
  /** Which token it belongs to, where tokens are shown: neighbours are told apart by odd and even. */
  token: number | null;
}

interface Marked {
  start: number;
  end: number;
}

const holds = ({ start, end }: Marked, at: number) => start <= at && at < end;

/** The weight where it is: of the innermost words. */
function weightAt(weights: PromptReading["weights"], at: number): number {
  const around = weights.filter((each) => holds(each, at));
  return around.toSorted((one, other) => one.end - one.start - (other.end - other.start))[0]?.weight ?? 1;
}

function tokenAt(spans: readonly Span[], at: number): number | null {
  let [low, high] = [0, spans.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [start, end] = spans[middle] as Span;
    if (at < start) high = middle - 1;
    else if (at >= end) low = middle + 1;
    else return middle;
  }
  return null;
}

/** Where one piece ends and another begins. */
function borders(text: string, reading: PromptReading, spans: readonly Span[], cut: number | null): number[] {
  const marks = [...reading.weights, ...reading.variables, ...reading.alternatives, ...reading.comments];
  const all = [0, text.length, ...marks.flatMap(({ start, end }) => [start, end]), ...spans.flat()];
  if (cut !== null) all.push(cut);
  return [...new Set(all)].filter((at) => at >= 0 && at <= text.length).sort((one, other) => one - other);
}

/**
 * The pieces of a text that was read; of another one (it was typed on since) there is one piece.
 *
 * @param reader Whose tokens and cut are shown; null where nothing reads the text.
 * @param tokens Whether each token is a piece.
 */
export function segmentsOf(
  text: string,
  reading: PromptReading | null,
  reader: PromptReader | null,
  tokens: boolean,
): Segment[] {
  if (!reading || reading.text !== text) return [{ start: 0, text, kinds: [], weight: 1, token: null }];
  const spans = tokens && reader ? reader.spans : [];
  const cut = reader?.cut ?? null;
  const at = borders(text, reading, spans, cut);
  return at.slice(0, -1).map((start, place) => {
    const kinds = [
      reading.comments.some((each) => holds(each, start)) && "comment",
      reading.variables.some((each) => holds(each, start)) && "variable",
      reading.alternatives.some((each) => holds(each, start)) && "alternatives",
      cut !== null && start >= cut && "past",
    ].filter((kind) => kind !== false);
    const weight = weightAt(reading.weights, start);
    return { start, text: text.slice(start, at[place + 1]), kinds, weight, token: tokenAt(spans, start) };
  });
}

/** How strong a tint is: nothing at 1, all of it at 1.6 and at 0.4. */
export function tintOf(weight: number): number {
  return Math.min(1, Math.abs(weight - 1) / 0.6);
}

/** `sunset ×1.21`, for each that weighs something else than 1. */
export function weightWords(text: string, { weights }: PromptReading): { words: string; weight: number }[] {
  return weights
    .filter(({ weight }) => Math.abs(weight - 1) > 0.004)
    .map(({ start, end, weight }) => ({ words: text.slice(start, end).trim(), weight }))
    .filter(({ words }) => words !== "");
}
