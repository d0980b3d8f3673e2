import { describe, expect, it } from "vitest";
import { onTheWay } from "../src/canvas/glide";

const SIZE = { width: 800, height: 600 };
const FROM = { x: -120, y: 40, zoom: 0.5 };
const TO = { x: -900, y: -300, zoom: 2 };

const inWindow = ({ x, zoom }: { x: number; zoom: number }, at: number) => at * zoom + x;

describe("the way from one view to another", () => {
  it("begins and ends where it is to", () => {
    expect(onTheWay(FROM, TO, SIZE, 0)).toEqual({ ...FROM, x: expect.closeTo(FROM.x), y: expect.closeTo(FROM.y) });
    expect(onTheWay(FROM, TO, SIZE, 1)).toEqual(TO);
  });

  it("keeps the point still that is at the same place before and after", () => {
    const still = (TO.x - FROM.x) / (FROM.zoom - TO.zoom);
    for (const part of [0.1, 0.3, 0.5, 0.8]) {
      expect(inWindow(onTheWay(FROM, TO, SIZE, part), still)).toBeCloseTo(inWindow(FROM, still));
    }
  });

  it("moves without a zoom where the zoom is the same", () => {
    expect(onTheWay(FROM, { x: -220, y: 140, zoom: 0.5 }, SIZE, 0.5)).toEqual({ x: -170, y: 90, zoom: 0.5 });
  });
});
