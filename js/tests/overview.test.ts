import { describe, expect, test } from "vitest";
import { makeScene } from "../harness/scenes";
import { cardAt, cardsIn, FEWEST_NODES, isOverview } from "../src/canvas/overviewDrawing";
import { differencesOf } from "../src/editor/differences";
import { type JsonObject, readFlow } from "../src/flow/document";
import { applyAll } from "../src/flow/operations";
import { SceneMaker } from "../src/nodes/scene";

const NONE: ReadonlySet<string> = new Set();

describe("the overview", () => {
  test("begins where many cards are far away, and does not flicker at its threshold", () => {
    expect(isOverview(false, 0.1, FEWEST_NODES)).toBe(false);
    expect(isOverview(false, 0.3, FEWEST_NODES + 1)).toBe(true);
    expect([true, false].map((before) => isOverview(before, 0.35, 1_000))).toEqual([true, false]);
    expect(isOverview(true, 0.4, 1_000)).toBe(false);
  });

  test("knows what lies at a point and in a box", () => {
    const { flow, types } = makeScene("large");
    const scene = new SceneMaker().make({ document: flow, flow: readFlow(flow), types, open: NONE, longTexts: NONE });
    expect(cardAt(scene, { x: 345, y: 10 })).toBe("n0_1");
    expect(cardAt(scene, { x: -5, y: 10 })).toBeNull();
    expect(cardsIn(scene, { x: -10, y: -10, width: 360, height: 20 })).toEqual(["n0_0", "n0_1"]);
  });
});

describe("the differences of two flows", () => {
  const { flow, types } = makeScene("chain");

  test("are told in words, from either side", () => {
    const [other] = applyAll(flow, [
      { op: "set_values", id: "n2", values: { steps: 30 } },
      { op: "disconnect", from: "n2.image", to: "n5.image" },
      { op: "remove_node", id: "n5" },
      { op: "connect", from: "n1.text", to: "n2.negative_prompt" },
    ]);
    expect(differencesOf(other, flow, types)).toEqual([
      "Draw the poster: Steps 30",
      "Only here: Write a prompt (Text) → Draw the poster (Negative prompt)",
    ]);
    expect(differencesOf(flow, other, types)).toEqual(["Only here: Upscale by hand", "Draw the poster: Steps 24"]);
  });

  test("are none where only places differ, and a long value is cut", () => {
    const [moved] = applyAll(flow, [{ op: "move_nodes", positions: { n1: [500, 500] } }]);
    expect(differencesOf(moved, flow, types)).toEqual([]);
    const idea = (flow.inputs as JsonObject[]).map((input) =>
      input.name === "idea" ? { ...input, default: "very ".repeat(40) } : input,
    );
    const [line] = differencesOf({ ...flow, inputs: idea }, flow, types);
    expect(line).toMatch(/^Idea: very .{20,40}…$/);
  });
});
