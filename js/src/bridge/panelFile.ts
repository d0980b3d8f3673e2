// The panels as the kernel hands them over: text, which becomes a module of this page.

import give from "pixelflow:shared";
import type { KernelLink } from "./link";

/** What `src/panels.ts` exports. */
type Panels = typeof import("../panels");

interface Module {
  default(shared: unknown[]): Panels;
  /** The digest of the page that they are for. */
  page: string;
}

export interface PanelFile {
  panels: Panels;
  css: string;
}

/** A kernel that has not answered by then may not be there any more. */
const PATIENCE_MS = 8_000;
const OTHER = "The kernel runs another version of PixelFlow than this page. Reload the page, then run the cell again.";
const SILENT = "The kernel does not answer. When it was restarted, run the cell that shows the flow again.";

async function evaluated(text: string): Promise<Module> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return (await import(url)) as Module;
  } finally {
    URL.revokeObjectURL(url);
  }
}

const patience = () => new Promise<never>((_, reject) => setTimeout(() => reject(new Error(SILENT)), PATIENCE_MS));

/** Asks the kernel for the panels; an error says in words why they cannot be had. */
export async function getPanels(link: KernelLink): Promise<PanelFile> {
  const answer = await Promise.race([link.request({ type: "panels" }), patience()]);
  if (answer.type === "reject") throw new Error(answer.message);
  const [js = "", css = ""] = answer.buffers.map((bytes) => new TextDecoder().decode(bytes));
  const module = await evaluated(js);
  if (module.page !== PAGE_DIGEST) throw new Error(OTHER);
  return { panels: module.default(give()), css };
}
