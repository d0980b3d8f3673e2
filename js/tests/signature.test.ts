import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeScene } from "../harness/scenes";
import { type FlowDocument, type Json, type JsonObject, readFlow } from "../src/flow/document";
import { entryOf, isTaken, moveEntry, nameEntry, setEntry, setLimit, type Word } from "../src/flow/edits";
import { applyAll, type Operation } from "../src/flow/operations";
import { layOutDocks } from "../src/nodes/docks";
import { canonical } from "./canonical";

interface Vector {
  name: string;
  document: FlowDocument;
  verb: "set" | "limit" | "name" | "move";
  arguments: Json[];
  operations: Operation[];
}

// The same file is read by pytest: verbs in Python and fields in the page make the same edit.
const file = new URL("../../tests/vectors/signature.json", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));

function made({ document, verb, arguments: [one, two, three] }: Vector): Operation[] {
  if (verb === "limit") return setLimit(document, String(one), String(two), three as Json);
  const [word, name] = [one as Word, String(two)];
  if (verb === "set") return setEntry(document, word, name, three as JsonObject);
  return verb === "name"
    ? nameEntry(document, word, name, String(three))
    : moveEntry(document, word, name, Number(three));
}

describe("what hands say of an input or output", () => {
  test.for(vectors)("$name", (vector) => {
    const before = canonical(vector.document);
    const operations = made(vector);
    expect(operations.map(canonical)).toEqual(vector.operations.map(canonical));
    const [after, inverses] = applyAll(vector.document, operations);
    expect(canonical(applyAll(after, inverses)[0])).toBe(before);
    expect(canonical(vector.document)).toBe(before);
  });

  const { document } = vectors[0] as Vector;

  test("what stands so already is no edit, nor is what is said of an entry that is gone", () => {
    expect(setEntry(document, "input", "prompt", { title: null, default: "a mill" })).toEqual([]);
    expect(setLimit(document, "steps", "max", 50)).toEqual([]);
    expect(setEntry(document, "input", "gone", { title: "x" })).toEqual([]);
    expect(nameEntry(document, "input", "gone", "x")).toEqual([]);
    expect(moveEntry(document, "input", "gone", 1)).toEqual([]);
  });

  test("the last limit takes the limits away", () => {
    const [after] = applyAll(document, setLimit(document, "steps", "min", null));
    expect(setLimit(after, "steps", "max", null)).toEqual([
      { op: "set_input", name: "steps", fields: { limits: null } },
    ]);
  });

  test("a place before the first or behind the last is the first or the last", () => {
    const named = (operations: Operation[]) =>
      readFlow(applyAll(document, operations)[0]).inputs.map(({ name }) => name);
    expect(named(moveEntry(document, "input", "steps", -3))).toEqual(["steps", "prompt", "seed"]);
    expect(named(moveEntry(document, "input", "prompt", 9))).toEqual(["steps", "seed", "prompt"]);
  });

  test("names are looked up among entries of the same kind", () => {
    expect(isTaken(document, "input", "image")).toBe(false);
    expect(isTaken(document, "output", "image")).toBe(true);
    expect(entryOf(document, "output", "again")?.help).toBe("The same.");
  });
});

describe("the control of an input in its dock", () => {
  function controlOf(fields: JsonObject) {
    const { flow, types } = makeScene("first");
    const entry = { name: "given", type: "int", default: 4, feeds: ["n1.steps"], ...fields };
    const [inputs] = layOutDocks(readFlow({ ...flow, inputs: [entry] }), types);
    return inputs?.rows[0]?.port.control;
  }

  test("keeps the closest of its own limits and those of the port that it feeds", () => {
    const port = controlOf({}) as JsonObject;
    expect(port).toMatchObject({ min: 1 });
    const { min, max } = port as { min: number; max: number };
    expect(controlOf({ limits: { min: min + 1, max: max + 100, step: 2 } })).toEqual({
      ...port,
      min: min + 1,
      step: 2,
    });
  });

  test("offers the choices of a text", () => {
    expect(controlOf({ type: "text", default: "a", feeds: ["n1.prompt"], choices: ["a", "b"] })).toEqual({
      kind: "choices",
      options: ["a", "b"],
    });
  });
});
