import { useAnswer } from "./asking";
import { CloseIcon } from "./icons";
import { useStored } from "./store";
import { useEditor } from "./view";

export function timeWords(savedAt: string): string {
  const time = new Date(savedAt);
  if (Number.isNaN(time.getTime())) return savedAt;
  const today = time.toDateString() === new Date().toDateString();
  const clock = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return today ? `Today, ${clock}` : `${time.toLocaleDateString(undefined, { dateStyle: "medium" })}, ${clock}`;
}

function VersionList() {
  const { session, view } = useEditor();
  const answer = useAnswer({ type: "versions" });
  const restore = (id: string) => {
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
    void session.link.request({ type: "restore", id }).then((answer) => {
      if (answer.type === "reject") session.say({ kind: "restore", words: answer.message, tone: "alert" });
      else session.say({ kind: "restore", words: "Restored. Undo takes it back.", tone: "calm" });
    });
  };
  if (answer === null) return <p>Asking the kernel…</p>;
  if (typeof answer === "string") return <p>{answer}</p>;
  const { versions = [] } = answer;
  if (versions.length === 0) return <p>No version is kept yet. One is, each time the file is written.</p>;
  return (
    <ul>
      {versions.map(({ id, saved_at }) => (
        <li key={id}>
          <span>{timeWords(saved_at)}</span>
          <button
            type="button"
            className="pf-plain"
            aria-label={`Restore ${timeWords(saved_at)}`}
            onClick={() => restore(id)}
          >
            Restore
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What the flow was, the newest first. */
export function Versions() {
  const { view } = useEditor();
  const open = useStored(view.panel) === "versions";
  if (!open) return null;
  return (
    <section className="pf-panel pf-versions nowheel" aria-label="Versions">
      <header>
        <strong>Versions</strong>
        <button type="button" className="pf-tool" aria-label="Close" onClick={() => view.panel.set(null)}>
          <CloseIcon />
        </button>
      </header>
      <VersionList />
    </section>
  );
}
