import { afterEach, describe, expect, test, vi } from "vitest";
import { KernelLink } from "../src/bridge/link";
import { MediaLibrary, mediaReference } from "../src/bridge/mediaLibrary";
import { type Decode, ResultStore } from "../src/bridge/results";
import type { JsonObject } from "../src/flow/document";

const bytes = (text: string) => new DataView(new TextEncoder().encode(text).buffer);
const message = (type: string, node = "n1", mime = "image/png") => ({ type, node, port: "image", mime });
const read = async (url: string | null | undefined) => (await fetch(url ?? "")).text();

afterEach(() => vi.restoreAllMocks());

function makeLink() {
  const sent: { message: JsonObject; buffers: ArrayBuffer[] | undefined }[] = [];
  let hear: (message: unknown, buffers: readonly DataView[]) => void = () => {};
  const onMessage = (handler: typeof hear) => {
    hear = handler;
    return () => {};
  };
  const link = new KernelLink({ send: (content, buffers) => sent.push({ message: content, buffers }), onMessage }, "p");
  return { link, sent, hear: (content: object, ...buffers: DataView[]) => hear(content, buffers) };
}

describe("results", () => {
  test("become Blob URLs; the one before is given back", async () => {
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    const store = new ResultStore();
    store.receive(message("preview"), [bytes("first")]);
    const preview = store.snapshot().get("n1.image");
    store.receive({ ...message("result"), size: [512, 256], count: 3, took: 1.5 }, [bytes("second")]);
    const result = store.snapshot().get("n1.image");
    expect([preview?.preview, result?.preview]).toEqual([true, false]);
    expect(result).toMatchObject({ size: [512, 256], count: 3, took: 1.5, cached: false });
    expect(revoke.mock.calls).toEqual([[preview?.url]]);
    expect(await read(result?.url)).toBe("second");
  });

  test("of text are at hand", () => {
    const store = new ResultStore();
    store.receive(message("result", "n1", "text/plain"), [bytes("grün")]);
    expect(store.snapshot().get("n1.image")).toMatchObject({ url: null, text: "grün" });
  });

  test("read the window of a buffer, not the whole message", async () => {
    const store = new ResultStore();
    const whole = new TextEncoder().encode("header|picture");
    store.receive(message("result"), [new DataView(whole.buffer, 7)]);
    expect(await read(store.snapshot().get("n1.image")?.url)).toBe("picture");
  });

  test("leave other messages alone", () => {
    const store = new ResultStore();
    const changed = vi.fn();
    store.subscribe(changed);
    for (const other of [null, 3, {}, { type: "edit" }, { type: "result", node: 1 }])
      store.receive(other, [bytes("x")]);
    store.receive(message("result"), []);
    expect(changed).not.toHaveBeenCalled();
  });

  test("of nodes that are gone are forgotten", () => {
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    const store = new ResultStore();
    store.receive(message("result", "n1"), [bytes("1")]);
    store.receive(message("result", "n2"), [bytes("2")]);
    store.keep(new Set(["n2"]));
    expect([...store.snapshot().keys()]).toEqual(["n2.image"]);
    store.clear();
    expect(store.snapshot().size).toBe(0);
    expect(revoke).toHaveBeenCalledTimes(2);
  });

  test("are asked for in full once, until there is a new one", async () => {
    const { link, sent, hear } = makeLink();
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    const store = new ResultStore(link);
    hear(message("result"), bytes("small"));
    const full = store.want("n1", "image", 2);
    expect(store.want("n1", "image", 2)).toBe(full);
    expect(sent.map((each) => each.message)).toMatchObject([
      { type: "want", node: "n1", port: "image", item: 2, full: true },
    ]);
    hear({ type: "ack", client: "p", seq: 1, mime: "image/png", size: [1024, 1024] }, bytes("large"));
    const { url, size } = await full;
    expect([await read(url), size]).toEqual(["large", [1024, 1024]]);
    hear(message("result"), bytes("another"));
    await Promise.resolve();
    expect(revoke).toHaveBeenCalledWith(url);
    const gone = store.want("n1", "image", 2);
    hear({ type: "reject", client: "p", seq: 2, message: "It is gone." });
    await expect(gone).rejects.toThrow("It is gone.");
    expect(store.want("n1", "image", 2)).not.toBe(gone);
  });
});

describe("previews", () => {
  /** A store whose pictures are decoded when the test says so. */
  function decoding() {
    const waiting: { done: () => void; fail: (error: Error) => void }[] = [];
    const decode: Decode = () => new Promise((done, fail) => waiting.push({ done, fail }));
    const { link, sent, hear } = makeLink();
    const store = new ResultStore(link, decode);
    const credits = () => sent.filter((each) => each.message.type === "credit").map((each) => each.message.frame);
    const shown = () => read(store.snapshot().get("n1.image")?.url);
    const finish = async (place: number, broken = false) => {
      if (broken) waiting[place]?.fail(new Error("broken"));
      else waiting[place]?.done();
      await new Promise((resume) => setTimeout(resume, 0));
    };
    return { store, hear, credits, shown, finish };
  }
  const frame = (number: number, run = "r1") => ({ ...message("preview"), frame: number, run });

  test("are given credit when they are shown, not before", async () => {
    const { store, hear, credits, shown, finish } = decoding();
    hear(frame(1), bytes("one"));
    expect([store.snapshot().size, credits()]).toEqual([0, []]);
    await finish(0);
    expect([await shown(), credits()]).toEqual(["one", [1]]);
    hear(frame(2), bytes("two"));
    expect(await shown()).toBe("one"); // it stays until the next can be painted
    await finish(1, true);
    expect(credits()).toEqual([1, 2]);
  });

  test("that are decoded after the result came are not shown, and given back", async () => {
    const { store, hear, credits, shown, finish } = decoding();
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    hear(frame(1), bytes("one"));
    hear({ ...message("result"), run: "r1" }, bytes("result"));
    await finish(1);
    await finish(0);
    expect([await shown(), credits(), revoke.mock.calls.length]).toEqual(["result", [1], 1]);
    hear(frame(2), bytes("a frame of the same run, overtaken by the result"));
    await finish(2);
    expect([await shown(), credits()]).toEqual(["result", [1, 2]]);
    hear(frame(3, "r2"), bytes("the next run"));
    await finish(2);
    expect(await shown()).toBe("the next run");
    expect(store.snapshot().get("n1.image")?.preview).toBe(true);
  });
});

describe("media", () => {
  test("are asked for once; what was missing may be there the next time", async () => {
    const { link, sent, hear } = makeLink();
    const media = new MediaLibrary(link);
    const url = media.url("00ff.png");
    expect(media.url("00ff.png")).toBe(url);
    hear({ type: "ack", client: "p", seq: 1, mime: "image/png" }, bytes("picture"));
    expect(await read(await url)).toBe("picture");
    const missing = media.url("gone.png");
    hear({ type: "reject", client: "p", seq: 2, message: "It is not there." });
    await expect(missing).rejects.toThrow("It is not there.");
    void media.url("gone.png");
    expect(sent).toHaveLength(3);
    media.clear();
  });

  test("are sent as bytes, and stand in the document by their reference", async () => {
    const { link, sent, hear } = makeLink();
    const media = new MediaLibrary(link);
    const value = media.upload(new File(["bytes"], "in.png"), "image");
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.message).toMatchObject({ type: "media", name: "in.png", medium: "image" });
    expect(sent[0]?.buffers?.[0]?.byteLength).toBe(5);
    hear({ type: "ack", client: "p", seq: 1, value: { $media: "00ff.png" } });
    expect(mediaReference(await value)).toBe("00ff.png");
    const large = new File([new Uint8Array(9_000_001)], "film.mp4");
    await expect(media.upload(large, "video")).rejects.toThrow("film.mp4 is too large");
  });
});
