import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLoras, moved, readLora, readLoras } from "../src/controls/loras";

describe("a stack of adapters", () => {
  test("is read line by line: name, weight, schedule, and whether it is off", () => {
    expect(readLora("ink 0.8")).toEqual({ on: true, source: "ink", weight: 0.8, schedule: "" });
    expect(readLora("# my folder/ink wash.safetensors -1 @ 0:1, 0.5:0")).toEqual({
      on: false,
      source: "my folder/ink wash.safetensors",
      weight: -1,
      schedule: "0:1, 0.5:0",
    });
    expect(readLora("owner/name@v2")).toEqual({ on: true, source: "owner/name@v2", weight: 1, schedule: "" });
    expect(readLoras("\n  \n#\nink\n")).toHaveLength(1);
  });

  test("comes back as it was", () => {
    const name = fc.stringMatching(/^[a-z][a-z ./-]{0,20}[a-z]$/);
    const line = fc.record({
      on: fc.boolean(),
      source: name,
      weight: fc.integer({ min: -400, max: 400 }).map((steps) => steps / 100 + 0),
      schedule: fc.constantFrom("", "0:1, 1:0"),
    });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        expect(readLoras(formatLoras(lines))).toEqual(lines);
      }),
    );
  });

  test("is put into another order", () => {
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  });
});
