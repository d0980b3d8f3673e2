import { describe, expect, it } from "vitest";
import vectors from "../../tests/vectors/live_view.json";
import { ResultStore } from "../src/bridge/results";
import {
  clockOf,
  dotsOf,
  LIVE_VIEW,
  lineOf,
  lossWords,
  placeOf,
  progressWords,
  readLiveView,
} from "../src/media/liveView";

const bytesOf = (hex: string): DataView => {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  // As it comes: a window into a larger message.
  const message = new Uint8Array(bytes.length + 7);
  message.set(bytes, 5);
  return new DataView(message.buffer, 5, bytes.length);
};

describe("a live view", () => {
  for (const vector of vectors.views) {
    it(`is read as the kernel reads it: ${vector.title}`, () => {
      const read = readLiveView(bytesOf(vector.hex));
      expect(read).not.toBeNull();
      if (!read) return;
      expect(progressWords(read.view)).toBe(vector.words);
      expect(read.strip.byteLength).toBe(vector.strip_bytes);
      if (vector.line !== undefined) expect(lineOf(read.view.losses, read.view)).toBe(vector.line);
      if (vector.dots !== undefined) expect(dotsOf(read.view.steady, read.view)).toBe(vector.dots);
    });
  }

  for (const { title, hex } of vectors.damaged) {
    it(`is none, and throws nothing: ${title}`, () => expect(readLiveView(bytesOf(hex))).toBeNull());
  }

  it("keeps what is beyond its axes on their edge", () => {
    const view = readLiveView(bytesOf(vectors.views[0]?.hex ?? ""))?.view;
    if (!view) throw new Error("a view is wanted");
    expect(placeOf([500, 9], view)).toEqual([100, 0]);
    expect(placeOf([-3, -1], view)).toEqual([0, 100]);
    expect(placeOf([0, 0], { ...view, steps: 0, ceiling: 0 })).toEqual([0, 100]);
  });
});

it("says times and losses as a person reads them", () => {
  expect([0, 59.6, 3599, 3600, -4].map(clockOf)).toEqual(["0:00", "1:00", "59:59", "1:00:00", "0:00"]);
  expect([0.0671, 0.4, 12.3456, 0].map(lossWords)).toEqual(["0.0671", "0.4", "12.3", "0"]);
});

it("comes as a preview like any other, and its samples as a picture", async () => {
  const store = new ResultStore(null, null);
  const message = { type: "preview", run: "r1", node: "n1", port: "images", mime: LIVE_VIEW, frame: 1 };
  store.receive(message, [bytesOf(vectors.views[0]?.hex ?? "")]);
  const shown = store.snapshot().get("n1.images");
  expect(shown?.live?.step).toBe(120);
  expect((await (await fetch(shown?.url ?? "")).blob()).type).toBe("image/jpeg");
  store.receive(message, [bytesOf(vectors.views[1]?.hex ?? "")]);
  expect(store.snapshot().get("n1.images")).toMatchObject({ url: null, live: { step: 0 } });
  store.receive(message, [bytesOf(vectors.damaged[1]?.hex ?? "")]);
  expect(store.snapshot().get("n1.images")?.live).toBeNull();
});
