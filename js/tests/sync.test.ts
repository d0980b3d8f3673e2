import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryKernel } from "../harness/kernel";
import { makeScene } from "../harness/scenes";
import type { FlowDocument, JsonObject } from "../src/flow/document";
import { moveNodes, setValue } from "../src/flow/edits";
import type { Operation } from "../src/flow/operations";
import { canonical } from "./canonical";
import { TestPage } from "./page";

let kernel: MemoryKernel;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new MemoryKernel(makeScene("chain"));
});
afterEach(() => {
  kernel.close();
  vi.useRealTimers();
});

const set = (port: string, value: string | number): Operation[] => [
  { op: "set_values", id: "n2", values: { [port]: value } },
];
const values = (document: FlowDocument) => (document.nodes.n2 as JsonObject).values as JsonObject;

/** A page that has been welcomed. */
function newPage(): TestPage {
  const page = new TestPage(kernel);
  page.settle();
  return page;
}

describe("a page", () => {
  test("says hello first, with what the trait told it", () => {
    const page = new TestPage(kernel);
    expect(page.sync.snapshot()).toMatchObject({ ready: true, rev: 0, epoch: kernel.epoch });
    const have = { epoch: kernel.epoch, rev: 0 };
    expect(page.up[0]?.message).toEqual({ type: "hello", have, client: page.link.client, seq: 1 });
  });

  test("that has no document yet refuses edits, and gets the whole one", () => {
    Object.assign(kernel.traits, { document: {} });
    const page = new TestPage(kernel);
    expect(page.sync.snapshot().ready).toBe(false);
    expect(page.sync.edit(set("steps", 3))).toContain("not sent the flow yet");
    page.settle();
    expect(canonical(page.sync.snapshot().document)).toBe(canonical(kernel.document));
  });

  test("shows its edit at once, and keeps what is shown when the kernel accepts it", () => {
    const page = newPage();
    const told = vi.fn();
    page.sync.subscribe(told);
    expect(page.sync.edit(set("steps", 3), "typing:n2.steps")).toBe(null);
    const { document, flow, pending, rev } = page.sync.snapshot();
    expect([values(document).steps, pending, rev, told.mock.calls.length]).toEqual([3, 1, 0, 1]);
    expect(page.up[0]?.message).toMatchObject({
      type: "ops",
      epoch: kernel.epoch,
      base_rev: 0,
      merge: "typing:n2.steps",
    });
    page.settle();
    const after = page.sync.snapshot();
    expect(after).toMatchObject({ pending: 0, rev: 1, canUndo: true, canRedo: false });
    expect(after.document).toBe(document);
    expect(after.flow).toBe(flow);
  });

  test("says why an edit does not fit, and sends nothing", () => {
    const page = newPage();
    expect(page.sync.edit([{ op: "remove_node", id: "n1" }])).toContain("still connected");
    expect(page.sync.edit([])).toBe(null);
    expect(page.up).toEqual([]);
  });

  test("takes a refused edit back, with the kernel's words", () => {
    const page = newPage();
    page.sync.edit([{ op: "connect", from: "n4.audio", to: "n3.hue" }]);
    page.sync.edit(set("steps", 3));
    page.settle();
    expect(page.refused).toEqual(["Audio cannot connect to a number. n4.audio gives audio; n3.hue takes a number."]);
    expect(values(page.sync.snapshot().document).steps).toBe(3);
    expect(canonical(page.sync.snapshot().document)).toBe(canonical(kernel.document));
  });

  test("shows its own edits on top of those of others", () => {
    const page = newPage();
    page.sync.edit(set("steps", 3));
    kernel.edit([...set("steps", 4), ...set("guidance", 9)]);
    page.hearOne();
    expect(values(page.sync.snapshot().document)).toMatchObject({ steps: 3, guidance: 9 });
    page.settle();
    expect(values(kernel.document)).toMatchObject({ steps: 3, guidance: 9 });
    expect(canonical(page.sync.snapshot().document)).toBe(canonical(kernel.document));
  });

  test("passes over an edit that no longer fits until the kernel refuses it", () => {
    const page = newPage();
    page.sync.edit([{ op: "set_node", id: "n5", fields: { title: "Larger" } }]);
    page.sync.edit(set("steps", 3));
    kernel.edit([
      { op: "disconnect", from: "n2.image", to: "n5.image" },
      { op: "remove_node", id: "n5" },
    ]);
    page.hearOne();
    expect(page.sync.snapshot().pending).toBe(2);
    expect(page.sync.snapshot().document.nodes).not.toHaveProperty("n5");
    expect(values(page.sync.snapshot().document).steps).toBe(3);
    page.settle();
    expect([page.sync.snapshot().pending, page.refused]).toEqual([0, ["There is no node 'n5'."]]);
  });

  test("undoes what the kernel holds, whoever did it", () => {
    const [page, other] = [newPage(), newPage()];
    page.sync.edit(set("steps", 3));
    page.settle();
    other.settle();
    other.sync.undo();
    other.settle();
    page.settle();
    expect(values(page.sync.snapshot().document).steps).toBe(24);
    expect(page.sync.snapshot()).toMatchObject({ canUndo: false, canRedo: true });
    page.sync.undo();
    page.sync.redo();
    page.settle();
    expect(values(page.sync.snapshot().document).steps).toBe(3);
  });
});

describe("what was lost", () => {
  test("is asked for when the revisions jump, without wiping", () => {
    const page = newPage();
    kernel.edit(set("steps", 3));
    page.hearOne(true);
    page.sync.edit(set("guidance", 2));
    kernel.edit(set("seed", 3));
    page.hearOne();
    expect(page.up.map(({ message }) => message.type)).toEqual(["ops", "hello"]);
    expect(values(page.sync.snapshot().document)).toMatchObject({ guidance: 2, steps: 24 });
    page.settle();
    expect(values(page.sync.snapshot().document)).toMatchObject({ guidance: 2, steps: 3, seed: 3 });
    expect(page.sync.snapshot().pending).toBe(0);
  });

  test("is noticed by the trait of a quiet moment", () => {
    const page = newPage();
    kernel.edit(set("steps", 3));
    page.hearOne(true);
    page.noticeTrait();
    page.settle();
    expect(page.sync.snapshot().rev).toBe(1);
    page.noticeTrait();
    expect(page.up).toEqual([]);
  });

  test("an answer that comes twice is done once", () => {
    const page = newPage();
    page.sync.edit(set("steps", 3));
    page.sendOne();
    page.hearOne(true);
    kernel.edit(set("steps", 4));
    page.settle(); // the jump, the welcome, and the answer once more
    expect(values(page.sync.snapshot().document).steps).toBe(4);
    expect(page.sync.snapshot()).toMatchObject({ rev: 2, pending: 0 });
  });

  test("an answer that comes before what was lost is not forgotten", () => {
    const page = newPage();
    kernel.edit(set("guidance", 4));
    page.hearOne(true);
    page.sync.edit(set("steps", 3));
    page.sendOne();
    page.hearOne();
    expect(page.sync.snapshot()).toMatchObject({ rev: 0, pending: 1 });
    page.settle();
    expect(page.sync.snapshot()).toMatchObject({ rev: 2, pending: 0 });
    expect(values(page.sync.snapshot().document)).toMatchObject({ guidance: 4, steps: 3 });
  });

  test("a kernel of another life gives its whole document; edits made before are said to be lost", () => {
    const page = newPage();
    page.sync.edit(set("steps", 3));
    const change = { type: "change", epoch: "another", rev: 7, ops: [], client: null, seq: null, source: "python" };
    page.hear({ ...change, undo: false, redo: false } as never);
    expect(page.up.at(-1)?.message).toMatchObject({ type: "hello", have: null });
    page.hear({
      type: "welcome",
      client: page.link.client,
      seq: 3,
      epoch: "another",
      rev: 7,
      undo: true,
      redo: false,
      flow: { ...kernel.document, name: "anew" },
    });
    expect(page.sync.snapshot()).toMatchObject({ epoch: "another", rev: 7, canUndo: true, pending: 1 });
    page.hear({ type: "reject", client: page.link.client, seq: 2, message: "Opened anew." });
    expect(page.sync.snapshot().document.name).toBe("anew");
    expect(page.refused).toEqual(["Opened anew."]);
  });
});

describe("a flow that is read", () => {
  test("keeps the objects of what did not change", () => {
    const page = new TestPage(new MemoryKernel(makeScene("large")));
    page.settle();
    const before = page.sync.snapshot().flow;
    page.sync.edit(setValue(page.sync.snapshot().document, "n4_4", "hue", 0.9));
    const after = page.sync.snapshot().flow;
    const changed = [...after.nodes].filter(([id, node]) => before.nodes.get(id) !== node);
    expect(changed.map(([id]) => id)).toEqual(["n4_4"]);
    expect([after.edges === before.edges, after.positions === before.positions]).toEqual([true, true]);
    page.sync.edit(moveNodes([["n4_4", [1, 2]]]));
    expect(page.sync.snapshot().flow.nodes).toBe(after.nodes);
    page.close();
  });
});
