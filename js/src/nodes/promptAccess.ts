// What the prompt control of a row is given: where it stands in the flow, which models read it, the way to its editor.

import { useMemo, useSyncExternalStore } from "react";
import { type PromptPlace, placeKey } from "../bridge/prompts";
import { useTrait } from "../bridge/traits";
import type { PromptAccess } from "../controls/Prompt";
import { type Editor, useEditor } from "../editor/view";
import { type Flow, splitPort } from "../flow/document";
import { modelsReading } from "../flow/modelFeed";
import type { NodeTypes } from "../flow/nodeType";
import type { Row } from "./card";

export function openPrompt({ view }: Editor, place: PromptPlace): void {
  view.prompt.set(place);
  view.panel.set("prompt");
}

function placeOf(reference: string): PromptPlace {
  return splitPort(reference) ?? { input: reference };
}

const known = new WeakMap<Flow, { types: NodeTypes; sources: Map<string, string> }>();

/** Worked out once for each state of the flow, however many views and renders ask. */
function sourcesFor(flow: Flow, types: NodeTypes, place: PromptPlace): string {
  const kept = known.get(flow);
  const sources = kept?.types === types ? kept.sources : new Map<string, string>();
  if (kept?.sources !== sources) known.set(flow, { types, sources });
  const key = placeKey(place);
  const found = sources.get(key) ?? modelsReading(flow, types, place);
  sources.set(key, found);
  return found;
}

const NO_TYPES: NodeTypes = {};

/** Which models read a prompt, and whether they are here: a text that changes when it is to be read anew. */
export function useReadBy(place: PromptPlace | null): string {
  const { session } = useEditor();
  const models = useTrait(session.model, "models") ?? [];
  const read = () => {
    if (!place) return "";
    return sourcesFor(session.sync.snapshot().flow, session.model.get("types") ?? NO_TYPES, place);
  };
  const sources = useSyncExternalStore(session.sync.subscribe, read, read);
  const here = models.filter(({ name, installed }) => installed && sources.split("\n").includes(name));
  return `${sources} ${here.length}`;
}

export function usePromptAccess({ reference, port }: Row): PromptAccess | undefined {
  const editor = useEditor();
  const isPrompt = port.control?.kind === "prompt" && !editor.view.readOnly;
  const place = useMemo(() => (isPrompt ? placeOf(reference) : null), [isPrompt, reference]);
  const by = useReadBy(place);
  if (!place) return undefined;
  return { desk: editor.session.prompts, place, by, open: () => openPrompt(editor, place) };
}
