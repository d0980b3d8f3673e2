import { useFlow } from "../bridge/sync";
import type { FlowDocument } from "../flow/document";
import type { Theme } from "../theme/theme";
import { titleOf } from "./differences";
import { CloseIcon } from "./icons";
import { Picture } from "./Picture";
import { useStored } from "./store";
import { subflowOf, unpack } from "./subflows";
import { useEditor } from "./view";

interface Props {
  id: string;
  kind: string;
  document: FlowDocument;
  theme: Theme;
}

function Looked({ id, kind, document, theme }: Props) {
  const editor = useEditor();
  const { session, view } = editor;
  const { flow } = useFlow(session.sync);
  const title = titleOf(id, flow, session.model.get("types") ?? {});
  const close = () => {
    view.inside.set(null);
    view.root?.focus({ preventScroll: true });
  };
  const takeApart = () => {
    close();
    unpack(editor, id);
  };
  return (
    <section className="pf-inside" role="dialog" aria-label={`Inside ${title}`}>
      <header>
        <strong>{title}</strong>
        <span>To change what is inside, unpack it.</span>
        {kind === "flow" && (
          <button type="button" className="pf-plain" onClick={takeApart}>
            Unpack
          </button>
        )}
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <div className="pf-side-canvas">
        <Picture document={document} beside={document} live={false} bare theme={theme} />
      </div>
    </section>
  );
}

/** The flow that a node runs, to be looked at. */
export function Inside({ theme }: { theme: Theme }) {
  const { session, view } = useEditor();
  const id = useStored(view.inside);
  const { document, flow } = useFlow(session.sync);
  const found = id === null ? null : subflowOf(document, flow.nodes.get(id)?.type);
  return id !== null && found && <Looked key={id} id={id} {...found} theme={theme} />;
}
