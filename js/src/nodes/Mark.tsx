import type { ReactNode } from "react";
import { CloseIcon } from "../editor/icons";
import { useEditor } from "../editor/view";

interface Props {
  kind: "idle" | "lost" | "variable";
  words: ReactNode;
  title: string;
  /** What the button takes away. */
  what: string;
  away: (() => void) | null;
}

/** What stands on a row in place of its control, and a button that takes it away. */
export function Mark({ kind, words, title, what, away }: Props) {
  const { view } = useEditor();
  return (
    <span className={`pf-mark pf-mark-${kind} nodrag nopan`} title={title}>
      <span className="pf-mark-words">{words}</span>
      {away && !view.readOnly && (
        <button
          type="button"
          className="pf-tool"
          aria-label={`Take ${what} away`}
          title="Take it away"
          onClick={(event) => {
            event.stopPropagation();
            away();
          }}
        >
          <CloseIcon />
        </button>
      )}
    </span>
  );
}
