import { describe, expect, it } from "vitest";
import { CARD_HEIGHT, GAP, LEAST_WIDTH, replaced, rowsOf, type Sheet, shownOf } from "../src/finetuning/dataset";
import type { Problem } from "../src/finetuning/kernel";

const pictures = [
  { name: "a.png", caption: "a red zorb", used: true },
  { name: "b.png", caption: "a red circle", used: false },
  { name: "c.png", caption: "", used: true },
];
const sheet: Sheet = {
  name: "crescents",
  trigger: "zorb",
  names: pictures.map(({ name }) => name),
  pictures: new Map(pictures.map((picture) => [picture.name, picture])),
};
const problems: Problem[] = [
  { code: "empty-caption", sentence: "", remedy: "", severity: "warning", pictures: ["c.png"] },
  { code: "too-small", sentence: "", remedy: "", severity: "error", pictures: ["a.png", "c.png"] },
];

describe("what is shown of a dataset", () => {
  it.each([
    ["", "", ["a.png", "b.png", "c.png"]],
    ["red", "", ["a.png", "b.png"]],
    ["", "used", ["a.png", "c.png"]],
    ["", "left out", ["b.png"]],
    ["", "too-small", ["a.png", "c.png"]],
    ["red", "too-small", ["a.png"]],
    ["", "of-tomorrow", []],
  ])("find %j, show %j", (find, show, names) => {
    expect(shownOf(sheet, problems, { find, show })).toEqual(names);
  });

  it("replaces every place of a word, in what is shown and has it", () => {
    expect(replaced(sheet, ["a.png", "c.png"], "r", "R")).toEqual({ "a.png": "a Red zoRb" });
    expect(replaced(sheet, sheet.names, "", "x")).toEqual({});
    expect(replaced(sheet, sheet.names, ".*", "x")).toEqual({});
  });
});

describe("where cards stand", () => {
  const step = CARD_HEIGHT + GAP;

  it("has one column at least, and as many as have room", () => {
    expect(rowsOf(10, 20, 0, 600).columns).toBe(1);
    expect(rowsOf(10, 2 * LEAST_WIDTH + GAP, 0, 600).columns).toBe(2);
    expect(rowsOf(10, 2 * LEAST_WIDTH + GAP - 1, 0, 600).columns).toBe(1);
  });

  it("keeps only what is in sight, and a row more on both sides", () => {
    const width = 4 * LEAST_WIDTH + 3 * GAP;
    expect(rowsOf(4_000, width, 0, 2 * step)).toEqual({ columns: 4, height: 1_000 * step - GAP, from: 0, to: 12 });
    expect(rowsOf(4_000, width, 500 * step, 2 * step)).toMatchObject({ from: 1_996, to: 2_012 });
    expect(rowsOf(4_000, width, 998 * step, 2 * step)).toMatchObject({ from: 3_988, to: 4_000 });
    expect(rowsOf(3, width, 0, 600)).toMatchObject({ from: 0, to: 3 });
    expect(rowsOf(0, width, 0, 600)).toMatchObject({ height: 0, from: 0, to: 0 });
  });
});
