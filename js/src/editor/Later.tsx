// Panels whose code comes when the first of them is opened. Until then the page is smaller by them.

import { useEffect } from "react";
import { getPanels, type PanelFile } from "../bridge/panelFile";
import { CloseIcon } from "./icons";
import { Store, useStored } from "./store";
import { type Editor, useEditor } from "./view";

/** One for all views and models of this page: null until it was asked for, words where it could not be had. */
const file = new Store<PanelFile | "asked" | { words: string } | null>(null);

function ask({ session }: Editor): void {
  if (file.get() === "asked") return;
  file.set("asked");
  getPanels(session.link).then(
    (found) => file.set(found),
    (error: Error) => file.set({ words: error.message }),
  );
}

/** The panels, asked for when one is wanted; null while they are on their way, words where they are not to be had. */
function usePanels(wanted: boolean): PanelFile | { words: string } | null {
  const editor = useEditor();
  const found = useStored(file);
  useEffect(() => {
    if (wanted && file.get() === null) ask(editor);
  }, [editor, wanted]);
  return found === "asked" ? null : found;
}

function Failed({ words }: { words: string }) {
  const editor = useEditor();
  const close = () => {
    editor.view.panel.set(null);
    editor.view.timeline.set(false);
    file.set(null);
  };
  return (
    <section className="pf-panel pf-versions nowheel" role="alert" aria-label="The panel cannot be shown">
      <header>
        <strong>This panel cannot be shown</strong>
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <p>{words}</p>
      <button type="button" className="pf-plain" onClick={() => ask(editor)}>
        Try again
      </button>
    </section>
  );
}

const LATE = ["versions", "models", "export", "publish", "prompt", "costs"] as const;

/** What lies over the canvas. */
export function LatePanels() {
  const { view } = useEditor();
  const panel = useStored(view.panel);
  const timeline = useStored(view.timeline);
  const wanted = timeline || LATE.some((name) => name === panel);
  const found = usePanels(wanted);
  if (!found || "words" in found) return found && wanted ? <Failed words={found.words} /> : null;
  const { Export, Models, PromptEditor, Publish, UsagePanel, Versions } = found.panels;
  return (
    <>
      {/* In the view, because a host may keep each view's styles to itself. */}
      <style>{found.css}</style>
      <Versions />
      <Models />
      <Export />
      <Publish />
      <PromptEditor />
      <UsagePanel />
    </>
  );
}

/** The drawer below the canvas. */
export function LateTimeline() {
  const found = useStored(file);
  if (!found || found === "asked" || "words" in found) return null;
  return <found.panels.Timeline />;
}
