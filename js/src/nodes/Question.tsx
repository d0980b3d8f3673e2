import { type CSSProperties, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { CANDIDATES, type Result } from "../bridge/results";
import type { NodeRun } from "../bridge/runs";
import { answer } from "../editor/running";
import { useEditor } from "../editor/view";
import { useInView } from "./inView";
import { useResult } from "./useRow";
import "./question.css";

/** What is asked where the node has no words for it. */
const WHICH = "Which one shall it go on with?";
/** The keys 1 to 9 pick. */
const MOST_DIGITS = 9;

/** One candidate, small; asked of the kernel once for each. */
function useCandidate(id: string, item: number): Result | string | null {
  const { session } = useEditor();
  const first = useResult(`${id}.${CANDIDATES}`);
  const [found, setFound] = useState<Result | string | null>(null);
  useEffect(() => {
    // The first one came with the question.
    if (item === 0 || !first) return;
    let here = true;
    session.results.want(id, CANDIDATES, item, false).then(
      (result) => here && setFound(result),
      (error: Error) => here && setFound(error.message),
    );
    return () => {
      here = false;
    };
  }, [session, id, item, first]);
  return item === 0 ? (first ?? null) : found;
}

function shownOf(found: Result | string | null, name: string): ReactNode {
  if (found === null) return <span className="pf-spinner" aria-hidden="true" />;
  if (typeof found === "string") return <span className="pf-candidate-words">{found}</span>;
  if (found.text !== null) return <span className="pf-candidate-words">{found.text}</span>;
  if (found.mime.startsWith("image/")) return <img src={found.url ?? undefined} alt="" draggable={false} />;
  if (found.mime.startsWith("video/"))
    return <video autoPlay loop muted playsInline src={found.url ?? undefined} aria-label={name} />;
  return <span className="pf-candidate-words">{name}</span>;
}

interface CandidateProps {
  id: string;
  item: number;
  picked: number | null;
  pick(item: number): void;
}

function Candidate({ id, item, picked, pick }: CandidateProps) {
  const found = useCandidate(id, item);
  const name = `Candidate ${item + 1}`;
  const text = typeof found === "object" && found?.text ? `: ${found.text.slice(0, 200)}` : "";
  const sound = typeof found === "object" && found?.mime.startsWith("audio/") ? (found.url ?? "") : null;
  return (
    <li>
      <button
        type="button"
        className="pf-candidate"
        aria-label={`${name}${text}`}
        title={item < MOST_DIGITS ? `${name} (${item + 1})` : name}
        aria-busy={picked === item || undefined}
        disabled={picked !== null}
        onClick={() => pick(item)}
      >
        {shownOf(found, name)}
        {item < MOST_DIGITS && (
          <span className="pf-candidate-number" aria-hidden="true">
            {item + 1}
          </span>
        )}
      </button>
      {/* biome-ignore lint/a11y/useMediaCaption: what a model has made carries no captions. */}
      {sound !== null && <audio controls src={sound} aria-label={name} />}
    </li>
  );
}

/** Arrows walk through the grid as it stands. */
function walk(event: KeyboardEvent<HTMLElement>): number | null {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>(".pf-candidate")];
  const digit = Number(event.key);
  if (digit >= 1 && digit <= Math.min(MOST_DIGITS, buttons.length)) return digit - 1;
  const at = buttons.indexOf(event.target as HTMLElement);
  const first = buttons[0]?.getBoundingClientRect().top;
  const columns = buttons.filter((button) => button.getBoundingClientRect().top === first).length;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
  if (by === undefined || at < 0) return null;
  event.preventDefault();
  event.stopPropagation();
  buttons[Math.max(0, Math.min(at + by, buttons.length - 1))]?.focus({ preventScroll: true });
  return null;
}

/** As many as stand beside each other without one alone in the last line, where that can be. */
function columnsOf(count: number): number {
  if (count <= 4) return Math.max(2, count);
  return count <= 6 || count === 9 ? 3 : 4;
}

interface Props {
  id: string;
  title: string;
  run: NodeRun;
}

/** A run that waits for a hand: the candidates, of which one is picked. */
export function Question({ id, title, run }: Props) {
  const editor = useEditor();
  const { view } = editor;
  const panel = useRef<HTMLElement>(null);
  const style = useInView(panel, run.count);
  const [picked, setPicked] = useState<number | null>(null);
  const first = useResult(`${id}.${CANDIDATES}`);
  const pictures = first?.mime.startsWith("image/") || first?.mime.startsWith("video/");
  useEffect(() => {
    // Keys come here from the editor itself, never out of a field.
    const host = panel.current?.getRootNode() as Document | ShadowRoot;
    if (host.activeElement !== view.root) return;
    panel.current?.querySelector<HTMLElement>(".pf-candidate")?.focus({ preventScroll: true });
  }, [view]);
  const pick = (item: number) => {
    setPicked(item);
    view.root?.focus({ preventScroll: true });
    void answer(editor, id, item).then((taken) => !taken && setPicked(null));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const item = picked === null ? walk(event) : null;
    if (item === null) return;
    event.stopPropagation();
    pick(item);
  };
  const words = run.note || WHICH;
  const items = Array.from({ length: run.count }, (_, item) => item);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a question is no fieldset.
    <section
      ref={panel}
      className="pf-question nodrag nopan nowheel"
      role="group"
      aria-label={`${title} asks: ${words}`}
      style={pictures ? ({ ...style, "--pf-columns": columnsOf(run.count) } as CSSProperties) : style}
      data-kind={pictures ? "pictures" : "words"}
      onKeyDown={onKeyDown}
    >
      <header>
        <strong>{words}</strong>
        {pictures && (
          <button type="button" className="pf-link" onClick={() => view.lightbox.set(`${id}.${CANDIDATES}`)}>
            Look closer
          </button>
        )}
      </header>
      <ul>
        {items.map((item) => (
          <Candidate key={item} id={id} item={item} picked={picked} pick={pick} />
        ))}
      </ul>
    </section>
  );
}
