import { memo, useId } from "react";
import { useTrait } from "../bridge/traits";
import { PortHandle } from "../canvas/PortHandle";
import { Control } from "../controls/Control";
import { change } from "../editor/actions";
import { useEditor } from "../editor/view";
import type { Json } from "../flow/document";
import { ROW_HEIGHT, type Row } from "./card";
import { useResult } from "./useRow";

type OnChange = (value: Json | null, phase: "typing" | "final") => void;

/** The form element of a row, on its line or below it. */
export function RowControl({ id, row, onChange }: { id: string; row: Row; onChange: OnChange }) {
  const { session, view } = useEditor();
  const models = useTrait(session.model, "models");
  const below = row.block > 0;
  return (
    <div
      className={below ? "pf-slot nodrag nopan pf-slot-block" : "pf-slot nodrag nopan"}
      style={below ? { top: ROW_HEIGHT, height: row.block } : undefined}
    >
      <Control
        id={id}
        port={row.port}
        value={row.value}
        preset={row.preset}
        disabled={view.readOnly}
        onChange={onChange}
        media={session.media}
        models={models ?? []}
        label={row.title}
      />
    </div>
  );
}

/** Text that fits on the line of an output. */
function LineResult({ node, reference }: { node: string; reference: string }) {
  const { view } = useEditor();
  const text = useResult(reference)?.text?.trim();
  const typed = view.scene?.cards.get(node)?.rows.some((row) => row.value === text);
  // What was typed into the node itself stands there already.
  if (!text || typed) return null;
  return (
    <span className="pf-value" title={text}>
      {text}
    </span>
  );
}

/** One port of a node: its shape on the border, its title, and its control while nothing is connected. */
export const PortRow = memo(function PortRow({ node, row, line }: { node: string; row: Row; line: boolean }) {
  const editor = useEditor();
  const id = useId();
  const { port, side } = row;
  return (
    <li
      className={`pf-row pf-row-${side}`}
      style={{ top: row.y - ROW_HEIGHT / 2, height: ROW_HEIGHT }}
      data-port={row.reference}
      data-preset={row.preset || undefined}
    >
      <label className="pf-port-title" htmlFor={row.controlled ? id : undefined} title={port.help || undefined}>
        {row.title}
      </label>
      {row.controlled && (
        <RowControl
          id={id}
          row={row}
          onChange={(value, phase) => change(editor, node, port.name, value, phase === "typing")}
        />
      )}
      {line && side === "output" && row.medium === "text" && <LineResult node={node} reference={row.reference} />}
    </li>
  );
});

/** The ports on the border of a card or dock. They stand beside the rows, so that they stay where rows are not drawn. */
export function PortHandles({ owner, rows }: { owner: string; rows: readonly Row[] }) {
  return rows.map((row) => <PortHandle key={`${row.side} ${row.reference}`} owner={owner} row={row} />);
}
