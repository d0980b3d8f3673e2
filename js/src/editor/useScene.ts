import { useMemo, useState, useSyncExternalStore } from "react";
import { CANDIDATES, type Result, type Results } from "../bridge/results";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import { type Flow, splitPort } from "../flow/document";
import { type NodeTypes, portAt } from "../flow/nodeType";
import { type Medium, mediumOf } from "../flow/portType";
import type { Made } from "../nodes/card";
import { type Scene, SceneMaker } from "../nodes/scene";
import { familiesOf } from "./families";
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
      const { node: id = "", port } = splitPort(reference) ?? {};
      if (port === CANDIDATES) return [];
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

const KINDS: [string, Medium][] = [
  ["image/", "image"],
  ["audio/", "audio"],
  ["video/", "video"],
  ["text/html", "table"],
];

function mediumOfResult({ mime, text }: Result): Medium | null {
  const kind = KINDS.find(([start]) => mime.startsWith(start));
  if (kind) return kind[1];
  return (text?.trim().length ?? 0) > LONGEST_LINE ? "text" : null;
}

/** What came out of ports that may give anything; the same map while nothing about that changed. */
function madeOf(): (results: Results, flow: Flow, types: NodeTypes) => ReadonlyMap<string, Made> {
  let known: ReadonlyMap<string, Made> = new Map();
  let read: Results | null = null;
  return (results, flow, types) => {
    if (results === read) return known;
    read = results;
    const found = [...results].flatMap(([reference, result]): [string, Made][] => {
      const port = portAt(flow, types, reference, "output");
      const medium = port && mediumOf(port.type) === "any" ? mediumOfResult(result) : null;
      return medium ? [[splitPort(reference)?.node ?? "", { reference, medium }]] : [];
    });
    const made = new Map(found);
    const same = made.size === known.size && [...made].every(([id, { medium }]) => known.get(id)?.medium === medium);
    if (!same) known = made;
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
  const [anythingOf] = useState(madeOf);
  const readMade = () =>
    anythingOf(session.results.snapshot(), session.sync.snapshot().flow, session.model.get("types") ?? {});
  const made = useSyncExternalStore(session.results.subscribe, readMade, readMade);
  const models = useTrait(session.model, "models");
  const abouts = useSyncExternalStore(session.desk.subscribe, session.desk.abouts, session.desk.abouts);
  const [familiesIn] = useState(familiesOf);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the desk answers changes with what it was told.
  const families = useMemo(
    () => familiesIn(flow, types ?? {}, models ?? [], session.desk),
    [familiesIn, flow, types, models, session, abouts],
  );
  const scene = useMemo(
    () => maker.make({ document, flow, types: types ?? {}, open, longTexts, made, families }),
    [maker, document, flow, types, open, longTexts, made, families],
  );
  // Gestures ask for places outside of drawing.
  view.scene = scene;
  return scene;
}
