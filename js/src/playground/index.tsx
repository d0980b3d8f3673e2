// The playground: an AnyWidget in a notebook, or a page of a server. One bundle, because they are one form.

import type { RenderProps } from "@anywidget/types";
import { type ReactNode, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import type { EditorModel } from "../bridge/protocol";
import "../theme/tokens.css";
import "../controls/controls.css";
import "../media/results.css";
import { KernelBackend } from "./kernelBackend";
import { Notebook } from "./Notebook";
import { keyOfTab, Page } from "./Page";
import "./playground.css";
import "./form.css";
import "./results.css";

function show(element: HTMLElement, content: ReactNode): Root {
  const root = createRoot(element);
  root.render(<StrictMode>{content}</StrictMode>);
  return root;
}

/** Shows the playground of the flow that the page's address names. */
export function openPage(element: HTMLElement): void {
  const name = decodeURIComponent(location.pathname.split("/").at(-1) ?? "");
  // At once: the key is out of the address before anything is painted, and whoever goes on from here has it.
  show(element, <Page name={name} given={keyOfTab()} />);
}

function render({ model, el }: RenderProps) {
  const backend = new KernelBackend({
    send: (message, buffers) => model.send(message, undefined, buffers),
    onMessage(handler) {
      model.on("msg:custom", handler);
      return () => model.off("msg:custom", handler);
    },
  });
  const root = show(el, <Notebook backend={backend} model={model as unknown as EditorModel} />);
  return () => {
    root.unmount();
    backend.close();
  };
}

export default { render };
