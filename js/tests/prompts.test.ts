// What the page reckons about prompts by itself: weighing by keys, pieces of a text, how full windows are.

import { describe, expect, test } from "vitest";
import { difference, readPrompt } from "../harness/fakePrompts";
import { PromptDesk, READ_MS } from "../src/bridge/prompts";
import { cutWords, fullest, meterLines, meterOf } from "../src/prompts/meter";
import { segmentsOf, tintOf, weightWords } from "../src/prompts/segments";
import { weigh } from "../src/prompts/weighing";
import { writtenAt } from "../src/prompts/written";

const weighed = (text: string, from: number, to: number, by: number) => weigh(text, from, to, by)?.text;

describe("weighing", () => {
  test("weighs the word at the caret, and what is selected without the blanks around it", () => {
    expect(weighed("a red circle", 3, 3, 0.1)).toBe("a (red:1.1) circle");
    expect(weighed("a red circle", 1, 6, -0.1)).toBe("a (red:0.9) circle");
    expect(weighed("a red circle", 2, 12, 0.1)).toBe("a (red circle:1.1)");
  });

  test("goes on from the weight that is there, however it is written", () => {
    expect(weighed("a (red:1.2) circle", 3, 6, 0.1)).toBe("a (red:1.3) circle");
    expect(weighed("a (red)1.2 circle", 3, 6, 0.1)).toBe("a (red:1.3) circle");
    expect(weighed("a (red)++ circle", 3, 6, 0.1)).toBe("a (red:1.31) circle");
    expect(weighed("a (red)-", 3, 6, -0.1)).toBe("a (red:0.8)");
  });

  test("takes the marks away at 1, and gives the selection back", () => {
    expect(weigh("a (red:1.1) circle", 3, 6, -0.1)).toEqual({ text: "a red circle", from: 2, to: 5 });
    const up = weigh("a red circle", 2, 5, 0.1);
    expect(up).toEqual({ text: "a (red:1.1) circle", from: 3, to: 6 });
    expect(weigh(up?.text ?? "", up?.from ?? 0, up?.to ?? 0, 0.1)?.text).toBe("a (red:1.2) circle");
  });

  test("keeps within bounds, and does nothing where there is no word", () => {
    expect(weighed("(red:3)", 1, 4, 0.1)).toBe("(red:3)");
    expect(weighed("(red:0.1)", 1, 4, -0.1)).toBe("(red:0.1)");
    expect(weigh("  ,  ", 2, 2, 0.1)).toBeNull();
    expect(weigh("", 0, 0, 0.1)).toBeNull();
  });
});

describe("meters", () => {
  const words = (count: number) => Array.from({ length: count }, (_, place) => `w${place % 10}`).join(" ");
  const ofStarter = (text: string) => fullest(readPrompt(text, ["starter"]));

  test("say how much is read, when the end is near, and where it is cut", () => {
    expect(ofStarter("a red boat")).toMatchObject({ tone: "calm", count: "3 / 30", words: "" });
    expect(ofStarter("boat ".repeat(28))).toMatchObject({ tone: "near" });
    expect(ofStarter("boat ".repeat(31))).toMatchObject({ tone: "cut", words: "cut after “…boat”" });
  });

  test("say in how many parts a long prompt is read", () => {
    const long = fullest(readPrompt("boat ".repeat(90), ["sdxl"]));
    expect(long).toMatchObject({ tone: "over", words: "2 parts", count: "90 / 75" });
  });

  test("have no end where nobody knows of one, and none at all where no model reads", () => {
    expect(fullest(readPrompt(words(4), ["smollm2-135m"]))).toMatchObject({ fraction: null, tone: "calm" });
    expect(fullest(readPrompt("a", []))).toBeNull();
  });

  test("show the fullest encoder, and tell of each", () => {
    const both = readPrompt("boat ".repeat(40), ["sdxl", "starter"]);
    expect(fullest(both)?.reader.title).toBe("Scenes");
    expect(meterLines(both).split("\n")).toEqual([
      "sdxl, CLIP L: 40 / 75",
      "sdxl, CLIP G: 40 / 75",
      "starter, Scenes: 40 / 30, cut after “…boat”",
    ]);
    expect(meterOf("", { ...(both.readers[0] as never as object), usable: 0, count: 0 } as never).fraction).toBeNull();
  });

  test("name the last word before a cut, shortened", () => {
    expect(cutWords("boat", 4)).toBe("cut after “boat”");
    expect(cutWords(`a ${"x".repeat(50)}`, 52)).toBe(`cut after “…${"x".repeat(20)}”`);
  });
});

describe("pieces", () => {
  test("are the whole text, each letter once, whatever marks overlap", () => {
    const text = "# note\na (red {a|b}:1.4) {who} 👩‍🚀 sea";
    const reading = readPrompt(text, ["starter"]);
    for (const tokens of [false, true]) {
      const pieces = segmentsOf(text, reading, reading.readers[0] ?? null, tokens);
      expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    }
  });

  test("know what they are part of", () => {
    const text = "# note\na (red:1.4) {a|b} {who}";
    const reading = readPrompt(text, ["starter"]);
    const kinds = Object.fromEntries(
      segmentsOf(text, reading, null, false).map((piece) => [piece.text, [...piece.kinds, piece.weight]]),
    );
    expect(kinds).toMatchObject({
      "# note": ["comment", 1],
      red: [1.4],
      "{a|b}": ["alternatives", 1],
      "{who}": ["variable", 1],
    });
  });

  test("stand behind the cut, of the encoder that is looked at", () => {
    const text = "boat ".repeat(31).trim();
    const reading = readPrompt(text, ["starter"]);
    const pieces = segmentsOf(text, reading, reading.readers[0] ?? null, false);
    expect(pieces.map(({ kinds }) => kinds.includes("past"))).toEqual([false, true]);
    expect(pieces[1]?.text).toBe(" boat");
  });

  test("are one while the text is newer than its reading", () => {
    expect(segmentsOf("new", readPrompt("old", []), null, true)).toHaveLength(1);
  });

  test("tell weights in words, and how strong they are tinted", () => {
    const text = "a (sunset:1.21) and (sea:1)";
    expect(weightWords(text, readPrompt(text, []))).toEqual([{ words: "sunset", weight: 1.21 }]);
    expect([tintOf(1), tintOf(1.3), tintOf(9), tintOf(0.4)]).toEqual([0, 0.5000000000000001, 1, 1]);
  });
});

test("a difference keeps both texts", () => {
  const parts = difference("a red boat on the sea", "a green boat on the sea");
  const side = (kind: string) =>
    parts
      .filter((part) => part.kind === "same" || part.kind === kind)
      .map(({ text }) => text)
      .join("");
  expect([side("removed"), side("added")]).toEqual(["a red boat on the sea", "a green boat on the sea"]);
});

test("the kernel is asked once typing rests, for the last text only, and not again for what is known", async () => {
  const asked: string[] = [];
  const link = {
    request: async ({ text }: { text: string }) => {
      asked.push(text);
      return { type: "ack", reading: readPrompt(text, []) };
    },
  };
  const desk = new PromptDesk(link as never);
  const place = { node: "n1", port: "prompt" };
  const rest = () => new Promise((resume) => setTimeout(resume, READ_MS + 60));
  desk.read(place, "first", "m");
  await rest();
  for (const text of ["a", "a b", "a b c"]) desk.read(place, text, "m");
  expect(desk.known(place)?.text).toBe("first");
  await rest();
  desk.read(place, "a b c", "m");
  await rest();
  expect(asked).toEqual(["first", "a b c"]);
  desk.read(place, "a b c", "another model");
  await rest();
  expect(asked).toHaveLength(3);
});

test("a prompt that comes over an edge is written elsewhere", () => {
  const types = { paint: { title: "Paint", inputs: [{ name: "prompt", type: "text" }], outputs: [] } };
  const flow = {
    name: "",
    nodes: new Map([["n1", { type: "paint", title: null, values: { prompt: "a" } }]]),
    edges: [] as { from: string; to: string }[],
    inputs: [],
    outputs: [],
  };
  const place = { node: "n1", port: "prompt" };
  expect(writtenAt(flow as never, types as never, place)).toMatchObject({ value: "a", preset: false, title: "Prompt" });
  flow.edges.push({ from: "n0.text", to: "n1.prompt" });
  expect(writtenAt(flow as never, types as never, place)).toBeNull();
});
