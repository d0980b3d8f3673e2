import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { FlowDocument } from "../src/flow/document";
import { apply, OPERATION_NAMES, type Operation, OperationRejected } from "../src/flow/operations";
import { canonical } from "./canonical";

interface Vector {
  name: string;
  document: FlowDocument;
  operation: Operation;
  after?: FlowDocument;
  inverse?: Operation;
  inverse_is_rejected?: boolean;
  rejected?: boolean;
}

// The same file is read by pytest: both sides apply alike.
const file = new URL("../../tests/vectors/operations.json", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));

describe("the vectors that Python is held to as well", () => {
  test("try every operation", () => {
    const tried = new Set(vectors.map((vector) => vector.operation.op));
    expect(OPERATION_NAMES.filter((name) => !tried.has(name))).toEqual([]);
  });

  test.for(vectors)("$name", ({ document, operation, ...expected }) => {
    const before = canonical(document);
    if (expected.rejected) {
      expect(() => apply(document, operation)).toThrow(OperationRejected);
    } else {
      const [after, inverse] = apply(document, operation);
      expect(canonical(after)).toBe(canonical(expected.after));
      expect(canonical(inverse)).toBe(canonical(expected.inverse));
      if (expected.inverse_is_rejected) expect(() => apply(after, inverse)).toThrow(OperationRejected);
      else expect(canonical(apply(after, inverse)[0])).toBe(canonical(document));
    }
    expect(canonical(document)).toBe(before);
  });
});
