import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FlowDocument, Json } from "../src/flow/document";
import { apply, applyAll, OPERATION_NAMES, type Operation, OperationRejected } from "../src/flow/operations";
import { canonical } from "./canonical";

const RUNS = 300 * Number(process.env.PIXELFLOW_SOAK ?? 1);

// Few names, so that operations often meet what is there; two of them are names that every JavaScript object answers to.
const ids = fc.constantFrom("a", "b", "c", "constructor", "__proto__");
const ports = fc.tuple(ids, fc.constantFrom("image", "text", "options.x")).map(([id, port]) => `${id}.${port}`);
const values = fc.oneof(
  fc.constant(null),
  fc.constant({ $none: true }),
  fc.integer(),
  fc.string({ maxLength: 4 }),
) as fc.Arbitrary<Json>;
const places = fc.tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -500, max: 500 }));
const indexes = fc.option(fc.integer({ min: -1, max: 4 }), { nil: undefined });
const valueChanges = fc.dictionary(fc.constantFrom("steps", "prompt", "__proto__"), values, { maxKeys: 3 });

const steps: Record<string, fc.Arbitrary<Record<string, unknown>>> = {
  add_node: fc.record({
    id: ids,
    node: fc.record({
      type: fc.constant("draw"),
      values: fc.dictionary(fc.constantFrom("steps", "seed"), fc.integer()),
    }),
    position: fc.option(places, { nil: undefined }),
  }),
  remove_node: fc.record({ id: ids, position: fc.option(places, { nil: undefined }) }),
  set_values: fc.record({ id: ids, values: valueChanges }),
  set_node: fc.record({ id: ids, fields: fc.dictionary(fc.constantFrom("title", "muted", "size"), values) }),
  move_nodes: fc.record({ positions: fc.dictionary(ids, fc.oneof(fc.constant(null), places)) }),
  connect: fc.record({ from: ports, to: ports, index: indexes, fields: fc.constant({ colour: "red" }) }),
  disconnect: fc.record({ from: ports, to: ports }),
  add_input: fc.record({
    input: fc.record({ name: ids, type: fc.constant("text"), feeds: fc.array(ports, { maxLength: 2 }) }),
    index: indexes,
  }),
  remove_input: fc.record({ name: ids }),
  set_input: fc.record({ name: ids, fields: fc.dictionary(fc.constantFrom("title", "default", "help"), values) }),
  feed: fc.record({ name: ids, to: ports, index: indexes }),
  unfeed: fc.record({ name: ids, to: ports }),
  add_output: fc.record({ output: fc.record({ name: ids, from: ports }), index: indexes }),
  remove_output: fc.record({ name: ids }),
  set_output: fc.record({ name: ids, fields: fc.record({ from: ports }) }),
  set_flow: fc.record({ fields: fc.dictionary(fc.constantFrom("name", "title", "description"), values) }),
  set_subflow: fc.record({ name: ids, subflow: fc.constantFrom<unknown>(null, { document: body() }, { later: 1 }) }),
  replace: fc.record({ document: fc.constantFrom<unknown>(startingFlow(), { ...startingFlow(), edges: {} }, null) }),
};

const operations: fc.Arbitrary<Operation> = fc.oneof(
  ...Object.entries(steps).map(([op, fields]) =>
    // Through JSON, as an operation comes from the kernel: fields that are undefined are not there.
    fields.map((rest) => JSON.parse(JSON.stringify({ op, ...rest })) as Operation),
  ),
);

function body(): Json {
  return { format: "pixelflow", version: 1, name: "body", nodes: {}, edges: [], inputs: [], outputs: [] };
}

function startingFlow(): FlowDocument {
  const node = { type: "draw", values: { steps: 4 }, title: null };
  const edges = [
    { from: "a.image", to: "b.image" },
    { from: "a.text", to: "b.text", colour: "blue" },
    { from: "b.image", to: "a.image" },
  ];
  const inputs = [
    { name: "a", type: "text", feeds: ["a.text", "b.text", "a.options.x"], limits: { max: 3 } },
    { name: "c", type: "text", feeds: [] },
  ];
  const outputs = [
    { name: "a", from: "a.image" },
    { name: "b", from: "b.image" },
  ];
  const layout = { positions: { a: [0, 0], c: null, constructor: [1, 1] }, zoom: 2 };
  const nodes = { a: node, b: node };
  const subflows = { a: { document: body() } };
  return { format: "pixelflow", version: 1, name: "f", nodes, edges, inputs, outputs, layout, subflows, later: [1] };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

/** Applies what fits, and passes over what is rejected. */
function applyAccepted(document: FlowDocument, wanted: Operation[]): [FlowDocument, Operation[]] {
  let current = deepFreeze(document);
  const inverses: Operation[] = [];
  for (const operation of wanted) {
    try {
      const [after, inverse] = apply(current, operation);
      current = deepFreeze(after);
      inverses.unshift(inverse);
    } catch (error) {
      if (!(error instanceof OperationRejected)) throw error;
    }
  }
  return [current, inverses];
}

describe("operations", () => {
  test("every operation is tried below", () => {
    expect(Object.keys(steps).sort()).toEqual([...OPERATION_NAMES].sort());
  });

  test("inverses take every sequence back to where it began", () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 40 }), (wanted) => {
        const [after, inverses] = applyAccepted(startingFlow(), wanted);
        expect(canonical(applyAll(after, inverses)[0])).toBe(canonical(startingFlow()));
      }),
      { numRuns: RUNS },
    );
  });

  test("the inverse of an inverse is the operation's own effect", () => {
    fc.assert(
      fc.property(fc.array(operations, { minLength: 1, maxLength: 20 }), (wanted) => {
        const [after, inverses] = applyAccepted(startingFlow(), wanted);
        const [before, again] = applyAll(after, inverses);
        expect(canonical(applyAll(before, again)[0])).toBe(canonical(after));
      }),
      { numRuns: RUNS },
    );
  });

  test("a node without a place leaves the one that a file has for it, also where places were set before", () => {
    const node = { type: "draw", values: {} };
    const both = [
      { op: "add_node", id: "d", node, position: [0, 0] },
      { op: "add_node", id: "c", node },
    ];
    const [after] = applyAll(startingFlow(), both);
    expect(after.layout).toEqual({ positions: { a: [0, 0], c: null, constructor: [1, 1], d: [0, 0] }, zoom: 2 });
  });

  test("all at once come to what one after another do, and change nothing of what they begin with", () => {
    fc.assert(
      fc.property(fc.array(operations, { maxLength: 40 }), (wanted) => {
        const fitting: Operation[] = [];
        let [step, start] = [startingFlow(), deepFreeze(startingFlow())];
        for (const operation of deepFreeze(wanted)) {
          try {
            step = apply(step, operation)[0];
            fitting.push(operation);
          } catch (error) {
            if (!(error instanceof OperationRejected)) throw error;
          }
        }
        const [after, inverses] = applyAll(start, fitting);
        expect(canonical(after)).toBe(canonical(step));
        const told = canonical(inverses as never);
        [start] = applyAll(deepFreeze(after), inverses);
        expect(canonical(start)).toBe(canonical(startingFlow()));
        expect(canonical(inverses as never)).toBe(told);
      }),
      { numRuns: RUNS },
    );
  });
});
