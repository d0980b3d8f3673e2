import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { types } from "../harness/types";
import { Fits, mayConnect, whyNot } from "../src/flow/connect";
import { type FlowDocument, readFlow } from "../src/flow/document";
import type { PortType } from "../src/flow/portType";

interface Vector {
  source: PortType;
  target: PortType;
  reason: string | null;
}

// The same file is read by pytest: both sides say the same words.
const file = new URL("../../tests/vectors/connections.json", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));

describe("the vectors that Python is held to as well", () => {
  test("tell of every pair of types what Python tells", () => {
    const wrong = vectors.filter(({ source, target, reason }) => mayConnect(source, target) !== reason);
    expect(wrong).toEqual([]);
    expect(vectors.length).toBeGreaterThan(100);
  });

  test("and a type that is not known here is left to the kernel", () => {
    expect(mayConnect("any", "image")).toBe(null);
    expect(mayConnect("text", "any")).toBe(null);
  });
});

const document: FlowDocument = {
  name: "f",
  nodes: {
    ask: { type: "prompt", values: {} },
    draw: { type: "text_to_image", values: {}, title: "Draw it" },
    blue: { type: "duotone", values: {} },
    red: { type: "duotone", values: {} },
    other: { type: "from_elsewhere", values: {} },
  },
  edges: [
    { from: "ask.text", to: "draw.prompt" },
    { from: "draw.image", to: "blue.image" },
    { from: "blue.image", to: "red.image" },
  ],
  inputs: [{ name: "idea", type: "text", feeds: ["ask.text"] }],
  outputs: [{ name: "poster", from: "red.image" }],
};
const flow = readFlow(document);

describe("a connection", () => {
  const cases: [string, string, string | null][] = [
    ["ask.text", "draw.negative_prompt", null],
    ["draw.image", "red.image", null], // what is there is replaced
    ["ask.text", "draw.prompt", "ask.text is connected to draw.prompt already."],
    ["ask.text", "blue.image", "Text cannot connect to image. ask.text gives text; blue.image takes image."],
    ["red.image", "blue.image", "red.image → blue.image would close a circle: 'red' already depends on 'blue'."],
    ["blue.image", "blue.image", "blue.image → blue.image would close a circle: 'blue' already depends on 'blue'."],
    ["red.image", "draw.prompt", "red.image → draw.prompt would close a circle: 'red' already depends on 'Draw it'."],
    ["ask.words", "draw.prompt", "'Prompt' has no output 'words'. Its outputs: text."],
    ["ask.text", "blue.picture", "'Duotone' has no input 'picture'. Its inputs: image, hue, blend."],
    ["gone.text", "draw.prompt", "There is no node 'gone'."],
    ["other.anything", "draw.prompt", null],
    ["draw.image", "other.anything", null],
    ["idea", "draw.prompt", null],
    ["idea", "ask.text", "The input 'idea' feeds ask.text already."],
    ["idea", "red.image", "Text cannot connect to image. Input 'idea' gives text; red.image takes image."],
    ["none", "red.image", "The flow has no input 'none'."],
    ["+", "draw.seed", null],
    [
      "+",
      "draw.nothing",
      "'Text to image' has no input 'nothing'. Its inputs: prompt, negative_prompt, model, steps, guidance, width, height, seed.",
    ],
    ["+", "other.in", "What other.in takes is not known here. Install the package or run the cell that defines it."],
    ["draw.image", "+", null],
    ["red.image", "+", "The output 'poster' reads red.image already."],
    ["draw.image", "poster", null],
    ["red.image", "poster", "The output 'poster' reads red.image already."],
    ["red.image", "gone", "The flow has no output 'gone'."],
    ["idea", "poster", "An input of the flow feeds a node, and an output reads one."],
  ];

  test.for(cases)("%s → %s", ([from, to, words]) => {
    expect(whyNot(flow, types, from, to)).toBe(words);
  });

  test("is asked about often, from one end or from the other", () => {
    const fits = new Fits(flow, types);
    const nodes = ["draw", "blue", "red"];
    const circles = (pairs: string[][]) =>
      pairs.map(([from, to]) => fits.whyNot(`${from}.image`, `${to}.image`)?.includes("circle") ?? false);
    expect(circles(nodes.map((node) => ["red", node]))).toEqual([true, true, true]);
    expect(circles(nodes.map((node) => [node, "red"]))).toEqual([false, false, true]);
    expect(circles(nodes.map((node) => ["draw", node]))).toEqual([true, false, false]);
  });

  test("is asked about on every port of a thousand nodes within a frame or two", () => {
    const ids = Array.from({ length: 1_000 }, (_, place) => `n${place}`);
    const large = readFlow({
      ...document,
      nodes: Object.fromEntries(ids.map((id) => [id, { type: "duotone", values: {} }])),
      edges: ids.slice(1).map((id, place) => ({ from: `n${place}.image`, to: `${id}.image` })),
      inputs: [],
      outputs: [],
    });
    const began = performance.now();
    const fits = new Fits(large, types);
    const refused = ids.filter((id) => fits.whyNot("n500.image", `${id}.image`) !== null);
    expect(refused).toHaveLength(502);
    expect(performance.now() - began).toBeLessThan(200);
  });
});
