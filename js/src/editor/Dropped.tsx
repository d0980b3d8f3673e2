import { type DragEvent, useEffect, useMemo, useRef } from "react";
import type { Carried } from "../bridge/protocol";
import { WORDS } from "../controls/files";
import { lookInto, openCarried, placeAsInput } from "./carried";
import { useStored } from "./store";
import { useEditor } from "./view";

/** For the frame around the canvas; controls that take files have taken theirs before. */
export function useDrop() {
  const editor = useEditor();
  return useMemo(
    () => ({
      onDragOver: (event: DragEvent) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        event.stopPropagation();
        event.dataTransfer.dropEffect = "copy";
      },
      onDrop: (event: DragEvent) => {
        const file = event.dataTransfer.files[0];
        if (!file) return;
        event.preventDefault();
        event.stopPropagation();
        void lookInto(editor, file);
      },
    }),
    [editor],
  );
}

function About({ name, carried }: { name: string; carried: Carried | null }) {
  if (!carried) return <p>“{name}” carries no flow.</p>;
  const { nodes, unknown } = carried;
  return (
    <p>
      “{name}” carries the flow “{carried.name}” with {nodes} {nodes === 1 ? "node" : "nodes"}. Opening it takes the
      place of the flow that is here, until you undo it; nothing runs.
      {unknown.length > 0 && ` Not known here: ${unknown.join(", ")}.`}
    </p>
  );
}

/** The question what becomes of a dropped file. */
export function Dropped() {
  const editor = useEditor();
  const { view } = editor;
  const dropped = useStored(view.dropped);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (dropped) first.current?.focus({ preventScroll: true });
  }, [dropped]);
  if (!dropped) return null;
  const { file, medium, carried } = dropped;
  const leave = (act?: () => Promise<void>) => {
    view.dropped.set(null);
    view.root?.focus({ preventScroll: true });
    void act?.();
  };
  return (
    <div
      className="pf-conflict pf-dropped nowheel"
      role="alertdialog"
      aria-label="What becomes of this file?"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        leave();
      }}
    >
      <About name={file.name} carried={carried} />
      <div>
        {carried && (
          <button
            ref={first}
            type="button"
            className="pf-plain pf-main"
            onClick={() => leave(() => openCarried(editor, carried))}
          >
            Open the flow
          </button>
        )}
        {medium && (
          <button
            ref={carried ? undefined : first}
            type="button"
            className="pf-plain"
            onClick={() => leave(() => placeAsInput(editor, file, medium))}
          >
            Place the {WORDS[medium]} as an input
          </button>
        )}
        <button type="button" className="pf-plain" onClick={() => leave()}>
          Cancel
        </button>
      </div>
    </div>
  );
}
