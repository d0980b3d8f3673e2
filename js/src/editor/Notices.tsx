import { CloseIcon } from "./icons";
import { useMissing } from "./missing";
import { usePublishedNews } from "./published";
import { useStored } from "./store";
import { useEditor } from "./view";
import { useLateness, useLateStop, useRefusal } from "./watch";

/** What was refused, what waits, what to do about it. */
export function Notices() {
  const editor = useEditor();
  const { session } = editor;
  useMissing(editor);
  usePublishedNews(editor);
  useLateness(session);
  useLateStop(session);
  useRefusal(session);
  const notices = useStored(session.notices);
  return (
    <div className="pf-notices">
      {notices.map(({ kind, words, tone, action, polite }) => (
        <div
          key={kind}
          className="pf-notice"
          role="alert"
          aria-live={polite ? "polite" : undefined}
          data-tone={tone}
          data-kind={kind}
        >
          <span>{words}</span>
          {action && (
            <button type="button" className="pf-plain" onClick={action.run}>
              {action.label}
            </button>
          )}
          <button type="button" className="pf-tool" aria-label="Dismiss" onClick={() => session.unsay(kind)}>
            <CloseIcon />
          </button>
        </div>
      ))}
    </div>
  );
}
