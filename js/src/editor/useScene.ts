import { useMemo, useState, useSyncExternalStore } from "react";
import type { Results } from "../bridge/results";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import type { Flow } from "../flow/document";
import { type Scene, SceneMaker } from "../nodes/scene";
import { useStored } from "./store";
import { useEditor } from "./view";

/** Longer texts do not fit on the line of a port. */
const LONGEST_LINE = 26;

/** Which nodes made a text that wants a frame; the same set while nothing about that changed. */
function longTextsOf(): (results: Results, flow: Flow) => ReadonlySet<string> {
  let known: ReadonlySet<string> = new Set();
  let read: Results | null = null;
  return (results, flow) => {
    if (results === read) return known;
    read = results;
    const long = [...results].flatMap(([reference, { text }]) => {
      const id = reference.slice(0, reference.indexOf("."));
      const words = text?.trim() ?? "";
      // What was typed into the node itself stands there already.
      const typed = Object.values(flow.nodes.get(id)?.values ?? {});
      return words.length > LONGEST_LINE && !typed.includes(text) ? [id] : [];
    });
    const ids = new Set(long);
    if (ids.size !== known.size || [...ids].some((id) => !known.has(id))) known = ids;
    return known;
  };
}

/** The scene of the flow as it is now. */
export function useScene(): Scene {
  const { session, view } = useEditor();
  const { document, flow } = useFlow(session.sync);
  const types = useTrait(session.model, "types");
  const open = useStored(view.open);
  const [maker] = useState(() => new SceneMaker());
  const [longOf] = useState(longTextsOf);
  const read = () => longOf(session.results.snapshot(), session.sync.snapshot().flow);
  const longTexts = useSyncExternalStore(session.results.subscribe, read, read);
  const scene = useMemo(
    () => maker.make({ document, flow, types: types ?? {}, open, longTexts }),
    [maker, document, flow, types, open, longTexts],
  );
  // Gestures ask for places outside of drawing.
  view.scene = scene;
  return scene;
}
