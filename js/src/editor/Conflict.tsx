import { useEffect, useState } from "react";
import type { ConflictTrait } from "../bridge/protocol";
import { useTrait } from "../bridge/traits";
import type { FlowDocument } from "../flow/document";
import type { Theme } from "../theme/theme";
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

function Side({
  title,
  document,
  beside,
  theme,
  keep,
}: {
  title: string;
  document: FlowDocument;
  beside: FlowDocument;
  theme: Theme;
  keep: () => void;
}) {
  return (
    <section className="pf-side" aria-label={title}>
      <header>
        <strong>{title}</strong>
        <button type="button" className="pf-plain pf-main" onClick={keep}>
          Keep this one
        </button>
      </header>
      <div className="pf-side-canvas">
        <Picture document={document} beside={beside} theme={theme} />
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
  const theirs = conflict.kind === "code" ? "the code's" : "the file's";
  const show = () => {
    void session.link.request({ type: "compare" }).then((answer) => {
      if (answer.type === "ack" && answer.mine && answer.other) setBoth({ mine: answer.mine, other: answer.other });
      else if (answer.type === "reject") session.say({ kind: "conflict", words: answer.message, tone: "alert" });
    });
  };
  return (
    <>
      {both && (
        <div className="pf-both">
          <Side
            title="My edits"
            document={both.mine}
            beside={both.other}
            theme={theme}
            keep={() => resolve(editor, "mine")}
          />
          <Side
            title={conflict.kind === "code" ? "What the code made" : "What the file holds"}
            document={both.other}
            beside={both.mine}
            theme={theme}
            keep={() => resolve(editor, "other")}
          />
        </div>
      )}
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
                Take {theirs}
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
    </>
  );
}
