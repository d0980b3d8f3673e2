import { describe, expect, test } from "vitest";
import { nodeDepths } from "../src/flow/depths";
import { type FlowDocument, type Json, readFlow, splitPort, titleFromName } from "../src/flow/document";
import { placeholderType } from "../src/flow/nodeType";
import { isList, mediumOf } from "../src/flow/portType";

function flowOf(parts: Record<string, Json>): FlowDocument {
  return { name: "f", nodes: {}, edges: [], inputs: [], outputs: [], ...parts } as FlowDocument;
}

describe("reading", () => {
  test("a port's name may hold dots, a node's id may not", () => {
    expect(splitPort("n1.options.strength")).toEqual({ node: "n1", port: "options.strength" });
    for (const text of ["n1", "n1.", ".image", "", 3, null]) expect(splitPort(text)).toBeNull();
  });

  test("passes over what cannot be read", () => {
    const flow = readFlow(
      flowOf({
        nodes: { a: { type: "draw" }, b: { type: 3 }, c: null, d: { type: "draw", values: [] } },
        edges: [{ from: "a.image", to: "a.prompt" }, { from: "a" }, 7],
        inputs: [{ name: "prompt", type: "text", feeds: ["a.prompt", 4, "a"] }, { name: "x" }],
        outputs: [{ name: "image", from: "a.image" }, { name: "image" }],
        layout: { positions: { a: [1, 2], b: [1], c: ["1", 2], d: [1e9, 0] } },
      }),
    );
    expect([...flow.nodes.keys()]).toEqual(["a"]);
    expect(flow.edges).toEqual([{ from: "a.image", to: "a.prompt" }]);
    const unbound = { title: null, variable: null };
    const plain = { default: null, limits: {}, choices: null, ...unbound };
    expect(flow.inputs).toEqual([{ name: "prompt", type: "text", feeds: ["a.prompt"], ...plain }]);
    expect(flow.outputs).toEqual([{ name: "image", from: "a.image", ...unbound }]);
    expect([...flow.positions]).toEqual([["a", [1, 2]]]);
  });

  test("names become words", () => {
    expect(titleFromName("text_to_image")).toBe("Text to image");
    expect(titleFromName("options.strength")).toBe("Options strength");
  });
});

describe("depths", () => {
  const node = { type: "draw" };

  test("are the longest way from the start", () => {
    const edges = [
      { from: "a.x", to: "b.x" },
      { from: "b.x", to: "c.x" },
      { from: "a.x", to: "c.y" },
    ];
    const depths = nodeDepths(readFlow(flowOf({ nodes: { a: node, b: node, c: node }, edges })));
    expect([...depths]).toEqual([
      ["a", 0],
      ["b", 1],
      ["c", 2],
    ]);
  });

  test("end in a circle as well, and need no recursion", () => {
    const circle = [
      { from: "a.x", to: "b.x" },
      { from: "b.x", to: "a.x" },
    ];
    expect(nodeDepths(readFlow(flowOf({ nodes: { a: node, b: node }, edges: circle }))).size).toBe(2);
    const many = Array.from({ length: 10_000 }, (_, place) => `n${place}`);
    const chain = many.slice(1).map((id, place) => ({ from: `n${place}.x`, to: `${id}.x` }));
    const nodes = Object.fromEntries(many.map((id) => [id, node]));
    expect(nodeDepths(readFlow(flowOf({ nodes, edges: chain }))).get("n9999")).toBe(9999);
  });
});

describe("types", () => {
  test("are drawn by what travels", () => {
    expect(mediumOf("image")).toBe("image");
    expect(mediumOf("list[audio]")).toBe("audio");
    expect(mediumOf("int")).toBe("number");
    expect(mediumOf({ choices: ["a", "b"] })).toBe("text");
    expect(mediumOf("constructor")).toBe("any");
    expect([isList("list[audio]"), isList("audio"), isList({ choices: ["a"], many: true })]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("that are not known get the ports that the flow tells of", () => {
    const document = flowOf({
      nodes: { a: { type: "my_pack.sharpen", values: { amount: 2 } } },
      edges: [{ from: "b.image", to: "a.image" }],
      outputs: [{ name: "image", from: "a.image" }],
    });
    expect(placeholderType("a", readFlow(document))).toEqual({
      title: "My pack sharpen",
      inputs: [
        { name: "image", type: "any" },
        { name: "amount", type: "any" },
      ],
      outputs: [{ name: "image", type: "any" }],
    });
  });
});
