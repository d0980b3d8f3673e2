// Prompts as the kernel in the page reads them: a token is a word or a sign, windows are those of the real encoders.

import type {
  AdapterWords,
  DifferencePart,
  PastPrompt,
  PromptPlace,
  PromptReader,
  PromptReading,
  Style,
} from "../src/bridge/prompts";
import { type Flow, type Json, type JsonObject, splitPort } from "../src/flow/document";
import { modelsReading } from "../src/flow/modelFeed";
import type { NodeTypes } from "../src/flow/nodeType";
import { OperationRejected } from "../src/flow/operations";
import type { Request } from "./sequencer";

type Window = [name: string, title: string, usable: number | null, isChunked: boolean];

const WINDOWS: Record<string, Window[]> = {
  starter: [["text_encoder", "Scenes", 30, false]],
  sdxl: [
    ["text_encoder", "CLIP L", 75, true],
    ["text_encoder_2", "CLIP G", 75, true],
  ],
  "smollm2-135m": [["tokenizer", "Tokens", null, false]],
};

function readBy([name, title, usable, isChunked]: Window, text: string, model: string): PromptReader {
  const spans = [...text.matchAll(/\p{L}+|\p{N}|[^\s\p{L}\p{N}]/gu)].map(
    ({ index, 0: token }) => [index, index + token.length] as const,
  );
  const over = usable !== null && spans.length > usable;
  const parts = over && isChunked ? Math.ceil(spans.length / usable) : 1;
  const cut = over && !isChunked ? (spans[usable - 1]?.[1] ?? null) : null;
  const window = usable === null ? null : usable + 2;
  return { name, title, model, count: spans.length, window, usable, parts, cut, spans };
}

const found = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length, match }));

export function readPrompt(text: string, models: readonly string[]): PromptReading {
  const weights = found(text, /\(([^():]+):(\d+(?:\.\d+)?)\)/g).map(({ start, match }) => {
    const [, words = "", weight = "1"] = match;
    return { start: start + 1, end: start + 1 + words.length, weight: Number(weight) };
  });
  const alternatives = found(text, /\{[^{}]*\|[^{}]*\}/g).map(({ start, end, match }) => ({
    start,
    end,
    options: match[0].split("|").length,
  }));
  const variables = found(text, /\{(\w+)\}/g).map(({ start, end, match }) => ({ start, end, name: match[1] ?? "" }));
  const comments = found(text, /^[ \t]*#.*$/gm).map(({ start, end }) => ({ start, end }));
  return {
    text,
    readers: models.flatMap((model) => (WINDOWS[model] ?? []).map((window) => readBy(window, text, model))),
    weights,
    variables,
    alternatives,
    comments,
    variants: alternatives.length === 0 ? null : alternatives.reduce((all, { options }) => all * options, 1),
    notes: [],
    heeds_weights: true,
    models: [...models],
  };
}

/** By words, from the front and from the back. */
export function difference(old: string, now: string): DifferencePart[] {
  const [one, other] = [old.split(/(?<=\s)/), now.split(/(?<=\s)/)];
  let front = 0;
  while (front < Math.min(one.length, other.length) && one[front] === other[front]) front += 1;
  let back = 0;
  while (back < Math.min(one.length, other.length) - front && one.at(-1 - back) === other.at(-1 - back)) back += 1;
  const parts: DifferencePart[] = [
    { kind: "same", text: one.slice(0, front).join("") },
    { kind: "removed", text: one.slice(front, one.length - back).join("") },
    { kind: "added", text: other.slice(front, other.length - back).join("") },
    { kind: "same", text: back > 0 ? one.slice(-back).join("") : "" },
  ];
  return parts.filter(({ text }) => text !== "");
}

export class FakePrompts {
  #flow: () => Flow;
  #types: () => NodeTypes;
  styles: Style[] = [
    { name: "Film noir", prompt: "{prompt}, film noir, hard light", negative_prompt: "colour", is_own: false },
    {
      name: "Watercolour",
      prompt: "{prompt}, watercolour on rough paper",
      negative_prompt: "photograph",
      is_own: false,
    },
  ];
  /** For tests and for looking at. */
  past: PastPrompt[] = [];
  words: AdapterWords[] = [];
  /** How often a prompt was read. */
  asked = 0;

  constructor(flow: () => Flow, types: () => NodeTypes) {
    this.#flow = flow;
    this.#types = types;
  }

  answer(request: Request): JsonObject | null {
    const told = this.#told(request);
    return told === null ? null : (told as unknown as JsonObject);
  }

  #told(request: Request): object | null {
    switch (request.type) {
      case "read_prompt": {
        this.asked += 1;
        const models = modelsReading(this.#flow(), this.#types(), placeIn(request)).split("\n").filter(Boolean);
        return { reading: readPrompt(String(request.text), models) };
      }
      case "prompt_words":
        return { words: this.words };
      case "prompt_history":
        return { prompts: this.past.filter(({ node }) => node === (request.node ?? request.input)) };
      case "prompt_difference":
        return { parts: difference(String(request.old), String(request.new)) };
      case "prompt_styles":
        return { styles: this.styles };
      case "apply_style": {
        const style = this.styles.find(({ name }) => name === request.name);
        if (!style) throw new OperationRejected("There is no such style any more.");
        return { text: style.prompt.replace("{prompt}", String(request.text)) };
      }
      case "save_style":
        return this.#save(request);
      case "remove_style":
        this.styles = this.styles.filter(({ name }) => name !== request.name);
        return { styles: this.styles };
      default:
        return null;
    }
  }

  #save({ name, prompt, negative_prompt }: Request): object {
    const style = {
      name: String(name),
      prompt: String(prompt),
      negative_prompt: String(negative_prompt),
      is_own: true,
    };
    this.styles = [style, ...this.styles.filter((each) => each.name !== style.name)];
    return { styles: this.styles };
  }
}

function placeIn(request: { [field: string]: Json | undefined } | Request): PromptPlace {
  const { node, port, input } = request as { node?: string; port?: string; input?: string };
  if (input !== undefined) return { input };
  return splitPort(`${node}.${port}`) ?? { input: "" };
}
