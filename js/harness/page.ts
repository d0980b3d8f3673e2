// Shows the widget with a model that lives in the page: `?theme=dark&scene=chain`, `?plain` for a host without themes.
// `window.model` sets the document and emits messages as a kernel would.

import type { AnyModel } from "@anywidget/types";
import type { ViewTraits } from "../src/bridge/model";
import widget from "../src/widget";
import { scenes } from "./scenes";

type Handler = (...args: unknown[]) => void;

class PageModel {
  readonly sent: unknown[] = [];
  #document: ViewTraits["document"] = {};
  #handlers = new Map<string, Set<Handler>>();

  get(): ViewTraits["document"] {
    return this.#document;
  }

  on(name: string, handler: Handler): void {
    this.#handlers.set(name, (this.#handlers.get(name) ?? new Set()).add(handler));
  }

  off(name: string, handler: Handler): void {
    this.#handlers.get(name)?.delete(handler);
  }

  send(message: unknown): void {
    this.sent.push(message);
  }

  emit(name: string, ...args: unknown[]): void {
    for (const handler of this.#handlers.get(name) ?? []) handler(...args);
  }

  show(document: ViewTraits["document"]): void {
    this.#document = document;
    this.emit("change:document");
  }
}

/** A red circle on blue, drawn here so that no picture has to be stored. */
async function drawResult(side: number): Promise<DataView> {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const sky = context.createLinearGradient(0, 0, 0, side);
  sky.addColorStop(0, "#2b59d9");
  sky.addColorStop(1, "#163a9c");
  context.fillStyle = sky;
  context.fillRect(0, 0, side, side);
  context.fillStyle = "#e5322d";
  context.beginPath();
  context.arc(side / 2, side / 2, side * 0.3, 0, 2 * Math.PI);
  context.fill();
  return new DataView(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
}

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  if (!query.has("plain")) document.body.dataset.jpThemeLight = String(query.get("theme") !== "dark");
  const scene = scenes[query.get("scene") ?? "first"];
  const model = new PageModel();
  Object.assign(window, { model });
  if (scene) model.show(scene.document);
  const shared = model as unknown as AnyModel<ViewTraits>;
  const { initialize, render } = widget();
  const { signal } = new AbortController();
  const unused = {} as never;
  initialize({ model: shared, signal, experimental: unused });
  render({
    model: shared,
    el: document.querySelector("#cell") as HTMLElement,
    signal,
    host: unused,
    experimental: unused,
  });
  for (const message of scene?.messages ?? []) model.emit("msg:custom", message, [await drawResult(256)]);
}

void main();
