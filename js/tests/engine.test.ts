import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryKernel } from "../harness/kernel";
import { PageModel } from "../harness/pageModel";
import { makeScene } from "../harness/scenes";
import { areAll, mute, pin, run, runSelected, setAutoRun } from "../src/editor/running";
import { Session } from "../src/editor/session";
import { type Editor, View } from "../src/editor/view";
import { isObject } from "../src/flow/document";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

/** An editor without a page around it, with the kernel of the harness. */
async function open(scene: string) {
  const kernel = new MemoryKernel(makeScene(scene));
  const page = new PageModel(kernel);
  const session = new Session(page.model);
  const editor: Editor = { session, view: new View() };
  await pass(10);
  const states = () => Object.fromEntries([...session.runs.snapshot().nodes].map(([id, { state }]) => [id, state]));
  const set = (id: string, values: object) => kernel.edit([{ op: "set_values", id, values: values as never }]);
  const entry = (id: string) => {
    const found = kernel.document.nodes[id];
    return isObject(found) ? found : {};
  };
  const stale = () => page.model.get("stale");
  return { kernel, page, session, editor, states, set, entry, stale };
}

describe("running", () => {
  test("waits in a queue, and goes on by itself", async () => {
    const { kernel, session, editor } = await open("first");
    run(editor, null);
    await pass(200);
    const first = session.runs.snapshot().run;
    run(editor, ["n1"]);
    run(editor, null);
    await pass(200);
    expect(session.runs.snapshot()).toMatchObject({ run: first, status: "running", queued: 2 });
    session.runs.clearQueue();
    await pass(200);
    expect(session.runs.snapshot().queued).toBe(0);
    run(editor, ["n1"]);
    await pass(3_000);
    expect(session.runs.snapshot()).toMatchObject({ status: "done", queued: 0 });
    expect(session.runs.snapshot().run).not.toBe(first);
    kernel.close();
  });

  test("goes on rightly though changes were lost on their way", async () => {
    const { kernel, session, editor, states } = await open("engine");
    run(editor, ["tint"]);
    await pass(300);
    kernel.lose(6);
    await pass(6_000);
    expect(session.runs.snapshot().status).toBe("done");
    expect(states()).toEqual({ idea: "done", paint: "done", tint: "done" });
    kernel.close();
  });

  test("of what is selected runs that and what it needs, and nothing where nothing is", async () => {
    const { kernel, session, editor, states } = await open("engine");
    expect(runSelected(editor)).toBe(false);
    session.select(["paint"]);
    expect(runSelected(editor)).toBe(true);
    await pass(5_000);
    expect(Object.keys(states())).toEqual(["idea", "paint"]);
    kernel.close();
  });

  test("maps over lists: each item tells how far it is, and those that failed say so", async () => {
    const { kernel, session, editor } = await open("items");
    run(editor, null);
    await pass(1_500);
    expect(session.runs.snapshot().nodes.get("test")?.item?.[1]).toBe(7);
    await pass(5_000);
    const node = session.runs.snapshot().nodes.get("test");
    expect(node).toMatchObject({ state: "failed", items: 7, failedItems: 2 });
    expect(node?.itemErrors.map(({ item }) => item)).toEqual([1, 4]);
    kernel.close();
  });
});

describe("a question", () => {
  test("shows its candidates, goes on with the picked one, and forgets them", async () => {
    const { kernel, session, editor, states } = await open("engine");
    run(editor, null);
    await pass(5_000);
    expect(states().pick).toBe("asking");
    expect(session.runs.snapshot().nodes.get("pick")).toMatchObject({ note: "Which one do you like best?", count: 4 });
    expect(session.results.snapshot().get("pick.candidates")).toMatchObject({ count: 4 });
    const third = session.results.want("pick", "candidates", 2, false);
    await pass(10);
    expect((await third).mime).toBe("image/png");
    void session.runs.answer("pick", 2);
    await pass(5_000);
    expect(session.runs.snapshot().status).toBe("done");
    expect(session.results.snapshot().has("pick.candidates")).toBe(false);
    const late = expect(session.runs.answer("pick", 1)).rejects.toThrow("answered already");
    await pass(10);
    await late;
    kernel.close();
  });

  test("ends with its run when that is stopped", async () => {
    const { kernel, session, editor, states } = await open("engine");
    run(editor, null);
    await pass(5_000);
    session.runs.stop();
    await pass(300);
    expect(session.runs.snapshot().status).toBe("cancelled");
    expect(states().pick).toBe("cancelled");
    expect(session.results.snapshot().has("pick.candidates")).toBe(false);
    kernel.close();
  });
});

describe("Stop", () => {
  test("waits for a node that does not hear it, until it is pressed again", async () => {
    const { kernel, session, editor } = await open("first");
    kernel.runs.stubborn = 60_000;
    kernel.runs.stepTime = 1_000;
    run(editor, null);
    await pass(100);
    session.runs.stop();
    await pass(3_000);
    expect(session.runs.snapshot()).toMatchObject({ status: "running", stopping: true });
    session.runs.stop();
    await pass(1_200);
    expect(session.runs.snapshot()).toMatchObject({ status: "cancelled", stopping: false });
    kernel.close();
  });
});

describe("pins and mutes", () => {
  test("muting several nodes is one step of undo, and the same gesture wakes them", async () => {
    const { kernel, session, editor, entry } = await open("engine");
    mute(editor, ["tint", "finish"]);
    await pass(10);
    expect([entry("tint").muted, entry("finish").muted]).toEqual([true, true]);
    expect(areAll(editor, ["tint", "finish"], "muted")).toBe(true);
    session.sync.undo();
    await pass(10);
    expect([entry("tint").muted, entry("finish").muted]).toEqual([undefined, undefined]);
    mute(editor, ["tint"]);
    mute(editor, ["tint", "finish"]);
    await pass(10);
    expect([entry("tint").muted, entry("finish").muted]).toEqual([true, true]);
    mute(editor, ["tint", "finish"]);
    await pass(10);
    expect(areAll(editor, ["tint"], "muted")).toBe(false);
    kernel.close();
  });

  test("a pin is the kernel's to set: without a result it says why not", async () => {
    const { kernel, session, editor, entry, stale, set } = await open("engine");
    pin(editor, ["paint"]);
    await pass(10);
    expect(session.notices.get().map(({ words }) => words)).toEqual([
      "There is no result to pin yet. Run the node first.",
    ]);
    run(editor, ["paint"]);
    await pass(5_000);
    pin(editor, ["paint"]);
    await pass(10);
    expect(entry("paint").pinned).toBeTruthy();
    set("idea", { text: "a boat" });
    await pass(400);
    expect(stale()).toEqual(["idea"]);
    set("paint", { count: 5 });
    await pass(400);
    expect(stale()).toEqual(["idea", "paint"]);
    pin(editor, ["paint"]);
    await pass(10);
    expect(entry("paint").pinned).toBe(undefined);
    kernel.close();
  });
});

describe("stale nodes", () => {
  test("are told after an edit, with the reason in words, and are fresh again after a run", async () => {
    const { kernel, session, editor, stale, set } = await open("items");
    run(editor, ["paint"]);
    await pass(5_000);
    set("paint", { count: 3 });
    await pass(400);
    expect(stale()).toEqual(["paint"]);
    const asked = session.whys.ask("paint", "1");
    expect(session.whys.ask("paint", "1")).toBe(asked);
    await pass(10);
    expect(await asked).toBe("count went from 7 to 3 on Variants.");
    set("paint", { count: 7 });
    await pass(400);
    expect(stale()).toEqual([]);
    kernel.close();
  });
});

describe("auto-run", () => {
  test("runs once after the last edit, never what writes files, and leaves a run of the user's alone", async () => {
    const { kernel, session, editor, set, states } = await open("first");
    kernel.edit([
      { op: "add_node", id: "save", node: { type: "save_image", values: {} } },
      { op: "connect", from: "n1.image", to: "save.image" },
    ]);
    await pass(1_000);
    setAutoRun(editor, true);
    await pass(1_000);
    expect(session.runs.snapshot().status).toBe("idle");
    set("n1", { steps: 21 });
    set("n1", { steps: 22 });
    await pass(250);
    expect(session.runs.snapshot().status).toBe("idle");
    await pass(200);
    const first = session.runs.snapshot().run;
    expect(session.runs.snapshot().status).toBe("running");
    set("n1", { steps: 23 });
    await pass(3_000);
    expect(session.runs.snapshot()).toMatchObject({ status: "done" });
    expect(session.runs.snapshot().run).not.toBe(first);
    kernel.edit([{ op: "move_nodes", positions: { n1: [5, 5] } }]);
    await pass(1_000);
    expect(states()).toEqual({ n1: "done" });
    run(editor, null);
    await pass(100);
    const own = session.runs.snapshot().run;
    set("n1", { steps: 24 });
    await pass(100);
    expect(session.runs.snapshot()).toMatchObject({ run: own });
    kernel.close();
  });
});

describe("the timeline", () => {
  test("tells of the last runs, the newest first", async () => {
    const { kernel, session, editor } = await open("items");
    run(editor, ["paint"]);
    await pass(5_000);
    run(editor, null);
    await pass(10_000);
    const asked = session.link.request({ type: "timeline" });
    await pass(10);
    const answer = await asked;
    const runs = answer.type === "ack" ? (answer.runs ?? []) : [];
    expect(runs.map(({ status }) => status)).toEqual(["failed", "done"]);
    expect(runs[0]?.nodes.map(({ node, cached, error }) => [node, cached, error])).toEqual([
      ["paint", true, ""],
      ["test", false, "2 of 7 items failed."],
    ]);
    kernel.close();
  });
});
