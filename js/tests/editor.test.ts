import { describe, expect, test } from "vitest";
import { makeScene } from "../harness/scenes";
import { fittingPort } from "../src/editor/connecting";
import { firstTemplate } from "../src/editor/firstTemplate";
import { searchTypes } from "../src/editor/search";
import { Store } from "../src/editor/store";
import { readFlow } from "../src/flow/document";
import { applyAll } from "../src/flow/operations";
import { formatSeconds, formatValue } from "../src/nodes/values";

const { types } = makeScene("chain");
const names = (typed: string, recent: string[] = []) => searchTypes(types, typed, recent).map((found) => found.name);

describe("the palette's search", () => {
  test("keeps the palette's order while nothing is typed, the recently used first", () => {
    expect(names("")).toEqual(Object.keys(types));
    expect(names("", ["duotone"])[0]).toBe("duotone");
  });

  test("finds by title, by its letters, by what it does, the best first", () => {
    expect(names("text to im")[0]).toBe("text_to_image");
    expect(names("tti")[0]).toBe("text_to_image");
    expect(names("prompt")[0]).toBe("prompt");
    expect(names("paints")).toContain("text_to_image");
    expect(names("no such thing")).toEqual([]);
  });
});

test("a port of a new node is found by what comes", () => {
  const from = { owner: "n1", reference: "n1.image", side: "output" } as const;
  expect(types.duotone && fittingPort(types.duotone, from, "image")).toBe("image");
  expect(types.prompt && fittingPort(types.prompt, from, "image")).toBeNull();
  const to = { owner: "n1", reference: "n1.prompt", side: "input" } as const;
  expect(types.prompt && fittingPort(types.prompt, to, "text")).toBe("text");
});

test("the first template is a prompt, a picture and an output, in one edit", () => {
  const { flow } = makeScene("empty");
  const { ids, operations } = firstTemplate(flow, types);
  const [after] = applyAll(flow, operations);
  const read = readFlow(after);
  expect([...read.nodes.values()].map((node) => node.type).sort()).toEqual(["prompt", "text_to_image"]);
  expect(read.edges).toHaveLength(1);
  expect(read.outputs[0]?.from).toBe(`${ids[0]}.image`);
});

test("values read as a few words", () => {
  const model = { $model: { source: "starter", options: {}, adapters: [] } };
  const values = [0.30000000000000004, true, null, ["a", 1], model, { $media: "00ff.png" }, { other: 1 }];
  expect(values.map(formatValue)).toEqual(["0.3", "on", "none", "a, 1", "starter", "picture", "…"]);
  expect([0.42, 12.4, 125].map(formatSeconds)).toEqual(["0.4 s", "12 s", "2 min 5 s"]);
});

test("a store tells only of what is another", () => {
  const store = new Store(1);
  let told = 0;
  const end = store.subscribe(() => {
    told += 1;
  });
  store.set(1);
  store.set(2);
  end();
  store.set(3);
  expect([told, store.get()]).toEqual([1, 3]);
});
