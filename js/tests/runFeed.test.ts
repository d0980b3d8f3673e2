import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KernelLink } from "../src/bridge/link";
import type { NodeRunTrait, RunStateTrait } from "../src/bridge/protocol";
import { RunStore } from "../src/bridge/runs";
import type { JsonObject } from "../src/flow/document";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function makeRuns() {
  const sent: (JsonObject & { seq: number })[] = [];
  let hear: (message: unknown, buffers: readonly DataView[]) => void = () => {};
  const onMessage = (handler: typeof hear) => {
    hear = handler;
    return () => {};
  };
  const link = new KernelLink(
    { send: (message) => sent.push(message as JsonObject & { seq: number }), onMessage },
    "p",
  );
  const runs = new RunStore(link);
  const states = (run: string, seq: number, nodes: Record<string, NodeRunTrait>, more: object = {}) =>
    hear({ type: "states", run, seq, nodes, ...more }, []);
  const answer = async (message: JsonObject, to = sent.at(-1)) => {
    hear({ client: "p", seq: to?.seq, ...message }, []);
    await vi.advanceTimersByTimeAsync(0);
  };
  const asked = (type: string) => sent.filter((message) => message.type === type);
  const stateOf = (id: string) => runs.snapshot().nodes.get(id)?.state;
  return { runs, states, answer, asked, stateOf };
}

const trait = (run: string, status: RunStateTrait["status"], more: Partial<RunStateTrait> = {}): RunStateTrait => ({
  run,
  status,
  nodes: {},
  seq: 0,
  queued: 0,
  queue: [],
  ...more,
});
const both: RunStateTrait["nodes"] = { n1: { state: "waiting" }, n2: { state: "waiting" } };

describe("the state of a run", () => {
  test("is put together from the trait and what has changed since", () => {
    const { runs, states, stateOf, asked } = makeRuns();
    runs.take(trait("r1", "running", { nodes: both }));
    states("r1", 1, { n1: { state: "running" } });
    const n2 = runs.snapshot().nodes.get("n2");
    states("r1", 2, { n1: { state: "done", took: 1, items: 3 } });
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ state: "done", took: 1, items: 3 });
    expect(runs.snapshot().nodes.get("n2")).toBe(n2);
    runs.take(trait("r1", "done", { seq: 3, nodes: { n1: { state: "done" }, n2: { state: "done" } } }));
    expect([runs.snapshot().status, stateOf("n2")]).toEqual(["done", "done"]);
    expect(asked("run_state")).toEqual([]);
  });

  test("waits for the trait of its run, which messages overtake", () => {
    const { runs, states, stateOf, asked } = makeRuns();
    runs.take(trait("r0", "done"));
    states("r1", 1, { n1: { state: "running" } });
    states("r1", 2, { n1: { state: "done" }, n2: { state: "running" } });
    expect(runs.snapshot()).toMatchObject({ run: "r0", status: "done" });
    runs.take(trait("r1", "running", { nodes: both }));
    expect([stateOf("n1"), stateOf("n2")]).toEqual(["done", "running"]);
    vi.advanceTimersByTime(2_000);
    expect(asked("run_state")).toEqual([]);
  });

  test("is asked for as a whole where a change was lost, and goes on from there", () => {
    const { runs, states, stateOf, asked } = makeRuns();
    runs.take(trait("r1", "running", { nodes: both }));
    states("r1", 2, { n2: { state: "running" } });
    states("r1", 3, { n2: { state: "done" } });
    expect(stateOf("n2")).toBe("waiting");
    expect(asked("run_state")).toHaveLength(1);
    runs.take(trait("r1", "running", { seq: 2, nodes: { n1: { state: "done" }, n2: { state: "running" } } }));
    expect([stateOf("n1"), stateOf("n2")]).toEqual(["done", "done"]);
    states("r1", 4, { n1: { state: "failed", error: "No." } });
    expect(stateOf("n1")).toBe("failed");
    vi.advanceTimersByTime(2_000);
    expect(asked("run_state")).toHaveLength(1);
  });

  test("is asked for again while the kernel does not tell, but not for ever", () => {
    const { states, asked } = makeRuns();
    states("r1", 1, { n1: { state: "running" } });
    expect(asked("run_state")).toHaveLength(0);
    vi.advanceTimersByTime(600);
    expect(asked("run_state").length).toBeGreaterThan(0);
    vi.advanceTimersByTime(60_000);
    const most = new Set(asked("run_state").map(({ seq }) => seq)).size;
    expect(most).toBeLessThan(20);
  });

  test("keeps what a trait tells that was overtaken by a change", () => {
    const { runs, states, stateOf } = makeRuns();
    runs.take(trait("r1", "running"));
    states("r1", 1, { n1: { state: "running" } });
    runs.take(trait("r1", "running", { nodes: both }));
    expect([stateOf("n1"), stateOf("n2")]).toEqual(["running", "waiting"]);
    states("r1", 2, { n1: { state: "done" } });
    runs.take(trait("r1", "running", { seq: 1, nodes: { n1: { state: "running" }, n2: { state: "running" } } }));
    expect([stateOf("n1"), stateOf("n2")]).toEqual(["done", "running"]);
  });

  test("never goes back: a trait that is late and a change that comes twice are passed over", () => {
    const { runs, states, stateOf } = makeRuns();
    runs.take(trait("r1", "running", { nodes: both }));
    states("r1", 1, { n1: { state: "running" } });
    states("r1", 2, { n1: { state: "done" } });
    runs.take(trait("r1", "running", { seq: 1, nodes: { n1: { state: "running" } } }));
    states("r1", 1, { n1: { state: "running" } });
    expect(stateOf("n1")).toBe("done");
  });
});

describe("the queue", () => {
  test("takes what is started while a run is on, and says at once how many wait", async () => {
    const { runs, states, answer, asked } = makeRuns();
    runs.take(trait("r1", "running", { nodes: both }));
    const second = runs.start(["n2"]);
    expect(runs.snapshot()).toMatchObject({ run: "r1", status: "running", queued: 1 });
    expect(asked("run").at(-1)).toMatchObject({ run: second, targets: ["n2"] });
    states("r1", 1, {}, { queue: [second], queued: 1 });
    await answer({ type: "ack", queued: 1 });
    expect(runs.snapshot().queued).toBe(1);
    runs.take(trait("r1", "done", { seq: 1, queue: [second], queued: 1 }));
    runs.take(trait(second, "running"));
    expect(runs.snapshot()).toMatchObject({ run: second, status: "running", queued: 0 });
  });

  test("is emptied by taking each out by its id, and nothing else is stopped", () => {
    const { runs, asked } = makeRuns();
    runs.take(trait("r1", "running", { queue: ["r2", "r3"], queued: 2 }));
    runs.clearQueue();
    expect(asked("stop").map(({ run }) => run)).toEqual(["r2", "r3"]);
    expect(runs.snapshot()).toMatchObject({ run: "r1", stopping: false });
  });

  test("is where a run stands that waits for another flow's", () => {
    const { runs } = makeRuns();
    runs.take(trait("r1", "queued", { queue: ["r1"], queued: 1 }));
    expect(runs.snapshot()).toMatchObject({ run: "r1", status: "running", waits: true, queued: 0 });
    runs.take(trait("r1", "running", { nodes: both }));
    expect(runs.snapshot().waits).toBe(false);
  });

  test("loses what is refused, in words, while the other run goes on", async () => {
    const { runs, answer } = makeRuns();
    runs.take(trait("r1", "running", { nodes: both }));
    runs.start(null);
    await answer({ type: "reject", message: "It needs a prompt." });
    expect(runs.snapshot()).toMatchObject({ run: "r1", queued: 0, refused: { message: "It needs a prompt." } });
  });
});

describe("Stop and answers", () => {
  test("Stop pressed again ends at once; a double click is one press", () => {
    const { runs, asked } = makeRuns();
    runs.take(trait("r1", "running"));
    runs.stop();
    runs.stop();
    expect(asked("stop")).toHaveLength(1);
    expect(asked("stop")[0]).not.toHaveProperty("now");
    vi.advanceTimersByTime(500);
    runs.stop();
    expect(asked("stop")[1]).toMatchObject({ run: "r1", now: true });
    expect(runs.snapshot().stopping).toBe(true);
  });

  test("an answer names run, node and pick, and is refused in words", async () => {
    const { runs, answer, asked } = makeRuns();
    runs.take(trait("r1", "running", { nodes: { n1: { state: "asking", note: "Which?", count: 3 } } }));
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ state: "asking", note: "Which?", count: 3 });
    const said = runs.answer("n1", 2);
    expect(asked("answer")[0]).toMatchObject({ run: "r1", node: "n1", pick: 2 });
    const refused = expect(said).rejects.toThrow("It is answered already.");
    await answer({ type: "reject", message: "It is answered already." });
    await refused;
  });

  test("errors of items come as a list or as a number", () => {
    const { runs } = makeRuns();
    const errors = [{ item: 1, error: "No." }];
    const nodes: RunStateTrait["nodes"] = {
      n1: { state: "failed", items: 3, item_errors: errors },
      n2: { state: "failed", items: 3, item_errors: 2 },
    };
    runs.take(trait("r1", "failed", { nodes }));
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ itemErrors: errors, failedItems: 1 });
    expect(runs.snapshot().nodes.get("n2")).toMatchObject({ itemErrors: [], failedItems: 2 });
  });
});
