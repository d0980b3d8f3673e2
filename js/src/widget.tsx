// The anywidget front end. The default export is a function, so that each model gets a store of its own, which all its
// views share: they are closed over, because anywidget hands a different proxy of the model to each call.

import type { InitializeProps, RenderProps } from "@anywidget/types";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { readDocument, useDocument, type ViewModel, type ViewTraits } from "./bridge/model";
import { ResultStore, useResults } from "./bridge/results";
import { useTheme } from "./theme/theme";
import "./theme/tokens.css";
import "./view/view.css";
import { ErrorBoundary } from "./view/ErrorBoundary";
import { FlowView } from "./view/FlowView";

function View({ model, store }: { model: ViewModel; store: ResultStore }) {
  const view = useDocument(model);
  const results = useResults(store);
  const theme = useTheme();
  if (!view) return null;
  return (
    <ErrorBoundary resetKey={view}>
      <FlowView view={view} results={results} theme={theme} />
    </ErrorBoundary>
  );
}

export default () => {
  const store = new ResultStore();
  return {
    initialize({ model, signal }: InitializeProps<ViewTraits>) {
      const forget = () => store.keep(new Set(Object.keys(readDocument(model)?.flow.nodes ?? {})));
      model.on("msg:custom", store.receive);
      model.on("change:document", forget);
      signal.addEventListener("abort", () => {
        model.off("msg:custom", store.receive);
        model.off("change:document", forget);
        store.clear();
      });
      // A page that was reloaded has lost its results; the kernel still has them.
      model.send({ type: "ready" });
    },

    render({ model, el }: RenderProps<ViewTraits>) {
      const root = createRoot(el);
      root.render(
        <StrictMode>
          <View model={model} store={store} />
        </StrictMode>,
      );
      return () => root.unmount();
    },
  };
};
