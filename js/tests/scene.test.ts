import { describe, expect, test } from "vitest";
import { makeScene, SCENES } from "../harness/scenes";
import { curvePath } from "../src/canvas/curvePath";
import { Deriver, handleName, referenceOf } from "../src/canvas/derive";
import { viewportFor } from "../src/canvas/Reporter";
import { type FlowDocument, readFlow, splitPort } from "../src/flow/document";
import type { NodeType, NodeTypes } from "../src/flow/nodeType";
import { apply } from "../src/flow/operations";
import { FREE } from "../src/nodes/docks";
import { boxAround, freePlace } from "../src/nodes/place";
import { type Scene, SceneMaker } from "../src/nodes/scene";

const NONE: ReadonlySet<string> = new Set();

function sourceOf(document: FlowDocument, types: NodeTypes, open = NONE, longTexts = NONE) {
  return { document, flow: readFlow(document), types, open, longTexts };
}

function sceneOf(name: string): { scene: Scene; document: FlowDocument; types: NodeTypes; maker: SceneMaker } {
  const { flow, types } = makeScene(name);
  const maker = new SceneMaker();
  return { scene: maker.make(sourceOf(flow, types)), document: flow, types, maker };
}

const boxesOf = (scene: Scene) =>
  [...scene.cards].map(([id, { width, height }]) => ({
    id,
    ...(scene.positions.get(id) ?? { x: 0, y: 0 }),
    width,
    height,
  }));

describe("the scene", () => {
  test("says what a muted node passes on: what comes into the first input of the same type", () => {
    const { document, types } = sceneOf("engine");
    const [muted] = apply(document, { op: "set_node", id: "tint", fields: { muted: true } });
    const maker = new SceneMaker();
    const before = maker.make(sourceOf(document, types)).cards.get("tint");
    const card = maker.make(sourceOf(muted, types)).cards.get("tint");
    const y = (port: string, side: string) =>
      card?.rows.find((row) => row.reference === `tint.${port}` && row.side === side)?.y;
    expect(card).toMatchObject({ muted: true, pinned: false, height: before?.height });
    expect(card?.passes).toEqual([{ from: y("image", "input"), to: y("image", "output"), medium: "image" }]);
    expect(before?.passes).toEqual([]);
    const [other] = apply(document, { op: "set_node", id: "idea", fields: { muted: true } });
    expect(maker.make(sourceOf(other, types)).cards.get("idea")?.passes).toHaveLength(1);
    const [save] = apply(document, { op: "set_node", id: "paint", fields: { muted: true } });
    expect(maker.make(sourceOf(save, types)).cards.get("paint")?.passes).toEqual([]);
  });

  test("shows a variable in place of the control, also under Advanced, and as nothing that is missing", () => {
    const input = { name: "image", type: "image", required: true };
    const radius = { name: "radius", type: "int", default: 3, advanced: true, control: { kind: "number" } };
    const types = { blur: { title: "Blur", inputs: [input, radius], outputs: [] } } as unknown as NodeTypes;
    const nodes = { n1: { type: "blur", values: {} } };
    const document = { name: "f", nodes, edges: [], inputs: [], outputs: [] };
    const maker = new SceneMaker();
    const rows = (of: FlowDocument) => maker.make(sourceOf(of, types)).cards.get("n1")?.rows ?? [];
    const [image] = rows(document);
    expect(rows(document)).toHaveLength(1);
    expect(image).toMatchObject({ controlled: true, variable: null, lost: false });
    const bindings = { image: "photo", radius: "n", other: 3 };
    const [bound] = apply(document, { op: "set_node", id: "n1", fields: { bindings } });
    expect(rows(bound).slice(0, 2)).toMatchObject([
      { reference: "n1.image", variable: "photo", controlled: false, block: 0, connected: false },
      { reference: "n1.radius", variable: "n", controlled: false },
    ]);
  });

  test("keeps the edges of a port that a cell has taken away, and says that they lead nowhere", () => {
    const { document, types } = sceneOf("engine");
    const maker = new SceneMaker();
    const before = maker.make(sourceOf(document, types));
    const curve = before.curves.find(({ source, target }) => !`${source}${target}`.includes("dock:"));
    const { node: id = "", port = "" } = splitPort(curve?.to) ?? {};
    const name = readFlow(document).nodes.get(id)?.type ?? "";
    const type = types[name] as NodeType;
    const changed = { ...types, [name]: { ...type, inputs: type.inputs.filter((each) => each.name !== port) } };
    const after = maker.make(sourceOf(document, changed));
    const lost = after.cards.get(id)?.rows.filter((row) => row.lost) ?? [];
    expect(lost).toMatchObject([{ reference: curve?.to, side: "input", connected: true }]);
    expect(after.curves.filter((each) => each.lost).map(({ key }) => key)).toEqual([curve?.key]);
    expect(before.curves.some((each) => each.lost)).toBe(false);
    const again = maker.make(sourceOf(document, types));
    expect(again.curves.some((each) => each.lost)).toBe(false);
  });

  test("frames what came out of a port that may give anything, once it is known", () => {
    const [any, text] = ["any", "text"].map((type) => ({ title: "T", inputs: [], outputs: [{ name: "value", type }] }));
    const types = { anything: any, words: text } as NodeTypes;
    const nodes = { n1: { type: "anything", values: {} }, n2: { type: "words", values: {} } };
    const document = { name: "f", nodes, edges: [], inputs: [], outputs: [] };
    const maker = new SceneMaker();
    const source = sourceOf(document, types);
    expect(maker.make(source).cards.get("n1")?.frame).toBe(null);
    const made = new Map([["n1", { reference: "n1.value", medium: "image" as const }]]);
    const scene = maker.make({ ...source, made });
    expect(scene.cards.get("n1")?.frame).toMatchObject({ reference: "n1.value", medium: "image" });
    expect(maker.make({ ...source, made }).cards.get("n1")).toBe(scene.cards.get("n1"));
  });

  test("draws a curve for each edge, feed and output", () => {
    const { scene } = sceneOf("first");
    expect(scene.curves.map((curve) => curve.key)).toEqual(["prompt>n1.prompt", "n1.image>image"]);
    expect(scene.curves[0]).toMatchObject({ source: "dock:inputs", target: "n1", fromMedium: "text" });
  });

  test("passes over curves to ports that are not there", () => {
    const { document, types } = sceneOf("first");
    const broken = { ...document, edges: [...document.edges, { from: "gone.image", to: "n1.prompt" }] };
    expect(new SceneMaker().make(sourceOf(broken, types)).curves).toHaveLength(2);
  });

  test("puts nodes without positions where they do not overlap", () => {
    const boxes = boxesOf(sceneOf("chain").scene);
    for (const one of boxes) {
      for (const other of boxes) {
        if (one === other) continue;
        const beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
        expect(beside || one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
      }
    }
  });

  test("puts a node that code added beside what feeds it, and moves no other", () => {
    const { scene, document, types, maker } = sceneOf("first");
    const [placed] = apply(document, { op: "move_nodes", positions: { n1: [100, 50] } });
    const [added] = apply(placed, { op: "add_node", id: "n9", node: { type: "duotone", values: {} } });
    const [connected] = apply(added, { op: "connect", from: "n1.image", to: "n9.image" });
    const after = maker.make(sourceOf(connected, types));
    expect(after.positions.get("n1")).toEqual({ x: 100, y: 50 });
    expect(after.positions.get("n9")?.x).toBeGreaterThan(100 + (scene.cards.get("n1")?.width ?? 0));
  });

  test("ends every dock with a free place, and shows none while there is nothing at all", () => {
    expect(sceneOf("first").scene.docks.map((dock) => dock.rows.at(-1)?.reference)).toEqual([FREE, FREE]);
    expect(sceneOf("empty").scene.docks).toEqual([]);
  });

  test("keeps what an edit did not touch", () => {
    const { scene, document, types, maker } = sceneOf("chain");
    const [changed] = apply(document, { op: "set_values", id: "n3", values: { hue: 0.9 } });
    const after = maker.make(sourceOf(changed, types));
    expect(after.cards.get("n3")).not.toBe(scene.cards.get("n3"));
    for (const id of ["n1", "n2", "n4", "n5"]) expect(after.cards.get(id)).toBe(scene.cards.get(id));
    const rows = scene.cards.get("n3")?.rows.filter((row) => row.reference !== "n3.hue") ?? [];
    for (const row of rows) expect(after.cards.get("n3")?.rows).toContain(row);
    expect(after.curves).toEqual(scene.curves);
    for (const [index, curve] of scene.curves.entries()) expect(after.curves[index]).toBe(curve);
    expect(after.docks.every((dock, index) => dock === scene.docks[index])).toBe(true);
  });

  test("shows ports under Advanced once they are opened, and always where something is connected", () => {
    const { scene, document, types, maker } = sceneOf("first");
    const card = scene.cards.get("n1");
    expect(card?.advanced).toMatchObject({ open: false });
    const opened = maker.make(sourceOf(document, types, new Set(["n1"]))).cards.get("n1");
    expect(opened?.rows.length).toBe((card?.rows.length ?? 0) + (card?.advanced?.count ?? 0));
    const hidden = opened?.rows.find((row) => row.port.advanced)?.reference ?? "";
    const [fed] = apply(document, {
      op: "add_input",
      input: { name: "fed", type: "any", feeds: [hidden] },
    });
    expect(
      maker
        .make(sourceOf(fed, types))
        .cards.get("n1")
        ?.rows.some((row) => row.reference === hidden),
    ).toBe(true);
  });

  test("gives a long text a frame", () => {
    const { document, types, maker } = sceneOf("chain");
    const flow = { ...document, nodes: { p: { type: "prompt", values: {} } }, edges: [], inputs: [], outputs: [] };
    expect(maker.make(sourceOf(flow, types)).cards.get("p")?.frame).toBeNull();
    expect(maker.make(sourceOf(flow, types, NONE, new Set(["p"]))).cards.get("p")?.frame?.medium).toBe("text");
  });
});

describe("what React Flow is given", () => {
  test("keeps its identity while nothing about it changed", () => {
    const { scene, document, types, maker } = sceneOf("chain");
    const deriver = new Deriver();
    const before = deriver.nodes(scene, NONE, null);
    expect(deriver.nodes(scene, NONE, null)).toBe(before);
    const selected = deriver.nodes(scene, new Set(["n1"]), new Map([["n2", { x: 5, y: 6 }]]));
    expect(selected.filter((node) => !before.includes(node)).map((node) => node.id)).toEqual(["n1", "n2"]);
    expect(selected.find((node) => node.id === "n2")?.position).toEqual({ x: 5, y: 6 });
    const again = deriver.nodes(scene, NONE, null);
    const [changed] = apply(document, { op: "set_values", id: "n3", values: { hue: 0.9 } });
    const after = deriver.nodes(maker.make(sourceOf(changed, types)), NONE, null);
    expect(after.filter((node) => !again.includes(node)).map((node) => node.id)).toEqual(["n3"]);
  });

  test("knows every size and every port's place without having been drawn", () => {
    for (const name of Object.keys(SCENES)) {
      const { scene } = sceneOf(name);
      const deriver = new Deriver();
      for (const node of deriver.nodes(scene, NONE, null)) {
        expect(node.width).toBeGreaterThan(0);
        expect(node.height).toBeGreaterThan(0);
        for (const handle of node.handles ?? []) {
          expect(handle.y).toBeGreaterThan(0);
          expect(handle.y).toBeLessThan(node.height ?? 0);
        }
      }
      for (const edge of deriver.edges(scene, NONE)) {
        expect(edge.sourceHandle).toBe(handleName(edge.data?.curve.from ?? ""));
      }
    }
  });

  test("names handles so that any port's name fits into a selector", () => {
    const odd = 'n1.a "quoted" [name]\\';
    expect(handleName(odd)).not.toMatch(/["\\[\] ]/);
    expect(referenceOf(handleName(odd))).toBe(odd);
  });
});

describe("places", () => {
  test("a free place lies below what is in the way", () => {
    const taken = [{ x: 0, y: 0, width: 100, height: 100 }];
    expect(freePlace({ x: 10, y: 10 }, { width: 50, height: 50 }, taken).y).toBeGreaterThanOrEqual(100);
    expect(freePlace({ x: 400, y: 10 }, { width: 50, height: 50 }, taken)).toEqual({ x: 400, y: 10 });
  });

  test("a box is fitted whole, and never larger than it is", () => {
    const box = { x: -500, y: 0, width: 4000, height: 300 };
    const { x, zoom } = viewportFor(box, 1000, 500);
    expect(box.x * zoom + x).toBeGreaterThanOrEqual(0);
    expect((box.x + box.width) * zoom + x).toBeLessThanOrEqual(1000);
    expect(viewportFor({ x: 0, y: 0, width: 10, height: 10 }, 1000, 500).zoom).toBe(1);
    expect(boxAround([])).toBeNull();
  });
});

test("a curve that turns back swings out", () => {
  expect(curvePath({ x: 0, y: 0 }, { x: 100, y: 10 })).toBe("M0,0 C50,0 50,10 100,10");
  expect(curvePath({ x: 100, y: 0 }, { x: 0, y: 10 })).toContain("C193.3");
});
