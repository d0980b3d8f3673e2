// What the flow takes and gives: every word, limit and choice of an input, their order, and what callers will see of it.

import { useId } from "react";
import type { Signature, SignatureInput } from "../bridge/publishing";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import { Control } from "../controls/Control";
import { controlBlock } from "../controls/heights";
import { itemName } from "../controls/kind";
import type { Reading } from "../controls/numbers";
import { field, isName, isObject, type Json, type JsonObject, titleFromName } from "../flow/document";
import { entryOf, isTaken, moveEntry, nameEntry, setEntry, setLimit, type Word } from "../flow/edits";
import type { Port } from "../flow/nodeType";
import type { Operation } from "../flow/operations";
import type { Row } from "../nodes/card";
import { type DockName, FREE } from "../nodes/docks";
import { changeDefault, edit, removeThese } from "./actions";
import { useAnswer } from "./asking";
import { AlertIcon, DownIcon, UpIcon } from "./icons";
import { Line } from "./Line";
import { PublishPreview } from "./PublishPreview";
import { usePublishedHints } from "./published";
import { Waiting } from "./publishParts";
import { firstDefault, isChosen, limitsFor, readLimit, readLines } from "./signatureFields";
import { useStored } from "./store";
import { useEditor } from "./view";

interface Entry {
  dock: DockName;
  name: string;
}

const wordOf = ({ dock }: Entry): Word => (dock === "inputs" ? "input" : "output");

function Default({ row, required }: { row: Row; required: boolean }) {
  const editor = useEditor();
  const { session } = editor;
  const id = useId();
  const models = useTrait(session.model, "models");
  const { reference: name, port, value } = row;
  const first = firstDefault(port);
  return (
    <div className="pf-default">
      <label htmlFor={id}>Default</label>
      <label className="pf-check" title={first === null && required ? "Give a default, and it need not be given." : ""}>
        <input
          type="checkbox"
          checked={required}
          disabled={required && first === null}
          onChange={() => changeDefault(editor, name, required ? first : null, false)}
        />
        Required
      </label>
      {row.controlled && (
        <div style={{ height: controlBlock(port, value) || undefined }}>
          <Control
            id={id}
            port={port}
            value={value}
            preset={row.preset}
            disabled={false}
            onChange={(next, phase) => changeDefault(editor, name, next, phase === "typing")}
            media={session.media}
            models={models ?? []}
            desk={session.desk}
            label={`Default of ${row.title}`}
          />
        </div>
      )}
    </div>
  );
}

function Limits({ entry, port, told }: { entry: JsonObject; port: Port; told: SignatureInput | undefined }) {
  const editor = useEditor();
  const name = String(entry.name);
  const own = field(entry, "limits");
  const limits = isObject(own) ? own : {};
  const fields = limitsFor(port);
  if (fields.length === 0) return null;
  return (
    <div className="pf-beside">
      {fields.map(([limit, title]) => (
        <Line
          key={limit}
          label={title}
          numeric
          value={limits[limit] ?? null}
          placeholder={told?.limits[limit] === undefined ? "any" : String(told.limits[limit])}
          read={(text) => readLimit(text, limit, port)}
          change={(value) => edit(editor, setLimit(editor.session.sync.snapshot().document, name, limit, value))}
        />
      ))}
    </div>
  );
}

function EntryForm({ entry: which, row, signature }: { entry: Entry; row: Row; signature: Signature | undefined }) {
  const editor = useEditor();
  const { session, view } = editor;
  const { document } = session.sync.snapshot();
  const word = wordOf(which);
  const { name } = which;
  const entry = entryOf(document, word, name);
  if (!entry) return null;
  const told = signature?.inputs.find((each) => each.name === name);
  const words = (key: string) => (typeof entry[key] === "string" ? (entry[key] as string) : null);
  const set = (fields: JsonObject) => edit(editor, setEntry(session.sync.snapshot().document, word, name, fields));
  const readName = (text: string): Reading => {
    const next = text.trim();
    if (!isName(next)) return { problem: "Use letters, digits and _, and begin with a letter." };
    if (next !== name && isTaken(document, word, next)) return { problem: `There is an ${word} “${next}” already.` };
    return { value: next };
  };
  const rename = (next: Json) => {
    const operations = nameEntry(session.sync.snapshot().document, word, name, String(next));
    if (operations.length > 0 && edit(editor, operations)) view.selectedEntry.set({ ...which, name: String(next) });
  };
  return (
    <section className="pf-form" aria-label={`${word === "input" ? "Input" : "Output"} ${row.title}`}>
      <div className="pf-beside">
        <Line
          label="Title"
          value={words("title")}
          placeholder={titleFromName(name)}
          change={(title) => set({ title })}
        />
        <Line label="Name" hint="What callers write" value={name} read={readName} change={rename} />
      </div>
      <Line
        label="Help"
        lines={2}
        value={words("help")}
        placeholder={(told?.help ?? row.port.help) || "One sentence for forms and callers"}
        change={(help) => set({ help })}
      />
      {word === "input" && (
        <>
          <Default row={row} required={row.value === null} />
          <Limits entry={entry} port={row.port} told={told} />
          {isChosen(row.port) && (
            <Line
              label="Choices, one on a line"
              lines={3}
              value={Array.isArray(entry.choices) ? entry.choices : null}
              read={readLines}
              placeholder={itemName(row.port.type) === "model" ? "Models that callers may choose" : "Anything"}
              change={(choices) => set({ choices })}
            />
          )}
          <label className="pf-check" title="A run takes longer with another value; forms show it with the cost">
            <input
              type="checkbox"
              checked={typeof entry.affects_cost === "boolean" ? entry.affects_cost : told?.affects_cost === true}
              onChange={(event) => set({ affects_cost: event.target.checked })}
            />
            Affects the cost
          </label>
        </>
      )}
      <footer>
        <button type="button" className="pf-plain" onClick={() => removeThese(editor, [], [], which)}>
          Remove the {word}
        </button>
      </footer>
    </section>
  );
}

interface ListProps {
  dock: DockName;
  rows: readonly Row[];
  chosen: Entry | undefined;
}

function List({ dock, rows, chosen }: ListProps) {
  const editor = useEditor();
  const { session, view } = editor;
  const word = wordOf({ dock, name: "" });
  const put = (name: string, to: number) => {
    const { document } = session.sync.snapshot();
    const operations: Operation[] = moveEntry(document, word, name, to);
    if (operations.length > 0) edit(editor, operations);
  };
  return (
    <>
      <h4>{dock === "inputs" ? "Inputs" : "Outputs"}</h4>
      {rows.length === 0 && <p>None. Drag a port onto the dock.</p>}
      <ul>
        {rows.map(({ reference: name, title, medium }, place) => {
          const on = chosen?.dock === dock && chosen.name === name;
          return (
            <li
              key={name}
              data-chosen={on || undefined}
              draggable
              onDragStart={(event) => event.dataTransfer.setData(`text/pf-${dock}`, name)}
              onDragOver={(event) => event.dataTransfer.types.includes(`text/pf-${dock}`) && event.preventDefault()}
              onDrop={(event) => {
                event.preventDefault();
                event.stopPropagation();
                put(event.dataTransfer.getData(`text/pf-${dock}`), place);
              }}
            >
              <button
                type="button"
                className="pf-entry"
                aria-pressed={on}
                onClick={() => view.selectedEntry.set({ dock, name })}
              >
                <span className={`pf-entry-dot pf-medium-${medium}`} aria-hidden="true" />
                {title}
              </button>
              <button
                type="button"
                className="pf-tool"
                aria-label={`${title} up`}
                disabled={place === 0}
                onClick={() => put(name, place - 1)}
              >
                <UpIcon />
              </button>
              <button
                type="button"
                className="pf-tool"
                aria-label={`${title} down`}
                disabled={place === rows.length - 1}
                onClick={() => put(name, place + 1)}
              >
                <DownIcon />
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

export function PublishSignature() {
  const { session, view } = useEditor();
  const { rev } = useFlow(session.sync);
  const selected = useStored(view.selectedEntry);
  const hints = usePublishedHints(session);
  const asked = useAnswer({ type: "signature" }, rev);
  const signature = asked !== null && typeof asked !== "string" ? asked.signature : undefined;
  const rowsOf = (dock: DockName) =>
    view.scene?.docks.find(({ name }) => name === dock)?.rows.filter(({ reference }) => reference !== FREE) ?? [];
  const all = (["inputs", "outputs"] as const).flatMap((dock) => rowsOf(dock).map((row) => ({ dock, row })));
  const found = all.find(({ dock, row }) => selected?.dock === dock && selected.name === row.reference) ?? all[0];
  const chosen = found && { dock: found.dock, name: found.row.reference };
  return (
    <>
      {hints.map(({ message, remedy }) => (
        <p key={message} className="pf-warns" role="alert">
          <AlertIcon /> {message} {remedy}
        </p>
      ))}
      <div className="pf-three">
        <nav className="pf-entries" aria-label="Inputs and outputs">
          <List dock="inputs" rows={rowsOf("inputs")} chosen={chosen} />
          <List dock="outputs" rows={rowsOf("outputs")} chosen={chosen} />
        </nav>
        {found && chosen && (
          <EntryForm key={`${chosen.dock} ${chosen.name}`} entry={chosen} row={found.row} signature={signature} />
        )}
        {signature ? <PublishPreview of={signature} /> : <Waiting asked={asked} />}
      </div>
    </>
  );
}
