// The model of anywidget as the rest of the page sees it: a transport for messages, and traits as snapshots.

import { useSyncExternalStore } from "react";
import type { JsonObject } from "../flow/document";
import type { Transport } from "./link";
import type { DocumentTrait, EditorModel, EditorTraits } from "./protocol";

type Heard = (message: unknown, buffers: readonly DataView[]) => void;

/** Carries custom messages of a model. */
export function modelTransport(model: EditorModel): Transport {
  return {
    send: (message: JsonObject, buffers?: ArrayBuffer[]) => model.send(message, undefined, buffers),
    onMessage(handler: Heard) {
      const heard: Heard = (message, buffers) => handler(message, buffers ?? []);
      model.on("msg:custom", heard);
      return () => model.off("msg:custom", heard);
    },
  };
}

/** The document of the model, or null while the kernel has not sent it. */
export function documentOf(model: EditorModel): DocumentTrait | null {
  const trait = model.get("document");
  return trait && "flow" in trait ? (trait as DocumentTrait) : null;
}

/** A trait of the model; it keeps its identity between changes, so it is its own snapshot. */
export function useTrait<Name extends keyof EditorTraits>(model: EditorModel, name: Name): EditorTraits[Name] {
  const snapshot = () => model.get(name);
  return useSyncExternalStore(
    (changed) => {
      model.on(`change:${name}`, changed);
      return () => model.off(`change:${name}`, changed);
    },
    snapshot,
    snapshot,
  );
}

/** Sets a trait that the page may write, and sends it. */
export function setTrait<Name extends "selection" | "viewport" | "options">(
  model: EditorModel,
  name: Name,
  value: EditorTraits[Name],
): void {
  model.set(name, value);
  model.save_changes();
}
