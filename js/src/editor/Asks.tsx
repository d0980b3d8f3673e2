import { useState } from "react";
import type { Ask } from "../bridge/protocol";
import { useTrait } from "../bridge/traits";
import { bind } from "../nodes/Variable";
import { type Editor, useEditor } from "./view";
import "./asks.css";

function confirm({ session }: Editor, { kind, name, digest }: Ask, always = false): void {
  void session.link.request({ type: "confirm", what: kind, name, ...(digest && { digest, always }) }).then((answer) => {
    if (answer.type === "reject") session.say({ kind: "rejected", words: answer.message, tone: "alert" });
  });
}

function wordsOf({ kind, ports = [], missing = [] }: Ask): [string, string] {
  if (kind === "read") return ["Read ", ` for ${ports.join(", ")}`];
  if (kind === "write") return ["Make, or write over, ", ` from the output ${ports.join(", ")}`];
  return ["Run this code for ", missing.length > 0 ? `, without ${missing.join(", ")}, which it does not bring` : ""];
}

/** One thing that the flow wants: yes, or no; code once, or always. */
function Want({ ask }: { ask: Ask }) {
  const editor = useEditor();
  const { kind, name, ports = [], source } = ask;
  const [before, after] = wordsOf(ask);
  const other = () => {
    if (source !== undefined) confirm(editor, ask, true);
    else for (const port of ports) bind(editor, port, null, kind === "write");
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: it is no field set of a form.
    <div role="group" aria-label={`${before}${name}`}>
      <span>
        {before}
        <strong>{name.replace("notebook.", "")}</strong>
        {after}
      </span>
      <button type="button" className="pf-plain" onClick={other}>
        {source === undefined ? "Remove" : "Always run it"}
      </button>
      <button type="button" className="pf-plain pf-main" onClick={() => confirm(editor, ask)}>
        {source === undefined ? "Allow" : "Run once"}
      </button>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long code is scrolled with the keyboard, too. */}
      {source !== undefined && <pre tabIndex={0}>{source}</pre>}
    </div>
  );
}

const NONE: Ask[] = [];

/** What a flow that came from elsewhere wants of the notebook: nothing is read, written or run before it is confirmed. */
export function Asks() {
  const { session } = useEditor();
  const asks = useTrait(session.model, "asks") ?? NONE;
  const conflict = useTrait(session.model, "conflict");
  const [open, setOpen] = useState(true);
  if (asks.length === 0 || (conflict && "kind" in conflict)) return null;
  return (
    <section className="pf-conflict pf-wants" aria-label="What the flow asks for">
      <div>
        <strong>This flow came from elsewhere. May it do this in your notebook?</strong>
        <button type="button" className="pf-plain" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Later" : "Show"}
        </button>
      </div>
      {open && asks.map((ask) => <Want key={`${ask.kind} ${ask.name}`} ask={ask} />)}
    </section>
  );
}
