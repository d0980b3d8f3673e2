import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KernelLink } from "../src/bridge/link";
import type { RunStateTrait } from "../src/bridge/protocol";
import { RunStore } from "../src/bridge/runs";
import type { JsonObject } from "../src/flow/document";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function makeRuns() {
  const sent: JsonObject[] = [];
  let hear: (message: unknown, buffers: readonly DataView[]) => void = () => {};
  const onMessage = (handler: typeof hear) => {
    hear = handler;
    return () => {};
  };
  const link = new KernelLink({ send: (message) => sent.push(message), onMessage }, "p");
  const runs = new RunStore(link);
  const last = () => sent.at(-1) as JsonObject & { seq: number };
  const answer = async (message: JsonObject) => {
    hear({ client: "p", seq: last().seq, ...message }, []);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { runs, last, answer, hear: (message: JsonObject) => hear(message, []) };
}

const state = (run: string, status: RunStateTrait["status"], nodes: RunStateTrait["nodes"] = {}): RunStateTrait => ({
  run,
  status,
  nodes,
});

describe("a run", () => {
  test("knows since when a node says the same, so that a wait can be counted", () => {
    vi.setSystemTime(1_000);
    const { runs, hear } = makeRuns();
    runs.take(state("r1", "running", { n1: { state: "running" } }));
    const since = () => runs.snapshot().nodes.get("n1")?.since;
    expect(since()).toBe(1_000);
    const tell = (at: number, note: string, fraction: number | null = null) => {
      vi.setSystemTime(at);
      hear({ type: "progress", run: "r1", nodes: { n1: { fraction, note } } });
    };
    tell(2_000, "Loading model code …");
    tell(9_000, "Loading model code …");
    expect(since()).toBe(2_000);
    runs.take(state("r1", "running", { n0: { state: "done" }, n1: { state: "running" } }));
    expect(since()).toBe(2_000);
    tell(10_000, "step 1", 0.1);
    expect(since()).toBe(10_000);
    runs.take(state("r1", "done", { n1: { state: "done" } }));
    expect(since()).toBeNull();
  });

  test("shows at once, then as the trait and the progress tell", async () => {
    const { runs, last, answer, hear } = makeRuns();
    runs.take(state("r0", "done", { n1: { state: "done", took: 1 } }));
    const run = runs.start(["n1"]);
    expect(last()).toMatchObject({ type: "run", run, targets: ["n1"] });
    expect(run).toMatch(/^r[a-z0-9]{10}$/);
    expect(runs.snapshot()).toMatchObject({ run, status: "running" });
    runs.take(state("r0", "done")); // the trait is late
    expect(runs.snapshot().run).toBe(run);
    await answer({ type: "ack" });
    runs.take(state(run, "running", { n1: { state: "running" }, n2: { state: "waiting" } }));
    hear({ type: "progress", run, nodes: { n1: { fraction: 0.5, note: "step 5", item: [2, 3] } } });
    hear({ type: "progress", run: "another", nodes: { n1: { fraction: 0.9, note: "" } } });
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ fraction: 0.5, note: "step 5", item: [2, 3] });
    const waiting = runs.snapshot().nodes.get("n2");
    runs.take(state(run, "running", { n1: { state: "done", took: 2, cached: true }, n2: { state: "waiting" } }));
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ state: "done", took: 2, cached: true, fraction: null });
    expect(runs.snapshot().nodes.get("n2")).toBe(waiting);
    hear({ type: "progress", run, nodes: { n1: { fraction: 0.9, note: "late" }, n2: { fraction: null, note: "" } } });
    expect(runs.snapshot().nodes.get("n1")?.state).toBe("done");
    expect(runs.snapshot().nodes.get("n2")).toMatchObject({ state: "running", fraction: null });
    const failed = { state: "failed" as const, error: "No.", traceback: "Traceback" };
    runs.take(state(run, "failed", { n2: failed }));
    expect(runs.snapshot()).toMatchObject({ status: "failed" });
    expect(runs.snapshot().nodes.get("n2")).toMatchObject(failed);
  });

  test("of Python's shows as well", () => {
    const { runs } = makeRuns();
    runs.take({});
    runs.take(state("r9", "running", { n1: { state: "running" } }));
    expect(runs.snapshot()).toMatchObject({ run: "r9", status: "running" });
  });

  test("of Python's that began right after shows, though the trait never told of the page's", async () => {
    const { runs, answer } = makeRuns();
    runs.start(null);
    await answer({ type: "ack" });
    runs.take(state("r9", "running"));
    expect(runs.snapshot().run).toBe("r9");
  });

  test("that is refused says why", async () => {
    const { runs, answer, hear } = makeRuns();
    const run = runs.start(null);
    await answer({ type: "ack" });
    runs.take(state(run, "failed"));
    hear({ type: "refused", run, message: "It needs a prompt.", problems: [] });
    expect(runs.snapshot()).toMatchObject({ status: "failed", refused: { message: "It needs a prompt." } });
    runs.start(null);
    expect(runs.snapshot().refused).toBe(null);
  });

  test("that is refused because another goes on leaves that one in sight", async () => {
    const { runs, answer } = makeRuns();
    runs.take(state("r9", "running", { n1: { state: "running" } }));
    runs.start(null);
    await answer({ type: "reject", message: "It is running already." });
    expect(runs.snapshot()).toMatchObject({
      run: "r9",
      status: "running",
      refused: { message: "It is running already." },
    });
    expect(runs.snapshot().nodes.get("n1")?.state).toBe("running");
  });
});

describe("Stop", () => {
  test("carries the run's id, and claims nothing before the kernel does", async () => {
    const { runs, last, answer } = makeRuns();
    runs.stop();
    expect(last()).toBe(undefined);
    const run = runs.start(null);
    await answer({ type: "ack" });
    runs.take(state(run, "running"));
    runs.stop();
    expect(last()).toMatchObject({ type: "stop", run });
    expect(runs.snapshot()).toMatchObject({ status: "running", stopping: true, stopLate: false });
    await answer({ type: "ack" });
    expect(runs.snapshot()).toMatchObject({ stopping: true, stopLate: false });
    vi.advanceTimersByTime(1_000);
    expect(runs.snapshot().stopLate).toBe(false);
    runs.take(state(run, "cancelled"));
    expect(runs.snapshot()).toMatchObject({ status: "cancelled", stopping: false });
  });

  test("is late after half a second without an answer", async () => {
    const { runs, answer } = makeRuns();
    const run = runs.start(null);
    await answer({ type: "ack" });
    runs.take(state(run, "running"));
    runs.stop();
    vi.advanceTimersByTime(501);
    expect(runs.snapshot()).toMatchObject({ stopping: true, stopLate: true });
    runs.take(state(run, "running", { n1: { state: "running" } }));
    expect(runs.snapshot().stopLate).toBe(true);
    await answer({ type: "ack" });
    expect(runs.snapshot()).toMatchObject({ stopping: true, stopLate: false });
    runs.take(state(run, "done"));
    expect(runs.snapshot()).toMatchObject({ stopping: false, stopLate: false });
  });
});
