// The traits and messages that the page shares with pixelflow_widgets/widget/view.py.

import type { AnyModel } from "@anywidget/types";
import { useSyncExternalStore } from "react";
import type { FlowDocument } from "../flow/document";
import type { NodeTypes } from "../flow/nodeType";

export interface ViewDocument {
  flow: FlowDocument;
  types: NodeTypes;
}

export interface ViewTraits {
  /** Written by the kernel only; empty until the kernel has sent it. */
  document: ViewDocument | Record<string, never>;
}

export type ViewModel = AnyModel<ViewTraits>;

/** The document of the model, or null while there is none. */
export function readDocument(model: ViewModel): ViewDocument | null {
  const document = model.get("document");
  return document && "flow" in document ? (document as ViewDocument) : null;
}

export function useDocument(model: ViewModel): ViewDocument | null {
  // The trait keeps its identity between changes, so it can be its own snapshot; `readDocument` returns that very object.
  return useSyncExternalStore(
    (changed) => {
      model.on("change:document", changed);
      return () => model.off("change:document", changed);
    },
    () => readDocument(model),
  );
}
