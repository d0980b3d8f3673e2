import { memo, useId } from "react";
import { changeDefault, removeThese } from "../editor/actions";
import { AlertIcon, CloseIcon, EditIcon } from "../editor/icons";
import { usePublishedHints } from "../editor/published";
import { usePart } from "../editor/store";
import { useEditor, type View } from "../editor/view";
import { ROW_HEIGHT, type Row } from "./card";
import { type Dock, type DockName, FREE } from "./docks";
import { PortHandles, RowControl } from "./PortRow";
import { Title } from "./Title";
import { Binding } from "./Variable";
import "./docks.css";

/** Opens the panel in which all of the signature is edited. */
function openSignature(view: View): void {
  view.publishTab.set("signature");
  view.panel.set("publish");
}

function Entry({ dock, row }: { dock: DockName; row: Row }) {
  const editor = useEditor();
  const { view } = editor;
  const id = useId();
  const name = row.reference;
  const selected = usePart(view.selectedEntry, (entry) => entry?.dock === dock && entry.name === name);
  const select = () => {
    if (view.readOnly) return;
    view.selectedEntry.set({ dock, name });
    view.selectedEdges.set(new Set());
    editor.session.select([]);
  };
  const word = dock === "inputs" ? "input" : "output";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: what is selected here can be renamed and removed by its own buttons.
    <li
      className={`pf-row pf-row-${row.side}`}
      style={{ top: row.y - ROW_HEIGHT / 2, height: ROW_HEIGHT }}
      data-port={name}
      data-selected={selected || undefined}
      onClick={select}
    >
      <Title what={`${dock} ${name}`} text={row.title} className="pf-port-title" />
      {row.controlled && (
        <RowControl
          id={id}
          row={row}
          onChange={(value, phase) => changeDefault(editor, name, value, phase === "typing")}
        />
      )}
      <Binding row={row} output={dock === "outputs"} />
      {!view.readOnly && (
        <span className="pf-entry-tools nodrag nopan">
          <button
            type="button"
            className="pf-tool"
            aria-label={`Remove the ${word} ${row.title}`}
            onClick={(event) => {
              event.stopPropagation();
              removeThese(editor, [], [], { dock, name });
            }}
          >
            <CloseIcon />
          </button>
          <button
            type="button"
            className="pf-tool"
            aria-label={`Edit the ${word} ${row.title}`}
            title="Title, help, limits, choices …"
            onClick={() => openSignature(view)}
          >
            <EditIcon />
          </button>
        </span>
      )}
    </li>
  );
}

const HINTS: Record<DockName, string> = {
  inputs: "Drag from + to a port",
  outputs: "Drop a port on +",
};

function Header({ name }: { name: DockName }) {
  const { session, view } = useEditor();
  const hints = usePublishedHints(session, name);
  return (
    <header className="pf-dock-header">
      {name === "inputs" ? "Inputs" : "Outputs"}
      {hints.length > 0 && !view.readOnly && (
        <button
          type="button"
          className="pf-tool pf-dock-warning nodrag nopan"
          aria-label={`Callers would miss ${name} of a published version`}
          title={hints.map(({ message, remedy }) => `${message} ${remedy}`).join("\n")}
          onClick={() => openSignature(view)}
        >
          <AlertIcon />
        </button>
      )}
    </header>
  );
}

/** The flow's own inputs or outputs: its signature, drawn. */
export const DockPanel = memo(function DockPanel({ dock }: { dock: Dock }) {
  const free = dock.rows.at(-1);
  return (
    <section
      className="pf-dock nopan"
      data-dock={dock.name}
      aria-label={`${dock.name === "inputs" ? "Inputs" : "Outputs"} of the flow`}
    >
      <Header name={dock.name} />
      <ul className="pf-rows">
        {dock.rows
          .filter((row) => row.reference !== FREE)
          .map((row) => (
            <Entry key={row.reference} dock={dock.name} row={row} />
          ))}
      </ul>
      {free && (
        <span className="pf-dock-hint" style={{ top: free.y - ROW_HEIGHT / 2, height: ROW_HEIGHT }}>
          {HINTS[dock.name]}
        </span>
      )}
      <PortHandles owner={dock.id} rows={dock.rows} />
    </section>
  );
});
