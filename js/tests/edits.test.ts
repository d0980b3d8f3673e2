import { describe, expect, test } from "vitest";
import { History } from "../harness/history";
import { types } from "../harness/types";
import { type FlowDocument, isObject, type JsonObject, readFlow } from "../src/flow/document";
import * as edits from "../src/flow/edits";
import { applyAll, type Operation } from "../src/flow/operations";
import { canonical } from "./canonical";

function startingFlow(): FlowDocument {
  return {
    format: "pixelflow",
    version: 1,
    name: "f",
    nodes: {
      prompt: { type: "prompt", values: { text: "a" } },
      draw: { type: "text_to_image", values: { steps: 4, seed: "random" }, title: "Draw it" },
      blue: { type: "duotone", values: {} },
      other: { type: "from_elsewhere", values: { x: 1 } },
    },
    edges: [
      { from: "prompt.text", to: "draw.prompt" },
      { from: "draw.image", to: "blue.image", colour: "red" },
      { from: "blue.image", to: "other.image" },
    ],
    inputs: [{ name: "steps", type: "int", default: 3, feeds: ["draw.steps"], later: 1 }],
    outputs: [{ name: "image", from: "draw.image", later: 2 }],
    layout: { positions: { prompt: [0, 0], draw: [340, 0] } },
  };
}

/** The document after an edit, which the kernel's rules accept and whose inverse takes it back. */
function edited(operations: Operation[], document = startingFlow()): FlowDocument {
  const [made, inverses] = applyAll(document, operations);
  expect(canonical(applyAll(made, inverses)[0])).toBe(canonical(document));
  const kernel = new History(document, types);
  if (operations.length > 0) kernel.accept(operations);
  expect(canonical(kernel.document)).toBe(canonical(made));
  return made;
}

const node = (document: FlowDocument, id: string) => document.nodes[id] as JsonObject & { values: JsonObject };
const flow = () => readFlow(startingFlow());

describe("adding and removing", () => {
  test("a node has an id of its type's name, and stores no defaults", () => {
    const { id, operations } = edits.addNode(startingFlow(), types, "prompt", [10.4, 20.6], { text: "" });
    expect(id).toBe("prompt_2");
    const made = edited(operations);
    expect(node(made, id)).toEqual({ type: "prompt", type_version: 1, values: {} });
    expect((made.layout as JsonObject).positions).toMatchObject({ prompt_2: [10, 21] });
    expect(edits.addNode(made, types, "prompt", [0, 0]).id).toBe("prompt_3");
    expect(edits.addNode(made, types, "notebook.sharpen-it", [0, 0], { x: 1 }).id).toBe("sharpen_it");
    expect(edits.addNode(made, types, "3d", [0, 0]).id).toBe("n_3d");
  });

  test("nodes go with all that holds them, in one step", () => {
    const made = edited(edits.removeItems(startingFlow(), { nodes: ["draw", "prompt", "gone"] }));
    expect(Object.keys(made.nodes)).toEqual(["blue", "other"]);
    expect([made.edges.length, made.outputs.length]).toEqual([1, 0]);
    expect(made.inputs).toMatchObject([{ name: "steps", feeds: [] }]);
  });

  test("what is chosen twice goes once", () => {
    const edges = [
      { from: "prompt.text", to: "draw.prompt" },
      { from: "steps", to: "draw.steps" },
      { from: "draw.image", to: "image" },
      { from: "gone.image", to: "draw.prompt" },
    ];
    const items = { nodes: ["draw"], edges, inputs: ["steps"], outputs: ["image", "gone"] };
    const made = edited(edits.removeItems(startingFlow(), items));
    expect([made.edges.length, made.inputs.length, made.outputs.length]).toEqual([1, 0, 0]);
    expect(edits.removeItems(startingFlow(), {})).toEqual([]);
  });

  test("of two outputs with one name, as a damaged file may hold, both go", () => {
    const document = startingFlow();
    document.outputs = [{ name: "image", from: "blue.image" }, { name: "image", from: "draw.image" }, 3];
    const both = applyAll(document, edits.removeItems(document, { nodes: ["draw", "blue"] }))[0];
    expect(both.outputs).toEqual([3]);
  });

  test("copies keep the edges between them and no others", () => {
    const places = new Map<string, edits.Position>([["blue", [700, 50]]]);
    const { ids, operations } = edits.duplicateNodes(startingFlow(), ["draw", "blue", "draw"], [30, 30], places);
    expect(ids).toEqual(["text_to_image", "duotone"]);
    const made = edited(operations);
    expect(made.edges.at(-1)).toEqual({ from: "text_to_image.image", to: "duotone.image", colour: "red" });
    expect(made.edges).toHaveLength(4);
    expect(node(made, "text_to_image")).toEqual(node(made, "draw"));
    expect((made.layout as JsonObject).positions).toMatchObject({ text_to_image: [370, 30], duotone: [730, 80] });
  });

  test("a thousand nodes are removed in good time", () => {
    const ids = Array.from({ length: 1_000 }, (_, place) => `n${place}`);
    const document = {
      ...startingFlow(),
      nodes: Object.fromEntries(ids.map((id) => [id, { type: "duotone", values: {} }])),
      edges: ids.slice(1).map((id, place) => ({ from: `n${place}.image`, to: `${id}.image` })),
      inputs: [],
      outputs: [],
    };
    const began = performance.now();
    const operations = edits.removeItems(document, { nodes: ids });
    expect(performance.now() - began).toBeLessThan(500);
    expect(operations).toHaveLength(1_999);
  });
});

describe("values and words", () => {
  const set = (port: string, value: Parameters<typeof edits.setValue>[3], id = "draw") =>
    edits.setValue(startingFlow(), id, port, value, types);

  test("a value that is the default is not stored, null goes back to it, NONE sets null", () => {
    expect(node(edited(set("steps", 30)), "draw").values.steps).toBe(30);
    expect(node(edited(set("steps", 20)), "draw").values).not.toHaveProperty("steps");
    expect(node(edited(set("steps", null)), "draw").values).not.toHaveProperty("steps");
    expect(set("guidance", null)).toEqual([]);
    expect(set("guidance", edits.NONE)).toEqual([]);
    expect(set("steps", 4)).toEqual([]);
    expect(node(edited(set("prompt", edits.NONE)), "draw").values.prompt).toBe(null);
    expect(node(edited(set("x", 2, "other")), "other").values.x).toBe(2);
    expect(set("x", 2, "gone")).toEqual([]);
  });

  test("a port may be called as JavaScript's own", () => {
    const made = edited(edits.setValue(startingFlow(), "other", "__proto__", 3, types));
    expect(Object.hasOwn(node(made, "other").values, "__proto__")).toBe(true);
  });

  test("nodes are moved to whole pixels, and called otherwise", () => {
    const made = edited(edits.moveNodes([["blue", [1.6, 2.2]]]));
    expect((made.layout as JsonObject).positions).toMatchObject({ blue: [2, 2] });
    expect(edits.moveNodes([])).toEqual([]);
    expect(node(edited(edits.renameNode(startingFlow(), "blue", " Blue ")), "blue").title).toBe("Blue");
    expect(node(edited(edits.renameNode(startingFlow(), "draw", "")), "draw")).not.toHaveProperty("title");
    expect(edits.renameNode(startingFlow(), "draw", "Draw it")).toEqual([]);
  });
});

describe("connecting", () => {
  const connect = (from: string, to: string) => edits.connectPorts(flow(), types, from, to);

  test("takes the place of what was there", () => {
    const made = edited(connect("prompt.text", "draw.negative_prompt"));
    expect(made.edges).toHaveLength(4);
    const other = edited(connect("draw.image", "other.image"));
    expect(other.edges.filter((edge) => isObject(edge) && edge.to === "other.image")).toEqual([
      { from: "draw.image", to: "other.image" },
    ]);
    expect(connect("prompt.text", "draw.prompt")).toEqual([]);
    const fed = edited(edits.connectPorts(flow(), types, "steps", "draw.guidance"));
    expect(fed.inputs).toMatchObject([{ feeds: ["draw.steps", "draw.guidance"] }]);
  });

  test("from the free place of the inputs makes an input with type, value in force and limits", () => {
    const made = edited(connect("+", "draw.steps"));
    expect(made.inputs[0]).toMatchObject({ feeds: [] });
    const input = { name: "steps_2", type: "int", default: 4, limits: { min: 1, max: 150 }, feeds: ["draw.steps"] };
    expect(made.inputs[1]).toEqual(input);
    const prompt = edited(connect("+", "draw.prompt")).inputs[1];
    expect(prompt).toEqual({ name: "prompt", type: "text", feeds: ["draw.prompt"] });
    const seed = edited(connect("+", "draw.seed")).inputs[1];
    expect(seed).toEqual({ name: "seed", type: "int", default: 0, limits: { min: 0 }, feeds: ["draw.seed"] });
    const blend = edited(connect("+", "blue.blend")).inputs[1];
    expect(blend).toMatchObject({ type: { choices: ["multiply", "screen"] }, default: "screen" });
  });

  test("to the outputs makes one, or lets one read another port", () => {
    expect(edited(connect("blue.image", "+")).outputs[1]).toEqual({ name: "image_2", from: "blue.image" });
    expect(edited(connect("blue.image", "image")).outputs).toEqual([{ name: "image", from: "blue.image", later: 2 }]);
    expect(connect("draw.image", "image")).toEqual([]);
  });

  test("is taken back on either side of a port", () => {
    expect(edited(edits.disconnectPort(flow(), "draw.steps")).inputs).toMatchObject([{ feeds: [] }]);
    const made = edited(edits.disconnectPort(flow(), "draw.image", "output"));
    expect([made.edges.length, made.outputs.length]).toEqual([2, 0]);
  });
});

describe("the signature", () => {
  test("gets entries with free names", () => {
    const input = edited(edits.addInput(startingFlow(), { type: "text", title: "Größe & Stil" })).inputs[1];
    expect(input).toEqual({ name: "gro_e_stil", type: "text", title: "Größe & Stil", feeds: [] });
    expect(edited(edits.addInput(startingFlow(), { type: "float" })).inputs[1]).toMatchObject({ name: "float" });
    expect(edited(edits.addOutput(startingFlow(), "blue.image", "image")).outputs[1]).toMatchObject({
      name: "image_2",
    });
  });

  test("is renamed in place, with all that it holds", () => {
    const made = edited(edits.renameInput(startingFlow(), "steps", "How many"));
    expect(made.inputs).toEqual(
      [{ type: "int", default: 3, feeds: ["draw.steps"], later: 1, name: "how_many", title: undefined }].map(
        ({ title: _, ...rest }) => rest,
      ),
    );
    const cased = edited(edits.renameInput(startingFlow(), "steps", "STEPS"));
    expect(cased.inputs).toMatchObject([{ name: "steps", title: "STEPS" }]);
    const output = edited(edits.renameOutput(startingFlow(), "image", "絵"));
    expect(output.outputs).toEqual([{ name: "image", from: "draw.image", later: 2, title: "絵" }]);
    expect(edits.renameOutput(startingFlow(), "image", "Image")).toEqual([]);
    expect(edits.renameOutput(startingFlow(), "gone", "Image")).toEqual([]);
  });

  test("changes its defaults and loses its entries", () => {
    expect(edited(edits.setInputDefault(startingFlow(), "steps", 9)).inputs).toMatchObject([{ default: 9 }]);
    const none = edited(edits.setInputDefault(startingFlow(), "steps", edits.NONE)).inputs[0] as JsonObject;
    expect(none).not.toHaveProperty("default");
    expect(edits.setInputDefault(startingFlow(), "steps", 3)).toEqual([]);
    expect(edited(edits.removeInput(startingFlow(), "steps")).inputs).toEqual([]);
    expect(edited(edits.removeOutput(startingFlow(), "image")).outputs).toEqual([]);
  });
});
