// What the page says of costs, and when it asks the kernel for them.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeCosts } from "../harness/fakeCosts";
import { CostDesk, ESTIMATE_MS, type Estimate, type Sums } from "../src/bridge/costs";
import { readLimit } from "../src/costs/Budgets";
import { daysOf } from "../src/costs/days";
import { estimateLines, estimateWords, moneyWords, usedWords } from "../src/costs/words";

const flow = { nodes: new Map([["n1", { title: null, type: "paint", values: {} }]]) };
const estimate = (fields: Partial<Estimate> = {}): Estimate => ({
  ...new FakeCosts(() => flow as never).estimate(),
  ...fields,
});

describe("an estimate", () => {
  test("is a time, and money where it is some", () => {
    expect(estimateWords(estimate({ seconds: 12.3 }))).toBe("≈ 12 s");
    expect(estimateWords(estimate({ seconds: 0.4 }))).toBe("< 1 s");
    expect(estimateWords(estimate({ seconds: 3.6, money: 0.02 }))).toBe("≈ 4 s · $0.0200");
    expect(estimateWords(estimate({ seconds: 125, money: 3 }))).toBe("≈ 2 min 5 s · $3.00");
  });

  test("is at least what is known, and nothing where nothing is", () => {
    expect(estimateWords(estimate({ seconds: 12, unknown_seconds: 2 }))).toBe("≥ 12 s");
    expect(estimateWords(estimate({ seconds: 0, unknown_seconds: 2 }))).toBe("");
    expect(estimateWords(estimate({ seconds: null }))).toBe("");
    expect(estimateWords(estimate({ seconds: null, money: null }))).toBe("$ ?");
    expect(estimateWords(estimate({ ran: 0 }))).toBe("");
    expect(estimateWords(null)).toBe("");
  });

  test("tells of each node, and of what is not known", () => {
    const lines = estimateLines(estimate({ unknown_seconds: 1, fresh: 2, ran: 3, notes: ["Prices are old."] }));
    expect(lines).toContain("paint: 2.0 s, 12 tokens in");
    expect(lines).toContain("2 nodes need not run: results are there.");
    expect(lines).toContain("and 2 other nodes");
    expect(lines.join("\n")).toContain("the time is not known yet");
    expect(lines.at(-1)).toBe("Prices are old.");
  });
});

test("money has the digits that say something", () => {
  expect([0, 2, 0.25, 0.0123, 0.000012].map((amount) => moneyWords(amount, "USD"))).toEqual([
    "$0.00",
    "$2.00",
    "$0.25",
    "$0.0123",
    "$0.000012",
  ]);
  expect(moneyWords(1, "CHF")).toBe("1.00 CHF");
});

test("what a run used is said where something is counted", () => {
  const used = { input_tokens: 30, output_tokens: 3, images: 1, money: 0.5, currency: "USD" };
  expect(usedWords(used)).toBe("33 tokens, $0.50");
  expect(usedWords({ ...used, input_tokens: 0, output_tokens: 0, money: 0 })).toBe("");
  expect(usedWords(null)).toBe("");
});

test("a chart has every day, also those without runs", () => {
  const costs = new FakeCosts(() => flow as never).costs();
  const sums = { input_tokens: 4, output_tokens: 5, seconds: 2, money: 1 } as Sums;
  const filled = { ...costs, days: 4, by_day: [{ ...sums, day: "2026-02-28" }] };
  const today = new Date(2026, 2, 2);
  expect(daysOf(filled, "tokens", today)).toEqual([
    { day: "2026-02-27", value: 0 },
    { day: "2026-02-28", value: 9 },
    { day: "2026-03-01", value: 0 },
    { day: "2026-03-02", value: 0 },
  ]);
});

test("a limit is a number from 0 up, or none", () => {
  expect(["", " ", "0", "2,5", "1.5", "-1", "much", "1e999"].map(readLimit)).toEqual([
    null,
    null,
    0,
    2.5,
    1.5,
    undefined,
    undefined,
    undefined,
  ]);
});

describe("the kernel is asked for an estimate", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function desk() {
    const asked: string[] = [];
    const listeners: (() => void)[] = [];
    const state = { rev: 1, epoch: "e", pending: 0, ready: true };
    const run = { run: null as string | null, status: "idle" };
    const subscribe = (listener: () => void) => {
      listeners.push(listener);
      return () => {};
    };
    const link = {
      request: async ({ type }: { type: string }) => {
        asked.push(type);
        return { type: "ack", estimate: estimate(), used: { input_tokens: 1, output_tokens: 0, money: 0 } };
      },
    };
    const made = new CostDesk(
      link as never,
      { snapshot: () => ({ ...state }), subscribe } as never,
      { snapshot: () => ({ ...run }), subscribe } as never,
    );
    const tell = () => {
      for (const listener of listeners) listener();
    };
    return { made, asked, state, run, tell };
  }
  const rest = () => vi.advanceTimersByTimeAsync(ESTIMATE_MS + 1);

  test("once somebody looks, when hands have rested, and not twice for the same", async () => {
    const { made, asked, state, tell } = desk();
    await rest();
    expect(asked).toEqual([]);
    made.subscribe(() => {});
    await rest();
    expect(asked).toEqual(["estimate"]);
    expect(made.snapshot().estimate?.ran).toBe(1);
    for (state.rev = 2; state.rev < 6; state.rev += 1) {
      tell();
      await vi.advanceTimersByTimeAsync(ESTIMATE_MS / 2);
    }
    tell();
    await rest();
    tell();
    await rest();
    expect(asked).toEqual(["estimate", "estimate"]);
  });

  test("never while a run is on or an edit is under way; after a run it is asked what that used", async () => {
    const { made, asked, state, run, tell } = desk();
    made.subscribe(() => {});
    await rest();
    state.pending = 1;
    state.rev = 2;
    tell();
    await rest();
    Object.assign(run, { run: "r1", status: "running" });
    state.pending = 0;
    tell();
    await rest();
    expect(asked).toEqual(["estimate"]);
    run.status = "done";
    tell();
    await rest();
    expect(asked).toEqual(["estimate", "used", "estimate"]);
    expect(made.snapshot().used?.input_tokens).toBe(1);
  });

  test("nothing any more once it is closed", async () => {
    const { made, asked } = desk();
    made.subscribe(() => {});
    made.close();
    await rest();
    expect(asked).toEqual([]);
  });
});
