// The playground: an AnyWidget in a notebook, or a page of a server. One bundle, because they are one form.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../theme/tokens.css";
import "../controls/controls.css";
import { Page } from "./Page";
import "./playground.css";
import "./form.css";
import "./results.css";

/** Shows the playground of the flow that the page's address names. */
export function openPage(element: HTMLElement): void {
  const name = decodeURIComponent(location.pathname.split("/").at(-1) ?? "");
  createRoot(element).render(
    <StrictMode>
      <Page name={name} />
    </StrictMode>,
  );
}
