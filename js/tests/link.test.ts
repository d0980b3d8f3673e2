import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Sequencer } from "../harness/sequencer";
import { KernelLink, mint } from "../src/bridge/link";
import type { JsonObject } from "../src/flow/document";

/** A kernel that says nothing by itself. */
function makeLink() {
  const sent: { message: JsonObject; buffers: ArrayBuffer[] | undefined }[] = [];
  let heard: (message: unknown, buffers: readonly DataView[]) => void = () => {};
  const link = new KernelLink(
    {
      send: (message, buffers) => sent.push({ message, buffers }),
      onMessage: (handler) => {
        heard = handler;
        return () => {
          heard = () => {};
        };
      },
    },
    "p1",
  );
  return { link, sent, hear: (message: unknown, buffers: readonly DataView[] = []) => heard(message, buffers) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("requests", () => {
  test("are numbered, and answered by what carries their number", async () => {
    const { link, sent, hear } = makeLink();
    const first = link.request({ type: "undo" });
    const second = link.request({ type: "want", media: "a.png" }, [new ArrayBuffer(1)]);
    expect(sent.map(({ message }) => message)).toEqual([
      { type: "undo", client: "p1", seq: 1 },
      { type: "want", media: "a.png", client: "p1", seq: 2 },
    ]);
    expect(sent[1]?.buffers).toHaveLength(1);
    hear({ type: "ack", client: "another", seq: 1 });
    hear({ type: "ack", client: "p1", seq: 2, mime: "image/png" }, [new DataView(new ArrayBuffer(3))]);
    hear({ type: "reject", client: "p1", seq: 1, message: "No." });
    expect(await first).toMatchObject({ type: "reject", message: "No." });
    expect((await second).buffers[0]?.byteLength).toBe(3);
  });

  test("are sent again every five seconds with the same number, in order, until they are answered", () => {
    const { link, sent, hear } = makeLink();
    void link.request({ type: "undo" });
    vi.advanceTimersByTime(2_000);
    void link.request({ type: "redo" });
    vi.advanceTimersByTime(3_500);
    expect(sent.map(({ message }) => message.seq)).toEqual([1, 2, 1]);
    hear({ type: "ack", client: "p1", seq: 1 });
    vi.advanceTimersByTime(7_000);
    expect(sent.map(({ message }) => message.seq)).toEqual([1, 2, 1, 2, 2]);
    hear({ type: "ack", client: "p1", seq: 2 });
    hear({ type: "ack", client: "p1", seq: 2 });
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("of hands are late within half a second; pictures may take their time", () => {
    const { link, hear } = makeLink();
    const changed = vi.fn();
    link.subscribe(changed);
    void link.request({ type: "want", media: "a.png" });
    vi.advanceTimersByTime(4_000);
    expect(link.late).toBe(false);
    void link.request({ type: "stop", run: "r1" });
    vi.advanceTimersByTime(449);
    expect(link.late).toBe(false);
    vi.advanceTimersByTime(1);
    expect([link.late, changed.mock.calls.length]).toEqual([true, 1]);
    vi.advanceTimersByTime(20_000);
    hear({ type: "ack", client: "p1", seq: 2 });
    expect([link.late, changed.mock.calls.length]).toEqual([false, 2]);
  });

  test("end with the link", () => {
    const { link, sent, hear } = makeLink();
    const heard = vi.fn();
    link.on("change", heard);
    void link.request({ type: "undo" });
    link.close();
    vi.advanceTimersByTime(20_000);
    hear({ type: "change" });
    expect([sent.length, heard.mock.calls.length]).toEqual([1, 0]);
  });
});

test("a line that is closed only makes things late", () => {
  const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
  const closed = () => {
    throw new Error("Comm is disposed");
  };
  const link = new KernelLink({ send: closed, onMessage: () => () => {} });
  void link.request({ type: "undo" });
  vi.advanceTimersByTime(6_000);
  expect([link.late, warned.mock.calls.length]).toEqual([true, 2]);
  link.close();
  warned.mockRestore();
});

describe("messages", () => {
  test("reach whoever listens for their type, and nobody else", () => {
    const { link, hear, sent } = makeLink();
    const heard = vi.fn();
    const end = link.on("progress", heard);
    for (const other of [null, 3, "x", {}, { type: 3 }, { type: "result" }, { type: "constructor" }]) hear(other);
    hear({ type: "progress", run: "r", nodes: {} });
    end();
    hear({ type: "progress", run: "r", nodes: {} });
    expect(heard).toHaveBeenCalledTimes(1);
    link.tell({ type: "credit", node: "n1", frame: 3 });
    expect(sent[0]?.message).toEqual({ type: "credit", node: "n1", frame: 3, client: "p1" });
  });

  test("pages have names that differ", () => {
    const names = new Set(Array.from({ length: 500 }, () => mint("r", 10)));
    expect(names.size).toBe(500);
    for (const name of names) expect(name).toMatch(/^r[a-z0-9]{10}$/);
  });
});

test("the kernel in the page does each request once, in order", () => {
  const page = new Sequencer();
  const done: number[] = [];
  const again: number[] = [];
  const take = (seq: number, type = "ops") =>
    page.take(
      { type, client: "p", seq },
      [],
      (request) => {
        done.push(request.seq);
        page.keep(request.seq, { message: { seq: request.seq }, buffers: [] });
      },
      ({ message }) => again.push(message.seq as number),
    );
  for (const seq of [1, 3, 4, 1, 2, 2, 4]) take(seq);
  take(1, "hello");
  expect(done).toEqual([1, 2, 3, 4, 1]);
  expect(again).toEqual([1, 2, 4]);
});
