import { describe, expect, test } from "vitest";
import { copyNodes, pasteNodes } from "../src/flow/clipboard";
import type { FlowDocument, JsonObject } from "../src/flow/document";
import { applyAll } from "../src/flow/operations";
import { canonical } from "./canonical";

const empty: FlowDocument = { name: "g", nodes: {}, edges: [], inputs: [], outputs: [] };
const document: FlowDocument = {
  ...empty,
  nodes: {
    a: { type: "draw", values: { steps: 4 }, title: "Draw it", strange: 1 },
    b: { type: "draw", values: {} },
    c: { type: "draw", values: {} },
  },
  edges: [
    { from: "a.image", to: "b.image" },
    { from: "b.image", to: "c.image" },
  ],
  layout: { positions: { a: [100, 200] } },
};

const paste = (content: unknown) =>
  pasteNodes(empty, typeof content === "string" ? content : JSON.stringify(content), [0, 0]);
const group = (fields: object) => ({ format: "pixelflow-nodes", version: 1, edges: [], positions: {}, ...fields });
const node = { type: "draw", values: {} };

describe("the clipboard", () => {
  test("carries nodes with the edges between them into another flow", () => {
    const text = copyNodes(document, ["a", "b"], new Map([["b", [440, 190]]]));
    const { ids, operations } = pasteNodes(empty, text, [0, 0]) ?? { ids: [], operations: [] };
    expect(ids).toEqual(["draw", "draw_2"]);
    const [after, inverses] = applyAll(empty, operations);
    expect(after.edges).toEqual([{ from: "draw.image", to: "draw_2.image" }]);
    expect(after.nodes.draw).toEqual({ type: "draw", values: { steps: 4 }, title: "Draw it" });
    expect((after.layout as JsonObject).positions).toEqual({ draw: [0, 10], draw_2: [340, 0] });
    const [before] = applyAll(after, inverses);
    expect(canonical({ ...before, layout: null })).toBe(canonical({ ...empty, layout: null }));
  });

  test("carries the subflows that nodes run, and no others", () => {
    const body = (title: string) => ({ ...empty, format: "pixelflow", version: 1, title });
    const run = { type: "flow/poster", values: {} };
    const held = { poster: { document: body("one") }, unused: { document: body("two") } } as unknown as JsonObject;
    const text = copyNodes({ ...document, nodes: { run }, subflows: held }, ["run"]);
    const pasted = (into: FlowDocument) => {
      const { ids, operations } = pasteNodes(into, text, [0, 0]) ?? { ids: [], operations: [] };
      const [after] = applyAll(into, operations);
      return { after, type: (after.nodes[ids[0] as string] as JsonObject).type };
    };
    const once = pasted(empty);
    expect(once.type).toBe("flow/poster");
    expect(once.after.subflows).toEqual({ poster: held.poster });
    expect(pasted(once.after).after.subflows).toEqual({ poster: held.poster });
    const other = pasted({ ...empty, subflows: { poster: { document: body("another") } } as unknown as JsonObject });
    expect(other.type).toBe("flow/poster_2");
    expect(Object.keys(other.after.subflows as JsonObject)).toEqual(["poster", "poster_2"]);
    const hostile = { run, odd: { type: "flow/odd", values: {} } };
    expect(paste(group({ nodes: hostile, subflows: { poster: 5, odd: { document: {} } } }))?.operations).toHaveLength(
      2,
    );
  });

  test("leaves foreign text alone", () => {
    const foreign = [
      "",
      "hello",
      "{}",
      "null",
      "[1]",
      '"pixelflow-nodes"',
      '{"format":"pixelflow-nodes"',
      "[".repeat(200_000),
    ];
    for (const text of foreign) expect(paste(text)).toBe(null);
    for (const fields of [{ version: 2, nodes: { a: node } }, { nodes: {} }, { nodes: [] }, { nodes: { a: 3 } }, {}]) {
      expect(paste(group(fields))).toBe(null);
    }
    const deep = `${'{"format":"pixelflow-nodes","version":1,"nodes":'}${"[".repeat(100_000)}`;
    expect(paste(deep)).toBe(null);
    expect(paste(`${JSON.stringify(group({ nodes: { a: node } }))}${" ".repeat(5_000_000)}`)).toBe(null);
  });

  test("believes nothing of what it is given", () => {
    let deep: object = {};
    for (let level = 0; level < 100; level += 1) deep = { deep };
    const nodes = {
      ok: { ...node, inject: "x" },
      "not a name": node,
      deep: { type: "draw", values: deep },
      noType: { values: {} },
      noValues: { type: "draw", values: 3 },
    };
    const edges = [
      { from: "ok.a", to: "ok.b", evil: 1 },
      { from: "ok.a", to: "ok.b" },
      { from: "ok.a", to: "elsewhere.b" },
      { from: 3, to: "ok.b" },
      "edge",
      null,
    ];
    const pasted = paste(group({ nodes, edges, positions: { ok: ["x", 1e300] } }));
    expect(pasted?.ids).toEqual(["draw"]);
    expect(pasted?.operations).toEqual([
      { op: "add_node", id: "draw", node, position: [0, 0] },
      { op: "connect", from: "draw.a", to: "draw.b" },
    ]);
  });

  test("does not reach JavaScript's own objects", () => {
    const text = `{"format":"pixelflow-nodes","version":1,"nodes":{"__proto__":{"type":"__proto__","values":{"__proto__":1}},
      "constructor":{"type":"constructor","values":{}}},"edges":[{"from":"__proto__.a","to":"constructor.b"}],"positions":{}}`;
    const pasted = pasteNodes(empty, text, [5, 5]);
    const [after] = applyAll(empty, pasted?.operations ?? []);
    expect(Object.keys(after.nodes)).toEqual(["__proto__", "constructor"]);
    expect(({} as { type?: string }).type).toBe(undefined);
  });
});
