import { useMemo, useState } from "react";
import { useTrait } from "../bridge/traits";
import { Canvas } from "../canvas/Canvas";
import { type Flow, type FlowDocument, readFlow, splitPort } from "../flow/document";
import { SceneMaker } from "../nodes/scene";
import type { Theme } from "../theme/theme";
import { EditorContext, useEditor, View } from "./view";

const NONE: ReadonlySet<string> = new Set();

interface Props {
  document: FlowDocument;
  /** The other flow: what is not the same there is marked here. */
  beside: FlowDocument;
  /** Results are of this flow; of the other, those of nodes that are the same in both. */
  live: boolean;
  /** No result is of this flow, though nodes may be called as nodes of the live one. */
  bare?: boolean;
  theme: Theme;
}

export function differentNodes(document: FlowDocument, beside: FlowDocument): ReadonlySet<string> {
  const ids = Object.keys(document.nodes);
  return new Set(ids.filter((id) => JSON.stringify(document.nodes[id]) !== JSON.stringify(beside.nodes[id])));
}

/** Nodes, and all whose results depend on theirs. */
function withWhatFollows(ids: ReadonlySet<string>, { edges }: Flow): ReadonlySet<string> {
  const all = new Set(ids);
  // The set grows while it is walked.
  for (const id of all) {
    for (const { from, to } of edges) if (splitPort(from)?.node === id) all.add(splitPort(to)?.node ?? id);
  }
  return all;
}

/** A flow to look at, not to edit. */
export function Picture({ document, beside, live, bare = false, theme }: Props) {
  const { session, view: outer } = useEditor();
  const types = useTrait(session.model, "types");
  const editor = useMemo(() => {
    const view = new View(outer);
    view.different = differentNodes(document, beside);
    const other = bare ? new Set(Object.keys(document.nodes)) : view.different;
    view.resultless = live ? NONE : withWhatFollows(other, readFlow(document));
    return { session, view };
  }, [session, outer, document, beside, live, bare]);
  const [maker] = useState(() => new SceneMaker());
  const scene = useMemo(
    () => maker.make({ document, flow: readFlow(document), types: types ?? {}, open: NONE, longTexts: NONE }),
    [maker, document, types],
  );
  editor.view.scene = scene;
  return (
    <EditorContext.Provider value={editor}>
      <Canvas scene={scene} theme={theme} />
    </EditorContext.Provider>
  );
}
