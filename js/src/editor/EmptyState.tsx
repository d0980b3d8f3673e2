import { useTrait } from "../bridge/traits";
import { findType } from "../flow/nodeType";
import { startFromTemplate } from "./actions";
import { AddIcon } from "./icons";
import { useEditor } from "./view";

/** The way in. */
export function EmptyState() {
  const editor = useEditor();
  const { session, view } = editor;
  const types = useTrait(session.model, "types") ?? {};
  return (
    <div className="pf-empty">
      <p>Nodes make, change and look at pictures, text and sound; connect them, and press Run.</p>
      <div>
        <button
          type="button"
          className="pf-plain pf-main"
          onClick={() => view.palette.set({ at: null, beside: null, from: null })}
        >
          <AddIcon /> Add a node
        </button>
        {findType(types, "text_to_image") && (
          <button type="button" className="pf-plain" onClick={() => startFromTemplate(editor)}>
            Start with a picture from words
          </button>
        )}
      </div>
      <p className="pf-empty-hint">
        or press <kbd>Tab</kbd>, or double-click anywhere
      </p>
    </div>
  );
}
