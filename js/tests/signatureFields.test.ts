import { describe, expect, test } from "vitest";
import {
  firstDefault,
  isChosen,
  limitsFor,
  readLimit,
  readLines,
  readText,
  requestOf,
} from "../src/editor/signatureFields";
import type { Port } from "../src/flow/nodeType";

const port = (type: Port["type"], more: Partial<Port> = {}): Port => ({ name: "x", type, ...more });
const limits = (type: Port["type"]) => limitsFor(port(type)).map(([name]) => name);

describe("what can be said of an input", () => {
  test("limits go by its type", () => {
    expect(limits("int")).toEqual(["min", "max", "step"]);
    expect(limits("float")).toEqual(["min", "max"]);
    expect(limits("text")).toEqual(["max_length"]);
    expect(limits("list[text]")).toEqual(["max_length", "max_items"]);
    expect(limits("list[image]")).toEqual(["max_items"]);
    expect(limits("image")).toEqual([]);
    expect(limits({ choices: ["a"] })).toEqual([]);
  });

  test("only texts, choices and models name the values that there are", () => {
    expect(["text", "model", "int", "image"].map((type) => isChosen(port(type)))).toEqual([true, true, false, false]);
    expect(isChosen(port({ choices: ["a"] }))).toBe(true);
  });

  test("a limit is a number of the type, and a count at least one", () => {
    expect(readLimit("-2.5", "min", port("float"))).toEqual({ value: -2.5 });
    expect(readLimit("2.5", "max", port("int"))).toHaveProperty("problem");
    expect(readLimit("0", "max_length", port("text"))).toHaveProperty("problem");
    expect(readLimit("", "max", port("int"))).toEqual({ value: null });
  });

  test("texts lose what is around them, lines what is empty or twice there, and nothing is null", () => {
    expect(readText("  a mill ")).toEqual({ value: "a mill" });
    expect(readText(" ")).toEqual({ value: null });
    expect(readLines(" a\n\nb\na ")).toEqual({ value: ["a", "b"] });
    expect(readLines("\n")).toEqual({ value: null });
  });
});

describe("a first default", () => {
  test("is the port's own where it has one", () => {
    expect(firstDefault(port("text", { default: "a mill" }))).toBe("a mill");
    expect(firstDefault(port("image"))).toBe(null);
  });

  test("is else the plainest value that the input takes", () => {
    expect(firstDefault(port("text"))).toBe("");
    expect(firstDefault(port("flag"))).toBe(false);
    expect(firstDefault(port("int", { control: { kind: "number", min: 4, max: 9 } }))).toBe(4);
    expect(firstDefault(port("text", { control: { kind: "choices", options: ["ink", "oil"] } }))).toBe("ink");
    expect(firstDefault(port({ choices: ["multiply", "screen"] }))).toBe("multiply");
    expect(firstDefault(port("list[text]"))).toEqual([]);
  });
});

test("a request gives each input its default, else an example, else a place to fill in", () => {
  const properties = { a: { default: 3 }, b: { examples: ["x", "y"] }, c: {}, d: { default: false } };
  expect(JSON.parse(requestOf({ properties }))).toEqual({ a: 3, b: "x", c: "…", d: false });
  expect(JSON.parse(requestOf({}))).toEqual({});
});
