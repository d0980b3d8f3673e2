// Shows the editor with a kernel that lives in the page: `?theme=dark&scene=chain`, `?delay=300`, `?loading=9000`, `?plain` for a host without
// themes, `?two` for two views of one model. `window.kernel` and `window.model` are for tests and for playing.

import widget from "../src/widget";
import { drawPicture } from "./drawing";
import { MemoryKernel } from "./kernel";
import { PageModel } from "./pageModel";
import { makeScene, SCENES } from "./scenes";

async function main(): Promise<void> {
  const query = new URLSearchParams(location.search);
  if (!query.has("plain")) document.body.dataset.jpThemeLight = String(query.get("theme") !== "dark");
  const kernel = new MemoryKernel(makeScene(query.get("scene") ?? "first"), drawPicture);
  kernel.panels = (window as { panels?: MemoryKernel["panels"] }).panels ?? null;
  kernel.delay = Number(query.get("delay") ?? 0);
  kernel.runs.loading = Number(query.get("loading") ?? 0);
  const page = new PageModel(kernel);
  Object.assign(window, { kernel, model: page, editor: page, scenes: SCENES, makeScene });
  const { model } = page;
  const { initialize, render } = widget();
  const { signal } = new AbortController();
  const unused = {} as never;
  await initialize({ model, signal, experimental: unused });
  const cell = document.querySelector("#cell") as HTMLElement;
  const places = query.has("two") ? [cell, cell.cloneNode() as HTMLElement] : [cell];
  for (const el of places) {
    if (el !== cell) cell.after(el);
    await render({ model, el, signal, host: unused, experimental: unused });
  }
}

void main();
