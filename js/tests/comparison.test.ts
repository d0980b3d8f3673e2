import { describe, expect, it } from "vitest";
import { Comparison } from "../src/comparison/comparison";
import {
  type Axis,
  type Cell,
  clock,
  firstLayout,
  numberAt,
  placed,
  RATING,
  ranked,
  rowsOf,
  shortNumber,
  starOfKey,
  turned,
  valuesOf,
  wordsOfCell,
} from "../src/comparison/grid";

const axes: Axis[] = [
  { name: "prompt", labels: ["a red circle", "a blue star"] },
  { name: "model", labels: ["Starter"] },
  { name: "seed", labels: ["1", "2", "3"] },
  { name: "weights", labels: ["none", "zorb 1"] },
];

const cells: Cell[] = [0, 1].flatMap((prompt) =>
  [0, 1, 2].flatMap((seed) =>
    [0, 1].map((weights) => ({
      number: (prompt * 3 + seed) * 2 + weights,
      at: [prompt, 0, seed, weights],
      status: "done" as const,
      seconds: 1,
      error: "",
      text: "",
      size: [64, 64] as const,
      scores: seed === 2 ? {} : { fit: 10 * prompt + seed + weights / 2 },
      stars: prompt === 1 && seed === 1 ? 3 + weights : 0,
    })),
  ),
);

describe("where cells stand", () => {
  it("has the first two axes with something to choose down and to the right", () => {
    const layout = firstLayout(axes);
    expect([layout.rows, layout.columns]).toEqual([0, 2]);
    expect(rowsOf(axes, layout)).toEqual([
      [0, 2, 4],
      [6, 8, 10],
    ]);
    expect(rowsOf(axes, turned(layout, 3, 1))[1]).toEqual([7, 9, 11]);
  });

  it("has each cell where its number says", () => {
    for (const cell of cells) expect(numberAt(axes, cell.at)).toBe(cell.number);
  });

  it("gives an axis that is taken the place of the other", () => {
    const layout = placed(firstLayout(axes), "columns", 0);
    expect([layout.rows, layout.columns]).toEqual([2, 0]);
    expect(rowsOf(axes, layout)).toEqual([
      [0, 6],
      [2, 8],
      [4, 10],
    ]);
    expect(placed(layout, "rows", 3)).toMatchObject({ rows: 3, columns: 0 });
  });

  it("is one row of one axis, and one cell of none", () => {
    const one = axes.slice(0, 2);
    expect(firstLayout(one)).toMatchObject({ rows: 0, columns: -1 });
    expect(rowsOf(one, firstLayout(one))).toEqual([[0], [1]]);
    expect(rowsOf([], firstLayout([]))).toEqual([[0]]);
  });
});

describe("the best first", () => {
  it("leaves those out that have no score or stars", () => {
    expect(ranked(cells, "fit")).toEqual([9, 8, 7, 6, 3, 2, 1, 0]);
    expect(ranked(cells, RATING)).toEqual([9, 8]);
    expect(ranked(cells, "of tomorrow")).toEqual([]);
  });

  it("says what a cell was made with, without what all have", () => {
    expect(valuesOf(axes, cells[9] as Cell)).toEqual([
      ["prompt", "a blue star"],
      ["seed", "2"],
      ["weights", "zorb 1"],
    ]);
    expect(wordsOfCell(axes, cells[9] as Cell)).toBe("a blue star, seed 2, weights zorb 1");
    expect(wordsOfCell([], { ...(cells[0] as Cell), at: [] })).toBe("the only cell");
  });
});

describe("words and keys", () => {
  it.each([
    ["3", 1, 3],
    ["0", 4, 0],
    ["Backspace", 4, 0],
    ["+", 5, 5],
    ["-", 2, 1],
    ["6", 2, null],
    ["Enter", 2, null],
  ])("%s at %d stars is %s", (key, now, stars) => expect(starOfKey(key, now)).toBe(stars));

  it.each([
    [25, "25"],
    [25.12345, "25.1"],
    [123.456, "123.5"],
    [0.01234, "0.0123"],
  ])("%d is %s", (value, words) => expect(shortNumber(value)).toBe(words));

  it("tells time as a clock does", () =>
    expect([clock(9.4), clock(750), clock(-1)]).toEqual(["0:09", "12:30", "0:00"]));
});

describe("what the page knows", () => {
  type Answer = (told: object) => void;

  function page() {
    const asked: { type: string; fields: object; answer: Answer }[] = [];
    let hear: (message: object) => void = () => {};
    const kernel = {
      ask: (type: string, fields: object = {}) =>
        new Promise((answer) => asked.push({ type, fields, answer: (told) => answer({ ...told, buffers: [] }) })),
      on: (_: string, heard: typeof hear) => {
        hear = heard;
        return () => {};
      },
    };
    const comparison = new Comparison(kernel as never);
    const state = { name: "circles", words: "", status: "running", note: "", error: "", left: null, order: "" };
    const tell = (fields: object) => hear({ ...state, scores: [], cells: [], ...fields });
    const answer = async (type: string, told: object = {}) => {
      asked.find((one) => one.type === type)?.answer(told);
      await new Promise((done) => setTimeout(done));
    };
    return { comparison, asked, tell, answer, about: { about: { ...state, scores: [], axes, cells } } };
  }

  it("keeps what came before it knew all", async () => {
    const { comparison, tell, answer, about } = page();
    tell({ status: "finished", cells: [{ ...cells[1], status: "failed" }] });
    expect(comparison.state.get()).toBeNull();
    await answer("about", about);
    expect(comparison.state.get()).toMatchObject({ status: "finished", axes });
    expect(comparison.state.get()?.cells[1]?.status).toBe("failed");
  });

  it("shows stars and order at once, and is not put back by what the kernel told before it heard of them", async () => {
    const { comparison, tell, answer, about } = page();
    await answer("about", about);
    void comparison.rate(2, 4);
    void comparison.sort(RATING);
    tell({ order: "", cells: [{ ...cells[2], stars: 0 }] });
    expect(comparison.state.get()).toMatchObject({ order: RATING });
    expect(comparison.state.get()?.cells[2]?.stars).toBe(4);
    await answer("rate");
    await answer("sort");
    tell({ order: "fit", cells: [{ ...cells[2], stars: 1 }] });
    expect(comparison.state.get()).toMatchObject({ order: "fit" });
    expect(comparison.state.get()?.cells[2]?.stars).toBe(1);
  });

  it("asks for pictures of cells in sight that have one", async () => {
    const { comparison, asked, answer, about } = page();
    await answer("about", { about: { ...about.about, cells: [cells[0], { ...cells[1], size: null }, cells[2]] } });
    for (const number of [0, 1]) comparison.see(number, true);
    expect(asked.filter(({ type }) => type === "thumbnails").map(({ fields }) => fields)).toEqual([{ names: ["0"] }]);
  });
});
