import { type FormEvent, useEffect, useRef, useState } from "react";
import type { StatusTrait } from "../bridge/protocol";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import { SaveIcon } from "./icons";
import { useStored } from "./store";
import { type Editor, useEditor } from "./view";

function saveTo({ session }: Editor, path: string | null): void {
  void session.link.request(path === null ? { type: "save" } : { type: "save", path }).then((answer) => {
    if (answer.type === "reject") session.say({ kind: "save", words: answer.message, tone: "alert" });
    else if (answer.type === "ack")
      session.say({ kind: "save", words: `Saved to ${answer.file ?? path ?? "its file"}.`, tone: "calm" });
  });
}

function stateOf(status: Partial<StatusTrait>, pending: number): string {
  if (pending > 0) return "Sending…";
  if (!status.file) return "No file yet";
  if (status.draft) return "Draft";
  return status.saved ? "Saved" : "Saving…";
}

function SaveField({ suggested }: { suggested: string }) {
  const editor = useEditor();
  const { view } = editor;
  const field = useRef<HTMLInputElement>(null);
  const [path, setPath] = useState(suggested);
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
    if (path.trim()) saveTo(editor, path.trim());
  };
  return (
    <form className="pf-panel pf-save" aria-label="Save the flow" onSubmit={submit}>
      <label>
        File, beside the notebook
        <input ref={field} value={path} spellCheck={false} onChange={(event) => setPath(event.target.value)} />
      </label>
      <button type="submit" className="pf-plain pf-main">
        Save
      </button>
    </form>
  );
}

/** The flow's file, whether it holds what is shown, and the button that writes it. */
export function FileState() {
  const editor = useEditor();
  const { session, view } = editor;
  const status: Partial<StatusTrait> = useTrait(session.model, "status") ?? {};
  const { pending, flow } = useFlow(session.sync);
  const panel = useStored(view.panel);
  const file = (status.file ?? "").split("/").at(-1) ?? "";
  const named = file !== "" && !status.draft;
  const state = stateOf(status, pending);
  const act = () => {
    if (named) saveTo(editor, null);
    else view.panel.set(panel === "save" ? null : "save");
  };
  return (
    <div className="pf-file">
      <span className="pf-file-words" title={[status.file, status.note || state].filter(Boolean).join(": ")}>
        <span className="pf-file-name">{file.replace(/\.flow\.json$/, "") || flow.name || "untitled"}</span>
        <span
          className="pf-file-state"
          data-note={status.note ? true : undefined}
          data-saved={status.saved && pending === 0 ? true : undefined}
        >
          {status.note || state}
        </span>
      </span>
      <button
        type="button"
        className="pf-button"
        aria-label="Save"
        title={named ? "Save" : "Save as a file"}
        onClick={act}
      >
        <SaveIcon />
      </button>
      {panel === "save" && <SaveField suggested={`${flow.name || "untitled"}.flow.json`} />}
    </div>
  );
}
