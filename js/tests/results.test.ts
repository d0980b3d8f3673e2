import { afterEach, describe, expect, test, vi } from "vitest";
import { ResultStore } from "../src/bridge/results";

const bytes = (text: string) => new DataView(new TextEncoder().encode(text).buffer);
const message = (type: string, node = "n1", mime = "image/png") => ({ type, node, port: "image", mime });

afterEach(() => vi.restoreAllMocks());

describe("results", () => {
  test("become Blob URLs; the one before is given back", async () => {
    const revoke = vi.spyOn(URL, "revokeObjectURL");
    const store = new ResultStore();
    store.receive(message("preview"), [bytes("first")]);
    const preview = store.snapshot().get("n1.image");
    store.receive(message("result"), [bytes("second")]);
    const result = store.snapshot().get("n1.image");
    expect([preview?.preview, result?.preview]).toEqual([true, false]);
    expect(revoke.mock.calls).toEqual([[preview?.url]]);
    expect(await (await fetch(result?.url ?? "")).text()).toBe("second");
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
    expect(await (await fetch(store.snapshot().get("n1.image")?.url ?? "")).text()).toBe("picture");
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
});
