// The flow as code, notebook or drawing, and one node as cells: to read, to copy, to put into a cell or a file.

import { type FormEvent, useState } from "react";
import type { Ack, Request } from "../bridge/protocol";
import { useFlow } from "../bridge/sync";
import { Tabs } from "../controls/Tabs";
import { useAnswer } from "./asking";
import { Copy } from "./Copy";
import { CloseIcon } from "./icons";
import { type Cell, insertBelow, notebookOf } from "./kernel";
import { useStored } from "./store";
import { useEditor } from "./view";
import "./export.css";

const FORMS: Record<string, [title: string, about: string]> = {
  script: ["Script", "Plain code, with nothing of PixelFlow in it"],
  builder: ["Builder", "The Python that builds this flow; it reads back"],
  notebook: ["Notebook", "A cell for each step, ready for papermill"],
  svg: ["SVG", "A drawing"],
  mermaid: ["Mermaid", "A flowchart for Markdown"],
};

const code = (source: string): Cell => ({ cell_type: "code", source });

/** What a text is as cells; none where it is no text for a notebook. */
function cellsOf(form: string, { text = "", cells }: Ack): Cell[] {
  if (cells) return cells.map(code);
  if (form === "notebook") return (JSON.parse(text) as { cells: Cell[] }).cells.map(plain);
  if (form === "mermaid") return [{ cell_type: "markdown", source: `\`\`\`mermaid\n${text}\`\`\`` }];
  return form === "svg" ? [] : [code(text)];
}

const plain = ({ cell_type, source, metadata }: Cell): Cell => ({
  cell_type,
  source: Array.isArray(source) ? source.join("") : source,
  metadata,
});

function Shown({ form, made }: { form: string; made: Ack }) {
  if (form === "svg")
    return <img src={`data:image/svg+xml,${encodeURIComponent(made.text ?? "")}`} alt="The flow as a drawing" />;
  const cells = form === "mermaid" ? [code(made.text ?? "")] : cellsOf(form, made);
  return cells.map(({ cell_type, source }, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they never change places.
    <pre key={place} data-kind={cell_type}>
      {source}
    </pre>
  ));
}

function Difference({ lines }: { lines: readonly string[] }) {
  return (
    <pre className="pf-difference">
      {lines.map((line, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change places.
        <span key={place} data-sign={place < 2 ? "@" : line[0]}>
          {line || " "}
        </span>
      ))}
    </pre>
  );
}

function SaveAs({ form, file, ask }: { form: string; file: string; ask: (answer: Ack | null) => void }) {
  const { session } = useEditor();
  const [path, setPath] = useState(file);
  const [differs, setDiffers] = useState<Ack | null>(null);
  const show = (answer: Ack | null) => {
    setDiffers(answer);
    ask(answer);
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    const request: Request = { type: "write_export", to: form, path, ...(differs && { over: differs.over }) };
    void session.link.request(request).then((answer) => {
      const say = (words: string, tone: "alert" | "calm") => session.say({ kind: "export", words, tone });
      if (answer.type === "reject") say(answer.message, "alert");
      if (answer.type !== "ack") return;
      show(answer.difference ? answer : null);
      if (answer.difference) session.unsay("export");
      else say(answer.did ? `Wrote ${answer.file}.` : `${answer.file} is up to date.`, "calm");
    });
  };
  return (
    <form className="pf-save" onSubmit={save}>
      {differs ? (
        <>
          <span role="alert">{differs.file} is there and differs. Write over it?</span>
          <button type="button" className="pf-plain" onClick={() => show(null)}>
            Keep it
          </button>
        </>
      ) : (
        <input aria-label="File" value={path} spellCheck={false} onChange={(event) => setPath(event.target.value)} />
      )}
      <button type="submit" className="pf-plain pf-main" disabled={!path.trim()}>
        {differs ? "Write over" : "Save as file"}
      </button>
    </form>
  );
}

function Exported({ form, close }: { form: string; close(): void }) {
  const { session, view } = useEditor();
  const { rev } = useFlow(session.sync);
  const [, node] = form.split(" ");
  const made = useAnswer(node ? { type: "node_cells", node } : { type: "export_flow", to: form }, rev);
  const [differs, setDiffers] = useState<Ack | null>(null);
  if (!made || typeof made === "string")
    return (
      <p className="pf-none" role={made ? "alert" : undefined}>
        {made ?? "Asking the kernel…"}
      </p>
    );
  const cells = cellsOf(form, made);
  const text = made.text ?? made.cells?.join("\n\n\n") ?? "";
  const [one, ...more] = cells;
  const insert = () => {
    const words = `${more.length > 0 ? `${cells.length} cells were` : "A cell was"} added to the notebook.`;
    if (insertBelow(session.model, view.root, cells)) session.say({ kind: "export", words, tone: "calm" });
    close();
  };
  const isHost = notebookOf(session.model) !== null;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long code is scrolled with the keyboard, too. */}
      <div className="pf-exported nowheel" tabIndex={0} data-form={differs ? "difference" : form}>
        {differs ? <Difference lines={differs.difference ?? []} /> : <Shown form={form} made={made} />}
      </div>
      <footer>
        {made.file && <SaveAs form={form} file={made.file} ask={setDiffers} />}
        {one && !isHost && <small>This notebook lets no widget add cells. Copy, and paste into a new one.</small>}
        {one && isHost && (
          <button type="button" className="pf-plain" onClick={insert}>
            {more.length > 0 ? `${cells.length} new cells below` : "New cell below"}
          </button>
        )}
        <Copy text={text} />
      </footer>
    </>
  );
}

export function Export() {
  const { view } = useEditor();
  const open = useStored(view.panel) === "export";
  const form = useStored(view.form);
  if (!open) return null;
  const close = () => {
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
  };
  const [, node] = form.split(" ");
  return (
    <section
      className="pf-inside pf-export"
      role="dialog"
      aria-label="Export"
      // Keys and copies are for what is read here, not for the nodes behind it.
      onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
      onCopy={(event) => event.stopPropagation()}
    >
      <header>
        {node ? (
          <>
            <strong>{view.scene?.cards.get(node)?.title} as cells</strong>
            <span>Its inputs as they are, then its code: run both, and %debug looks into it.</span>
          </>
        ) : (
          <Tabs
            label="Form"
            tabs={Object.entries(FORMS).map(([name, words]) => [name, ...words] as const)}
            chosen={form}
            choose={(name) => view.form.set(name)}
          />
        )}
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <Exported key={form} form={form} close={close} />
    </section>
  );
}
