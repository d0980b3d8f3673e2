import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TimelineNode, TimelineRun } from "../src/bridge/timelineEntries";
import { barOf, formatMark, lengthOf, marksOf } from "../src/editor/timeScale";
import { formatBytes } from "../src/nodes/values";

const node = (start: number | null, took: number | null): TimelineNode => ({
  node: "n1",
  title: "N",
  start,
  took,
  cached: false,
  peak: null,
  error: null,
});
const run = (took: number | null, nodes: TimelineNode[]): TimelineRun => ({
  run: "r",
  started: "",
  took,
  status: "done",
  nodes,
});

describe("the axis of a timeline", () => {
  test("carries round times, from 0 until all is over, and few of them", () => {
    expect(marksOf(4.4)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(marksOf(0.25).map((mark) => formatMark(mark, 0.05))).toEqual([
      "0",
      "50 ms",
      "100 ms",
      "150 ms",
      "200 ms",
      "250 ms",
    ]);
    expect(
      marksOf(300)
        .map((mark) => formatMark(mark, 50))
        .at(-1),
    ).toBe("5 min");
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e6, noNaN: true }), (seconds) => {
        const marks = marksOf(seconds);
        expect(marks.length).toBeLessThanOrEqual(8);
        expect(marks.at(-1)).toBeGreaterThanOrEqual(seconds * 0.999);
      }),
    );
  });

  test("is as long as the run, and holds every bar", () => {
    const long = run(2, [node(0, 1), node(1.5, 1)]);
    expect(lengthOf(long, 0)).toBe(2.5);
    expect(barOf(node(1, 0.5), 2)).toEqual({ left: 50, width: 25 });
    expect(barOf(node(1, null), 2)).toEqual({ left: 50, width: 0 });
    expect(barOf(node(null, 9), 2)).toEqual({ left: 0, width: 100 });
    expect(barOf(node(0, 0), 0)).toEqual({ left: 0, width: 0 });
    const goingOn = { ...run(null, [node(1, null)]), started: "2026-01-01T00:00:00Z" };
    const until = lengthOf(goingOn, Date.parse("2026-01-01T00:00:03Z"));
    expect(until).toBe(3);
    expect(barOf(node(1, null), 4, until)).toEqual({ left: 25, width: 50 });
    expect(lengthOf(run(null, []), 0)).toBe(0);
  });
});

test("bytes read as a person says them", () => {
  expect([0.4e6, 24e6, 312.4e6, 1.44e9].map(formatBytes)).toEqual(["0.4 MB", "24 MB", "312 MB", "1.4 GB"]);
});
