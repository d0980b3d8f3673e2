// The anywidget front end. The default export is a function, so that each model gets a session of its own, which all its
// views share: it is closed over, because anywidget hands a different proxy of the model to each call.

import type { InitializeProps, RenderProps } from "@anywidget/types";
import { StrictMode, useMemo, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import type { EditorTraits } from "./bridge/protocol";
import { EditorShell } from "./editor/Editor";
import { ErrorBoundary } from "./editor/ErrorBoundary";
import { Session } from "./editor/session";
import { EditorContext, View } from "./editor/view";
import "./theme/tokens.css";

function OneView({ session }: { session: Session }) {
  const editor = useMemo(() => ({ session, view: new View() }), [session]);
  const document = useSyncExternalStore(session.sync.subscribe, () => session.sync.snapshot().document);
  return (
    <ErrorBoundary resetKey={document}>
      <EditorContext.Provider value={editor}>
        <EditorShell />
      </EditorContext.Provider>
    </ErrorBoundary>
  );
}

export default () => {
  let session: Session | null = null;
  return {
    initialize({ model, signal }: InitializeProps<EditorTraits>) {
      const own = new Session(model);
      session = own;
      signal.addEventListener("abort", () => own.close());
    },

    render({ model, el }: RenderProps<EditorTraits>) {
      // A host that does not call initialize gets its session here.
      session ??= new Session(model);
      const root = createRoot(el);
      root.render(
        <StrictMode>
          <OneView session={session} />
        </StrictMode>,
      );
      return () => root.unmount();
    },
  };
};
