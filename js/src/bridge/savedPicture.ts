// The picture that a saved notebook keeps beneath the editor is put there by the kernel, which also renews it. But
// JupyterLab and Notebook 7 drop what the kernel renews in outputs that are older than the page: after a reload, the picture
// in the file would stay as it was. So the page compares, and writes the picture into the notebook itself. Where the
// notebook cannot be reached from a widget (VS Code, Colab, marimo), nothing is asked and nothing happens.

import type { KernelLink } from "./link";
import type { EditorModel } from "./protocol";
import type { RunStore } from "./runs";
import type { DocumentSync } from "./sync";

/** A second after the kernel, so that what it renews by itself is there to be seen. */
const IDLE_MS = 4_000;
const VIEW = "application/vnd.jupyter.widget-view+json";
const SVG = "image/svg+xml";
/** In every picture that the kernel draws. */
const MARK = "pixelflow-picture";

interface Outputs {
  length?: number;
  get?(index: number): { data?: Record<string, unknown> } | undefined;
  set?(index: number, output: unknown): void;
}

interface Place {
  /** Of the widget that the picture stands beneath. */
  widget: string;
  svg: string;
  write(data: Record<string, string>): void;
}

/** The pictures of a notebook that stand right beneath a widget. Nothing of this is promised by the host. */
function placesIn(model: EditorModel): Place[] {
  const manager = (model as { widget_manager?: { context?: { model?: { cells?: Iterable<{ outputs?: Outputs }> } } } })
    .widget_manager;
  const found: Place[] = [];
  for (const cell of manager?.context?.model?.cells ?? []) {
    const { outputs } = cell ?? {};
    for (let index = 0; index + 1 < (outputs?.length ?? 0); index += 1) {
      const view = outputs?.get?.(index)?.data?.[VIEW] as { model_id?: unknown } | undefined;
      const svg = outputs?.get?.(index + 1)?.data?.[SVG];
      if (typeof view?.model_id !== "string" || typeof svg !== "string" || !svg.includes(MARK)) continue;
      const write = (data: Record<string, string>) =>
        outputs?.set?.(index + 1, { output_type: "display_data", data, metadata: {} });
      found.push({ widget: view.model_id, svg, write });
    }
  }
  return found;
}

function places(model: EditorModel): Place[] {
  try {
    return placesIn(model);
  } catch {
    return [];
  }
}

/** Keeps the picture in the notebook as new as the flow; the function that is returned ends it. */
export function keepPicture(model: EditorModel, link: KernelLink, sync: DocumentSync, runs: RunStore): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [rev, status] = [sync.snapshot().rev, runs.snapshot().status];
  let seen = "";
  const written = () =>
    places(model)
      .map(({ widget, svg }) => widget + svg)
      .join();
  const compare = async () => {
    const now = written();
    // What has changed by itself is renewed by the kernel, and needs no help.
    const helped = seen !== "" && now !== seen;
    seen = now;
    if (now === "" || helped) return;
    const answer = await link.request({ type: "picture" });
    if (answer.type !== "ack" || !answer.svg) return;
    const { id, svg, text = "" } = answer;
    for (const place of places(model)) {
      if (place.widget === id && place.svg !== svg) place.write({ [SVG]: svg, "text/plain": text });
    }
    seen = written();
  };
  const ask = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void compare().catch(() => {}), IDLE_MS);
  };
  const ends = [
    sync.subscribe(() => {
      const now = sync.snapshot().rev;
      if (now !== rev) ask();
      rev = now;
    }),
    runs.subscribe(() => {
      const now = runs.snapshot().status;
      if (now !== status && status === "running") ask();
      status = now;
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
