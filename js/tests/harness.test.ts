import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryKernel } from "../harness/kernel";
import { PageModel } from "../harness/pageModel";
import { makeScene, SCENES } from "../harness/scenes";
import { KernelLink } from "../src/bridge/link";
import { MediaLibrary, mediaReference } from "../src/bridge/mediaLibrary";
import { ResultStore } from "../src/bridge/results";
import { RunStore } from "../src/bridge/runs";
import { DocumentSync } from "../src/bridge/sync";
import { documentOf, modelTransport, setTrait } from "../src/bridge/traits";
import { readFlow } from "../src/flow/document";
import { findType } from "../src/flow/nodeType";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A page as `widget.tsx` joins it together. */
function open(kernel: MemoryKernel) {
  const page = new PageModel(kernel);
  const { model } = page;
  const link = new KernelLink(modelTransport(model));
  const [sync, runs] = [new DocumentSync(link), new RunStore(link)];
  const [results, media] = [new ResultStore(link), new MediaLibrary(link)];
  sync.start(documentOf(model));
  model.on("change:document", () => sync.notice(documentOf(model)));
  model.on("change:run_state", () => runs.take(model.get("run_state")));
  return { page, model, link, sync, runs, results, media };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe("the kernel in the page", () => {
  test("runs a flow: states, progress, previews that wait for credit, results", async () => {
    const kernel = new MemoryKernel(makeScene("first"));
    const { page, runs, results } = open(kernel);
    const run = runs.start(null);
    await pass(300);
    expect(runs.snapshot()).toMatchObject({ run, status: "running" });
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ state: "running", note: "step 2 of 8" });
    expect(results.snapshot().get("n1.image")).toMatchObject({ preview: true, mime: "image/jpeg" });
    await pass(2_000);
    expect(runs.snapshot()).toMatchObject({ status: "done" });
    expect(results.snapshot().get("n1.image")).toMatchObject({ preview: false, size: [512, 512] });
    expect(page.sent.filter(({ type }) => type === "credit").length).toBeGreaterThan(3);
    runs.start(null);
    await pass(100);
    expect(runs.snapshot().nodes.get("n1")).toMatchObject({ state: "done", cached: true });
    const another = open(kernel);
    await pass(10);
    expect(another.results.snapshot().size).toBe(1);
    kernel.close();
  });

  test("stops, fails and refuses", async () => {
    const kernel = new MemoryKernel(makeScene("failing"));
    const { runs } = open(kernel);
    runs.start(null);
    await pass(5_000);
    expect(runs.snapshot().status).toBe("failed");
    const states = [...runs.snapshot().nodes].map(([id, { state }]) => [id, state]);
    expect(states).toEqual([
      ["paint", "done"],
      ["fails", "failed"],
      ["last", "cancelled"],
    ]);
    kernel.edit([{ op: "set_values", id: "paint", values: { seed: 3 } }]);
    runs.start(null);
    await pass(200);
    runs.stop();
    await pass(200);
    expect(runs.snapshot()).toMatchObject({ status: "cancelled", stopping: false });
    kernel.edit([{ op: "set_values", id: "paint", values: { prompt: null } }]);
    runs.start(["last"]);
    await pass(100);
    expect(runs.snapshot().refused?.message).toContain("its input 'prompt' has no value and no edge.");
    kernel.close();
  });

  test("is late, and loses what it is told to lose", async () => {
    const kernel = new MemoryKernel(makeScene("first"));
    const { link, sync } = open(kernel);
    await pass(10);
    kernel.delay = 800;
    sync.edit([{ op: "set_flow", fields: { title: "late" } }]);
    await pass(600);
    expect([link.late, sync.snapshot().pending]).toEqual([true, 1]);
    await pass(1_100);
    expect([link.late, sync.snapshot().pending]).toEqual([false, 0]);
    kernel.delay = 0;
    kernel.lose();
    sync.edit([{ op: "set_flow", fields: { title: "lost" } }]);
    await pass(5_100);
    expect([kernel.document.title, sync.snapshot().pending]).toEqual(["lost", 0]);
    kernel.close();
  });

  test("keeps media, versions, problems and conflicts", async () => {
    const kernel = new MemoryKernel(makeScene("first"));
    const { link, media, model, sync } = open(kernel);
    const value = media.upload(new File(["bytes"], "in.png"), "image");
    await pass(10);
    const url = media.url(mediaReference(await value) ?? "");
    await pass(10);
    expect(await (await fetch(await url)).text()).toBe("bytes");
    const saved = link.request({ type: "save" });
    await pass(10);
    expect(await saved).toMatchObject({ file: "first.flow.json" });
    expect(model.get("status")).toMatchObject({ saved: true });
    sync.edit([{ op: "unfeed", name: "prompt", to: "n1.prompt" }]);
    await pass(400);
    expect(model.get("problems")).toMatchObject([{ node: "n1", port: "prompt" }]);
    const versions = link.request({ type: "versions" });
    await pass(10);
    const [version] = ((await versions) as { versions: { id: string }[] }).versions;
    void link.request({ type: "restore", id: version?.id ?? "" });
    await pass(10);
    expect(sync.snapshot().flow.inputs[0]?.feeds).toEqual(["n1.prompt"]);
    kernel.conflict("code", { ...kernel.document, name: "code" });
    await pass(10);
    expect(model.get("conflict")).toMatchObject({ kind: "code" });
    expect(sync.edit([{ op: "set_flow", fields: { title: "x" } }])).toBe(null);
    await pass(10);
    expect(kernel.document.title).toBe(undefined);
    void link.request({ type: "resolve", choice: "other" });
    await pass(10);
    expect(model.get("conflict")).toEqual({});
    kernel.close();
  });

  test("hands selections on to other pages, not back", async () => {
    const kernel = new MemoryKernel(makeScene("first"));
    const [one, other] = [open(kernel), open(kernel)];
    const heard = vi.fn();
    setTrait(one.model, "selection", ["n1"]);
    one.model.on("change:selection", heard);
    await pass(10);
    expect(other.model.get("selection")).toEqual(["n1"]);
    expect(heard).not.toHaveBeenCalled();
    kernel.close();
  });
});

describe("the scenes", () => {
  test("are flows whose nodes can be read", () => {
    for (const name of SCENES) {
      const { flow, types } = makeScene(name);
      const unknown = [...readFlow(flow).nodes.values()].filter(({ type }) => !findType(types, type));
      expect(unknown.length).toBe(name === "chain" ? 1 : 0);
      expect(readFlow(flow).nodes.size).toBe(Object.keys(flow.nodes).length);
    }
    expect(readFlow(makeScene("large").flow).nodes.size).toBe(1_000);
  });
});
