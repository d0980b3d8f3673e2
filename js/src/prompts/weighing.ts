// Weights of words, by keys: Ctrl ↑ and ↓ change what is selected, or the word at the caret, by a tenth.

export interface Weighed {
  text: string;
  /** What is selected then: the words, without their marks. */
  from: number;
  to: number;
}

export const STEP = 0.1;
const LEAST = 0.1;
const MOST = 3;

/** What stands around the words: `(` and `:1.2)`, `)1.2`, `)++`. */
const AFTER = /^(?::(-?\d+(?:\.\d+)?)\)|\)(-?\d+(?:\.\d+)?|\++|-+))/;

/** What one mark of `++` or `--` weighs, as compel has it. */
const PLUS = 1.1;
const MINUS = 0.9;

function weightOf(mark: string): number {
  if (mark.startsWith("+")) return PLUS ** mark.length;
  if (/^-+$/.test(mark)) return MINUS ** mark.length;
  return Number(mark);
}

/** The word at a caret, or the words of a selection without the blanks around them. */
function chosen(text: string, from: number, to: number): [number, number] {
  const [start, end] = from === to ? wordAt(text, from) : [from, to];
  const words = text.slice(start, end);
  const before = words.length - words.trimStart().length;
  return words.trim() === "" ? [start, start] : [start + before, start + before + words.trim().length];
}

const isOfWord = (letter: string | undefined) => letter !== undefined && /[^\s,.;:()[\]{}|<>"]/u.test(letter);

function wordAt(text: string, at: number): [number, number] {
  let [start, end] = [at, at];
  while (isOfWord(text[start - 1])) start -= 1;
  while (isOfWord(text[end])) end += 1;
  return [start, end];
}

/** The weight of words that marks stand around already, and where these begin and end. */
function markedAround(text: string, from: number, to: number) {
  if (text[from - 1] !== "(") return null;
  const after = AFTER.exec(text.slice(to, to + 24));
  const mark = after?.[1] ?? after?.[2];
  if (!after || mark === undefined) return null;
  return { weight: weightOf(mark), start: from - 1, end: to + after[0].length };
}

const written = (weight: number) => String(Number(weight.toFixed(2)));

/** Weighs words more or less; at 1 the marks go. Null where there are no words. */
export function weigh(text: string, from: number, to: number, by: number): Weighed | null {
  const [start, end] = chosen(text, from, to);
  if (start === end) return null;
  const words = text.slice(start, end);
  const around = markedAround(text, start, end) ?? { weight: 1, start, end };
  const weight = Math.min(MOST, Math.max(LEAST, Number((around.weight + by).toFixed(2))));
  const isPlain = Math.abs(weight - 1) < 0.005;
  const marked = isPlain ? words : `(${words}:${written(weight)})`;
  const at = around.start + (isPlain ? 0 : 1);
  return { text: text.slice(0, around.start) + marked + text.slice(around.end), from: at, to: at + words.length };
}
