import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { scenes } from "../harness/scenes";
import type { ViewDocument } from "../src/bridge/model";
import { curvePath } from "../src/view/Curves";
import { FlowView } from "../src/view/FlowView";
import { layOutScene } from "../src/view/scene";
import { formatValue, linesBelow } from "../src/view/values";

function documentOf(name: string): ViewDocument {
  const scene = scenes[name];
  if (!scene) throw new Error(`There is no scene '${name}'.`);
  return scene.document;
}

const markup = (view: ViewDocument, results = new Map()) =>
  renderToStaticMarkup(<FlowView view={view} results={results} theme="light" />);

describe("the scene", () => {
  test("draws a curve for each edge, feed and output, between the ports' places", () => {
    const scene = layOutScene(documentOf("first"));
    expect(scene.curves.map((curve) => curve.key)).toEqual(["prompt>n1.prompt", "n1.image>image"]);
    const [card] = scene.cards;
    const prompt = card?.rows.find((row) => row.reference === "n1.prompt");
    expect(scene.curves[0]?.to).toEqual({ x: card?.x, y: (card?.y ?? 0) + (prompt?.y ?? 0), medium: "text" });
    expect(scene.curves[1]?.from.x).toBe((card?.x ?? 0) + (card?.width ?? 0));
  });

  test("holds every box inside its size", () => {
    for (const name of Object.keys(scenes)) {
      const { cards, docks, width, height } = layOutScene(documentOf(name));
      for (const box of [...cards, ...docks]) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(width);
        expect(box.y + box.height).toBeLessThanOrEqual(height);
      }
    }
  });

  test("puts nodes without positions into columns that do not overlap", () => {
    const { cards } = layOutScene(documentOf("chain"));
    for (const one of cards) {
      for (const other of cards) {
        if (one === other) continue;
        const beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
        expect(beside || one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
      }
    }
  });

  test("passes over curves to ports that are not there", () => {
    const view = structuredClone(documentOf("first"));
    view.flow.edges.push({ from: "gone.image", to: "n1.prompt" });
    expect(layOutScene(view).curves).toHaveLength(2);
  });
});

describe("the view", () => {
  test("names the flow, its nodes, ports and values", () => {
    const html = markup(documentOf("first"));
    expect(html).toContain('aria-label="Flow first, 1 node"');
    for (const words of [
      "Text to image",
      "Negative prompt",
      "a red circle on a blue background",
      "starter",
      "Outputs",
    ]) {
      expect(html).toContain(words);
    }
  });

  test("says of an optional number without a value that the node chooses it", () => {
    const view = structuredClone(documentOf("first"));
    const port = { name: "guidance", title: "Guidance", type: "float", default: null, optional: true };
    view.types.text_to_image?.inputs.push(port);
    expect(markup(view)).toContain(">auto<");
    Object.assign(view.flow.nodes.n1 as object, { values: { guidance: 3 } });
    expect(markup(view)).not.toContain(">auto<");
  });

  test("shows a result on its node, and says when it is a preview", () => {
    const result = { mime: "image/png", preview: false, url: "blob:1", text: null };
    expect(markup(documentOf("first"), new Map([["n1.image", result]]))).toContain('alt="Result of Text to image"');
    const preview = markup(documentOf("first"), new Map([["n1.image", { ...result, preview: true }]]));
    expect(preview).toContain('alt="Preview of Text to image"');
    expect(preview).toContain("Text to image, running");
  });

  test("shows what it does not know as a placeholder with its data", () => {
    const html = markup(documentOf("chain"));
    expect(html).toContain("Upscale by hand, its type is not installed here");
    expect(html).toContain("Factor");
  });

  test("says that a flow is empty", () => {
    expect(markup(documentOf("empty"))).toContain("This flow has no nodes yet.");
  });

  test("escapes what a file says", () => {
    const view = structuredClone(documentOf("first"));
    view.flow.name = "<img src=x onerror=alert(1)>";
    expect(markup(view)).not.toContain("<img src=x");
  });
});

describe("values", () => {
  test("read as a few words", () => {
    const model = { $model: { source: "starter", options: {}, adapters: [] } };
    const values = [0.30000000000000004, true, null, ["a", 1], model, { $media: "00ff.png" }, { other: 1 }];
    expect(values.map(formatValue)).toEqual(["0.3", "on", "none", "a, 1", "starter", "picture", "…"]);
  });

  test("get lines of their own when they are long", () => {
    expect(["short", "a line of its own, no more", "x".repeat(400)].map((text) => linesBelow(text, 200))).toEqual([
      0, 1, 2,
    ]);
  });
});

test("a curve that turns back swings out", () => {
  expect(curvePath({ x: 0, y: 0 }, { x: 100, y: 10 })).toBe("M0,0 C50,0 50,10 100,10");
  expect(curvePath({ x: 100, y: 0 }, { x: 0, y: 10 })).toContain("C193.3");
});
