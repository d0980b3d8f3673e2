import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { FlowDocument } from "../src/flow/document";
import { makeSubflow } from "../src/flow/makeSubflow";
import type { NodeTypes } from "../src/flow/nodeType";
import { applyAll, type Operation } from "../src/flow/operations";
import { unpackSubflow } from "../src/flow/unpackSubflow";
import { canonical } from "./canonical";

interface Vector {
  name: string;
  document: FlowDocument;
  types: NodeTypes;
  make?: string[];
  title?: string;
  unpack?: string;
  operations?: Operation[];
  rejected?: string;
}

// The same file is read by pytest: both sides make and unpack alike.
const file = new URL("../../tests/vectors/subflows.json", import.meta.url);
const vectors: Vector[] = JSON.parse(readFileSync(file, "utf8"));

function gesture({ document, types, make, title, unpack = "" }: Vector): Operation[] {
  return make
    ? makeSubflow(document, types, make, title).operations
    : unpackSubflow(document, types, unpack).operations;
}

describe("making a subflow of nodes, and taking one apart", () => {
  test.for(vectors)("$name", (vector) => {
    const before = canonical(vector.document);
    if (vector.rejected) {
      expect(() => gesture(vector)).toThrow(vector.rejected);
    } else {
      const operations = gesture(vector);
      expect(operations.map(canonical)).toEqual(vector.operations?.map(canonical));
      const [after, inverses] = applyAll(vector.document, operations);
      expect(canonical(applyAll(after, inverses)[0])).toBe(before);
    }
    expect(canonical(vector.document)).toBe(before);
  });
});
