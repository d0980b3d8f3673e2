import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { KernelLink } from "../src/bridge/link";
import type { EditorModel } from "../src/bridge/protocol";
import type { RunStore } from "../src/bridge/runs";
import { keepPicture } from "../src/bridge/savedPicture";
import type { DocumentSync } from "../src/bridge/sync";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const svg = (words: string) => `<svg class="pixelflow-picture">${words}</svg>`;
const view = (id: string) => ({ data: { "application/vnd.jupyter.widget-view+json": { model_id: id } } });
const picture = (words: string) => ({ data: { "image/svg+xml": svg(words) } });

function makeNotebook(...outputs: { data: Record<string, unknown> }[]) {
  const list = [...outputs];
  const set = (index: number, output: { data: Record<string, unknown> }) => {
    list[index] = output;
  };
  const cell = {
    outputs: {
      get length() {
        return list.length;
      },
      get: (index: number) => list[index],
      set,
    },
  };
  const model = { widget_manager: { context: { model: { cells: [{}, cell] } } } } as unknown as EditorModel;
  return { model, list };
}

function keep(model: EditorModel, now: () => string) {
  const requests: unknown[] = [];
  const link = {
    request: async (message: unknown) => {
      requests.push(message);
      return { type: "ack", id: "w1", svg: svg(now()), text: now(), buffers: [] };
    },
  } as unknown as KernelLink;
  let [rev, status] = [0, "idle"];
  const heard = { sync: () => {}, runs: () => {} };
  const source = (name: "sync" | "runs", snapshot: () => unknown) => ({
    snapshot,
    subscribe: (listener: () => void) => {
      heard[name] = listener;
      return () => {
        heard[name] = () => {};
      };
    },
  });
  const sync = source("sync", () => ({ rev })) as unknown as DocumentSync;
  const runs = source("runs", () => ({ status })) as unknown as RunStore;
  const end = keepPicture(model, link, sync, runs);
  const edit = () => {
    rev += 1;
    heard.sync();
  };
  const run = (next: string) => {
    status = next;
    heard.runs();
  };
  return { requests, edit, run, end };
}

describe("the picture in the notebook", () => {
  test("is compared when edits have rested, and written where it is old", async () => {
    const { model, list } = makeNotebook(view("other"), picture("of another"), view("w1"), picture("old"));
    const { requests, edit } = keep(model, () => "new");
    edit();
    await vi.advanceTimersByTimeAsync(3_000);
    edit();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(requests).toEqual([]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(requests).toEqual([{ type: "picture" }]);
    expect(list[3]).toEqual({
      output_type: "display_data",
      data: { "image/svg+xml": svg("new"), "text/plain": "new" },
      metadata: {},
    });
    expect(list[1]).toEqual(picture("of another"));
  });

  test("is compared after a run, and left alone where the kernel renews it by itself", async () => {
    const { model, list } = makeNotebook(view("w1"), picture("first"));
    const { requests, run } = keep(model, () => "first");
    run("running");
    run("done");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(requests).toHaveLength(1);
    list[1] = picture("renewed by the kernel");
    run("running");
    run("done");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(requests).toHaveLength(1);
  });

  test("is nobody's business where the notebook cannot be reached or keeps none, and after the end", async () => {
    const bare = keep({} as EditorModel, () => "new");
    const broken = keep(
      { widget_manager: { context: { model: { cells: 7 } } } } as unknown as EditorModel,
      () => "new",
    );
    const without = keep(makeNotebook(view("w1")).model, () => "new");
    const ended = keep(makeNotebook(view("w1"), picture("old")).model, () => "new");
    ended.edit();
    ended.end();
    for (const each of [bare, broken, without, ended]) {
      each.edit();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(each.requests).toEqual([]);
    }
  });
});
