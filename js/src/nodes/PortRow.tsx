import { memo, useId } from "react";
import { useTrait } from "../bridge/traits";
import { PortHandle } from "../canvas/PortHandle";
import { Control } from "../controls/Control";
import { addWords, change, removeThese } from "../editor/actions";
import { useEditor } from "../editor/view";
import type { Json } from "../flow/document";
import { ROW_HEIGHT, type Row } from "./card";
import { Mark } from "./Mark";
import { usePromptAccess } from "./promptAccess";
import { useResult } from "./useRow";
import { Binding, bind } from "./Variable";

type OnChange = (value: Json | null, phase: "typing" | "final") => void;

interface RowControlProps {
  id: string;
  row: Row;
  onChange: OnChange;
  onWords?: (words: string) => void;
}

/** The form element of a row, on its line or below it. */
export function RowControl({ id, row, onChange, onWords }: RowControlProps) {
  const { session, view } = useEditor();
  const models = useTrait(session.model, "models");
  const prompt = usePromptAccess(row);
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
        desk={session.desk}
        onWords={onWords}
        prompt={prompt}
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

/** Says why an input has no effect, and takes its value away for who does not want it kept. */
function Idle({ node, row }: { node: string; row: Row }) {
  const editor = useEditor();
  const families = row.port.families?.join(", ") ?? "";
  const title = `Kept, and ${row.idle}: only ${families} has it.`;
  const away = row.connected ? null : () => change(editor, node, row.port.name, null, false);
  return <Mark kind="idle" words={row.idle ?? ""} title={title} what={row.title} away={away} />;
}

/** A port that the function in the cell has no longer: its edges go with one click. */
function Lost({ row }: { row: Row }) {
  const editor = useEditor();
  const away = () => {
    const { edges, inputs, outputs } = editor.session.sync.snapshot().flow;
    const feeds = inputs.flatMap(({ name, feeds }) => feeds.map((to) => ({ from: name, to })));
    const reads = outputs.map(({ name, from }) => ({ from, to: name }));
    const own = [...edges, ...feeds, ...reads].filter(
      (edge) => (row.side === "input" ? edge.to : edge.from) === row.reference,
    );
    if (own.length > 0) removeThese(editor, [], own, null);
    if (row.variable) bind(editor, row.reference, null);
  };
  const title = `“${row.port.name}” is not there any more: its cell was run anew. What leads here is kept.`;
  return <Mark kind="lost" words="not there any more" title={title} what={row.title} away={away} />;
}

interface Props {
  node: string;
  row: Row;
  line: boolean;
  /** What is wrong with it, in words. */
  problem?: string | undefined;
}

/** One port of a node: its shape on the border, its title, and its control while nothing is connected. */
export const PortRow = memo(function PortRow({ node, row, line, problem }: Props) {
  const editor = useEditor();
  const id = useId();
  const { port, side } = row;
  return (
    <li
      className={`pf-row pf-row-${side}`}
      style={{ top: row.y - ROW_HEIGHT / 2, height: ROW_HEIGHT }}
      data-port={row.reference}
      data-preset={row.preset || undefined}
      data-idle={row.idle !== undefined || undefined}
      data-wrong={problem !== undefined || row.lost || undefined}
    >
      <label
        className="pf-port-title"
        htmlFor={row.controlled ? id : undefined}
        title={problem ?? (port.help || undefined)}
      >
        {row.title}
      </label>
      {row.controlled && (
        <RowControl
          id={id}
          row={row}
          onChange={(value, phase) => change(editor, node, port.name, value, phase === "typing")}
          onWords={(words) => addWords(editor, node, words)}
        />
      )}
      {side === "input" && <Binding row={row} wrong={problem} />}
      {row.lost && <Lost row={row} />}
      {row.idle !== undefined && <Idle node={node} row={row} />}
      {line && side === "output" && row.medium === "text" && <LineResult node={node} reference={row.reference} />}
    </li>
  );
});

/** The ports on the border of a card or dock. They stand beside the rows, so that they stay where rows are not drawn. */
export function PortHandles({ owner, rows }: { owner: string; rows: readonly Row[] }) {
  return rows.map((row) => <PortHandle key={`${row.side} ${row.reference}`} owner={owner} row={row} />);
}
