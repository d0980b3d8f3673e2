import { describe, expect, test } from "vitest";
import { makeScene } from "../harness/scenes";
import { familiesOf } from "../src/editor/families";
import { type FlowDocument, field, isObject, readFlow } from "../src/flow/document";
import { insertWords, modelsReading, promptsOf, sourceOfModel, withWords } from "../src/flow/modelFeed";
import { applyAll } from "../src/flow/operations";
import { SceneMaker } from "../src/nodes/scene";

const { flow: document, types, models } = makeScene("adapters");
const flow = readFlow(document);

const valueIn = (from: FlowDocument, node: string, port: string) => {
  const entry = field(from.nodes, node);
  return isObject(entry) && isObject(entry.values) ? entry.values[port] : undefined;
};

describe("the model of a node", () => {
  test("is found through all that adds to it", () => {
    expect(sourceOfModel(flow, types, "paint")).toBe("sdxl-turbo");
    const alone = { ...document, edges: [] };
    expect(sourceOfModel(readFlow(alone), types, "paint")).toBe("starter");
    const fed = { ...alone, inputs: [{ name: "model", type: "model", default: "sdxl", feeds: ["paint.model"] }] };
    expect(sourceOfModel(readFlow(fed), types, "paint")).toBe("sdxl");
  });

  test("of nodes in a circle is nobody's", () => {
    const edges = [
      { from: "ink.model", to: "stack.model" },
      { from: "stack.model", to: "ink.model" },
    ];
    expect(sourceOfModel(readFlow({ ...document, edges }), types, "ink")).toBe("");
  });

  test("gives its base model, also where only the kernel knows it", () => {
    const asked: string[] = [];
    const about = (source: string) => {
      asked.push(source);
      return source === "./mine" ? { ...models[0], base_model: "FLUX.1" } : null;
    };
    const read = familiesOf();
    const desk = { about } as never;
    expect([...read(flow, types, models, desk)]).toEqual([["paint", "SDXL"]]);
    const [own] = applyAll(document, [{ op: "set_values", id: "load", values: { model: "./mine" } }]);
    expect([...read(readFlow(own), types, models, desk)]).toEqual([["paint", "FLUX.1"]]);
    expect(asked).toEqual(["./mine"]);
  });
});

describe("options of a family", () => {
  const rows = (family: string | undefined, open = true) => {
    const families = new Map(family ? [["paint", family]] : []);
    const source = { document, flow, types, longTexts: new Set<string>(), families };
    const card = new SceneMaker().make({ ...source, open: new Set(open ? ["paint"] : []) }).cards.get("paint");
    const own = card?.rows.filter(({ port }) => port.name.startsWith("options.")) ?? [];
    return own.map(({ port, idle, controlled }) => [port.name, idle ?? "", controlled]);
  };

  test("are shown where the model has them, and kept with words where it has not", () => {
    expect(rows("SDXL")).toEqual([
      ["options.clip_skip", "", true],
      ["options.true_guidance", "not used by SDXL", false],
    ]);
    expect(rows("FLUX.1")).toEqual([
      ["options.clip_skip", "not used by FLUX.1", false],
      ["options.true_guidance", "", true],
    ]);
    expect(rows("SDXL", false)).toEqual([]);
  });

  test("take no room where they are not set and do not apply", () => {
    const [bare] = applyAll(document, [{ op: "set_values", id: "paint", values: { "options.true_guidance": null } }]);
    const maker = new SceneMaker();
    const families = new Map([["paint", "SDXL"]]);
    const source = { document: bare, flow: readFlow(bare), types, longTexts: new Set<string>(), families };
    const card = maker.make({ ...source, open: new Set(["paint"]) }).cards.get("paint");
    expect(card?.rows.some(({ port }) => port.name === "options.true_guidance")).toBe(false);
    const other = maker.make({ ...source, families: new Map(), open: new Set(["paint"]) }).cards.get("paint");
    expect(other).not.toBe(card);
  });
});

describe("an option of a family that is connected", () => {
  test("is shown while Advanced is closed, also with a model that has it not", () => {
    const [joined] = applyAll(document, [
      { op: "add_node", id: "count", node: { type: "seed", values: {} }, position: [0, 0] },
      { op: "connect", from: "count.number", to: "paint.options.clip_skip" },
    ]);
    const source = {
      document: joined,
      flow: readFlow(joined),
      types,
      open: new Set<string>(),
      longTexts: new Set<string>(),
    };
    for (const [family, idle] of [
      ["SDXL", undefined],
      ["FLUX.1", "not used by FLUX.1"],
    ] as const) {
      const scene = new SceneMaker().make({ ...source, families: new Map([["paint", family]]) });
      const row = scene.cards.get("paint")?.rows.find(({ port }) => port.name === "options.clip_skip");
      expect([row?.connected, row?.idle]).toEqual([true, idle]);
      expect(scene.curves.some(({ to }) => to === "paint.options.clip_skip")).toBe(true);
    }
  });
});

describe("trigger words", () => {
  test("go to where the prompt is written that the model is used with", () => {
    expect(promptsOf(flow, types, "ink")).toEqual([{ node: "words", port: "text" }]);
    const operations = insertWords(document, types, "ink", "inkwash");
    expect(operations).toHaveLength(1);
    const [after] = applyAll(document, operations ?? []);
    expect(valueIn(after, "words", "text")).toBe("inkwash, a lighthouse at night");
    expect(insertWords(after, types, "stack", "INKWASH")).toEqual([]);
  });

  test("go into the node itself, or into an input of the flow, and only once", () => {
    const edges = document.edges.filter((edge) => isObject(edge) && edge.from !== "words.text");
    const own = { ...document, edges };
    expect(promptsOf(readFlow(own), types, "ink")).toEqual([{ node: "paint", port: "prompt" }]);
    const fed = { ...own, inputs: [{ name: "idea", type: "text", default: "a boat", feeds: ["paint.prompt"] }] };
    const [after] = applyAll(fed, insertWords(fed, types, "ink", "inkwash") ?? []);
    expect(readFlow(after).inputs[0]?.default).toBe("inkwash, a boat");
  });

  test("have nowhere to go where no prompt is used with the model", () => {
    const edges = document.edges.filter((edge) => isObject(edge) && edge.to !== "paint.model");
    expect(insertWords({ ...document, edges }, types, "ink", "inkwash")).toBeNull();
  });

  test("stand before the others, where they weigh most", () => {
    expect(withWords("", "ink")).toBe("ink");
    expect(withWords(" a boat ", "ink")).toBe("ink, a boat");
    expect(withWords("a boat, Ink", "ink")).toBe("a boat, Ink");
  });
});

test("a prompt is read by its own node's model, or by those that its text comes to", () => {
  const port = (name: string, type: string, kind?: string) => ({ name, type, ...(kind && { control: { kind } }) });
  const types = {
    prompt: { title: "", inputs: [port("text", "text", "prompt")], outputs: [port("text", "text")] },
    paint: {
      title: "",
      inputs: [port("prompt", "text", "prompt"), { ...port("model", "text", "model"), default: "starter" }],
      outputs: [port("image", "image")],
    },
    chat: {
      title: "",
      inputs: [port("prompt", "text", "prompt"), { ...port("model", "text", "model"), default: "talker" }],
      outputs: [port("text", "text")],
    },
  };
  const node = (type: string, values = {}) => ({ type, title: null, values });
  const edge = (from: string, to: string) => ({ from, to });
  const flow = {
    name: "",
    nodes: new Map([
      ["a", node("prompt")],
      ["b", node("prompt")],
      ["c", node("chat")],
      ["p", node("paint")],
      ["q", node("paint", { model: "other" })],
      ["alone", node("prompt")],
    ]),
    edges: [
      edge("a.text", "b.text"),
      edge("b.text", "p.prompt"),
      edge("b.text", "c.prompt"),
      edge("c.text", "q.prompt"),
      edge("b.text", "a.text"),
    ],
    inputs: [{ name: "wish", feeds: ["q.prompt"], default: "", type: "text" }],
    outputs: [],
  } as never;
  const reading = (place: { node: string; port: string } | { input: string }) =>
    modelsReading(flow, types as never, place).split("\n");
  expect(reading({ node: "a", port: "text" })).toEqual(["starter", "talker"]);
  expect(reading({ node: "q", port: "prompt" })).toEqual(["other"]);
  expect(reading({ input: "wish" })).toEqual(["other"]);
  expect(reading({ node: "alone", port: "text" })).toEqual([""]);
  expect(reading({ input: "nobody" })).toEqual([""]);
});
