import { useEffect, useMemo, useState } from "react";
import type { ConflictTrait } from "../bridge/protocol";
import { useTrait } from "../bridge/traits";
import type { FlowDocument } from "../flow/document";
import type { Theme } from "../theme/theme";
import { differencesOf } from "./differences";
import { Picture } from "./Picture";
import { type Editor, useEditor } from "./view";

type Choice = "mine" | "other";

function resolve({ session }: Editor, choice: Choice): void {
  void session.link.request({ type: "resolve", choice }).then((answer) => {
    if (answer.type === "reject") session.say({ kind: "conflict", words: answer.message, tone: "alert" });
  });
}

interface Both {
  mine: FlowDocument;
  other: FlowDocument;
}

/** More lines would leave no room for the picture. */
const MOST_LINES = 3;

function Differences({ document, beside }: { document: FlowDocument; beside: FlowDocument }) {
  const { session } = useEditor();
  const types = useTrait(session.model, "types");
  const lines = useMemo(() => differencesOf(document, beside, types ?? {}), [document, beside, types]);
  const isSame = lines.length === 0 && differencesOf(beside, document, types ?? {}).length === 0;
  const shown = lines.length > MOST_LINES ? lines.slice(0, MOST_LINES - 1) : lines;
  return (
    <ul className="pf-differences" title={lines.join("\n")}>
      {lines.length === 0 && <li>{isSame ? "Only nodes have other places." : "Nothing that the other has not."}</li>}
      {shown.map((line) => (
        <li key={line}>{line}</li>
      ))}
      {shown.length < lines.length && <li>and {lines.length - shown.length} more</li>}
    </ul>
  );
}

interface SideProps {
  title: string;
  document: FlowDocument;
  beside: FlowDocument;
  /** This is the flow that the editor holds now: results are its. */
  live: boolean;
  theme: Theme;
  keep: () => void;
}

function Side({ title, document, beside, live, theme, keep }: SideProps) {
  return (
    <section className="pf-side" aria-label={title}>
      <header>
        <strong>{title}</strong>
        <button type="button" className="pf-plain pf-main" onClick={keep}>
          Keep this one
        </button>
      </header>
      <Differences document={document} beside={beside} />
      <div className="pf-side-canvas">
        <Picture document={document} beside={beside} live={live} theme={theme} />
      </div>
    </section>
  );
}

/** The question that must be answered before hands may go on: whose flow is it to be? */
export function Conflict({ theme }: { theme: Theme }) {
  const editor = useEditor();
  const { session } = editor;
  const trait = useTrait(session.model, "conflict");
  const [both, setBoth] = useState<Both | null>(null);
  const conflict = trait && "kind" in trait ? (trait as ConflictTrait) : null;
  useEffect(() => {
    if (!conflict) setBoth(null);
  }, [conflict]);
  if (!conflict) return null;
  const show = () => {
    void session.link.request({ type: "compare" }).then((answer) => {
      if (answer.type === "ack" && answer.mine && answer.other) setBoth({ mine: answer.mine, other: answer.other });
      else if (answer.type === "reject") session.say({ kind: "conflict", words: answer.message, tone: "alert" });
    });
  };
  const isCode = conflict.kind === "code";
  const question = (
    <div
      className="pf-conflict"
      data-both={both !== null || undefined}
      role="alertdialog"
      aria-label="Which flow is to be kept?"
    >
      <p>{conflict.message} Neither is lost: the other one stays in the versions.</p>
      <div>
        {!both && (
          <>
            <button type="button" className="pf-plain pf-main" onClick={() => resolve(editor, "mine")}>
              Keep my edits
            </button>
            <button type="button" className="pf-plain" onClick={() => resolve(editor, "other")}>
              Take {isCode ? "the code's" : "the file's"}
            </button>
          </>
        )}
        <button
          type="button"
          className="pf-plain"
          aria-pressed={both !== null}
          onClick={both ? () => setBoth(null) : show}
        >
          {both ? "Hide both" : "Show both"}
        </button>
      </div>
    </div>
  );
  if (!both) return question;
  return (
    <div className="pf-both">
      {question}
      <Side
        title="My edits"
        document={both.mine}
        beside={both.other}
        live={!isCode}
        theme={theme}
        keep={() => resolve(editor, "mine")}
      />
      <Side
        title={isCode ? "What the code made" : "What the file holds"}
        document={both.other}
        beside={both.mine}
        live={isCode}
        theme={theme}
        keep={() => resolve(editor, "other")}
      />
    </div>
  );
}
