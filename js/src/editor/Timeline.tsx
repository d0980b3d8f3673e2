import { type CSSProperties, type KeyboardEvent, useEffect, useState } from "react";
import { useRuns } from "../bridge/runs";
import type { TimelineNode, TimelineRun } from "../bridge/timelineEntries";
import { countOf, formatBytes, formatSeconds } from "../nodes/values";
import { CloseIcon } from "./icons";
import { useStored } from "./store";
import { barOf, formatMark, lengthOf, marksOf } from "./timeScale";
import { useEditor } from "./view";
import "./timeline.css";

const STATUS: Record<string, string> = { done: "done", failed: "failed", cancelled: "stopped", running: "running" };

/** So many pixels are seen of a bar however short it is. */
const LEAST_BAR = 8;
/** In percent of the axis: what ends after it has its words before it. */
const MOST_LEFT = 97;

const tookOf = (took: number): string => (took < 0.1 ? `${Math.round(took * 1000)} ms` : formatSeconds(took));

const AGAIN_MS = 1_000;

/** Asked of the kernel when the drawer opens, while a run is on, and when it has ended. */
function useTimeline(): readonly TimelineRun[] | string | null {
  const { session } = useEditor();
  const { run, status } = useRuns(session.runs);
  const [runs, setRuns] = useState<readonly TimelineRun[] | string | null>(null);
  const [again, setAgain] = useState(0);
  useEffect(() => {
    if (status !== "running") return;
    const timer = setInterval(() => setAgain((count) => count + 1), AGAIN_MS);
    return () => clearInterval(timer);
  }, [status]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run, or how it has ended, is in it.
  useEffect(() => {
    let here = true;
    void session.link.request({ type: "timeline" }).then((answer) => {
      if (!here) return;
      if (answer.type === "ack") setRuns(answer.runs ?? []);
      else if (answer.type === "reject") setRuns(answer.message);
    });
    return () => {
      here = false;
    };
  }, [session, run, status, again]);
  return runs;
}

/** What a bar stands for: `2.1 s, from 0.4 s on, at most 310 MB`. */
function nodeWords({ took, start, cached, peak, error }: TimelineNode, isOn: boolean): string {
  if (cached) return "from the cache";
  const parts = [took === null ? (isOn ? "running" : "not run to its end") : tookOf(took)];
  if (start !== null) parts.push(`from ${tookOf(start)} on`);
  if (peak !== null) parts.push(`at most ${formatBytes(peak)}`);
  if (error) parts.push(error);
  return parts.join(", ");
}

/** `until` is where a run is that goes on; null where it is over. */
function Bar({ node, axis, until }: { node: TimelineNode; axis: number; until: number | null }) {
  const { session, view } = useEditor();
  const { left, width } = barOf(node, axis, until ?? 0);
  const words = nodeWords(node, until !== null);
  const state = node.error
    ? "failed"
    : node.cached
      ? "cached"
      : node.took === null && until !== null
        ? "running"
        : "ran";
  const short = node.cached ? "cached" : node.error ? "failed" : node.took === null ? "" : tookOf(node.took);
  const show = () => {
    session.select([node.node]);
    view.canvas?.fit([node.node]);
  };
  return (
    <li>
      <button
        type="button"
        className="pf-time"
        aria-label={`${node.title}: ${words}`}
        title={`${node.title}: ${words}`}
        onClick={show}
      >
        <span className="pf-time-title">{node.title}</span>
        <span className="pf-time-lane">
          <span
            className="pf-time-bar"
            data-state={state}
            style={{ left: `${left}%`, width: `${width}%`, minWidth: LEAST_BAR }}
          />
          <span
            className="pf-time-took"
            data-before={left + width > MOST_LEFT || undefined}
            style={
              left + width > MOST_LEFT
                ? { right: `${100 - left}%` }
                : { left: `calc(${left}% + max(${width}%, ${LEAST_BAR}px))` }
            }
          >
            {short}
          </span>
        </span>
      </button>
    </li>
  );
}

function Axis({ marks, axis }: { marks: readonly number[]; axis: number }) {
  const step = (marks[1] ?? 1) - (marks[0] ?? 0);
  return (
    <div className="pf-time-axis" aria-hidden="true">
      {marks.map((mark) => (
        <span key={mark} style={{ left: `${(100 * mark) / axis}%` }}>
          {formatMark(mark, step)}
        </span>
      ))}
    </div>
  );
}

function Bars({ run }: { run: TimelineRun }) {
  const length = lengthOf(run, Date.now());
  const marks = marksOf(Math.max(0.001, length));
  const axis = marks.at(-1) ?? 1;
  const nodes = run.nodes.toSorted((one, other) => (one.start ?? 0) - (other.start ?? 0));
  return (
    <div className="pf-time-bars" style={{ "--pf-step": `${100 / (marks.length - 1)}%` } as CSSProperties}>
      <Axis marks={marks} axis={axis} />
      <ul aria-label="Nodes of the run">
        {nodes.map((node) => (
          <Bar key={node.node} node={node} axis={axis} until={run.took === null ? length : null} />
        ))}
      </ul>
      {nodes.length === 0 && <p className="pf-none">No node came to run.</p>}
    </div>
  );
}

function clockOf(started: string): string {
  const time = new Date(started);
  if (Number.isNaN(time.getTime())) return started;
  return time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

function summaryOf({ nodes, took }: TimelineRun): string {
  const ran = nodes.filter(({ cached }) => !cached).length;
  return `${took === null ? "" : `${tookOf(took)}, `}${ran} of ${countOf(nodes.length, "node")} ran`;
}

function RunList(props: { runs: readonly TimelineRun[]; chosen: TimelineRun; choose(run: string): void }) {
  const { runs, chosen, choose } = props;
  return (
    <ul className="pf-time-runs" aria-label="Runs, the newest first">
      {runs.map((run) => (
        <li key={run.run}>
          <button
            type="button"
            aria-current={run === chosen || undefined}
            aria-label={`${clockOf(run.started)}, ${STATUS[run.status] ?? run.status}, ${summaryOf(run)}`}
            onClick={() => choose(run.run)}
          >
            <span className="pf-time-dot" data-run={run.status} aria-hidden="true" />
            <span className="pf-time-words">
              <strong>{clockOf(run.started)}</strong>
              {run.status !== "done" && <em>{STATUS[run.status] ?? run.status}</em>}
              <span>{summaryOf(run)}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Drawer() {
  const { view } = useEditor();
  const runs = useTimeline();
  const [wanted, setWanted] = useState<string | null>(null);
  const close = () => {
    view.timeline.set(false);
    view.root?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  };
  const listed = Array.isArray(runs) ? (runs as readonly TimelineRun[]) : [];
  // Until one is chosen the newest is shown, also when there is a newer one.
  const chosen = listed.find(({ run }) => run === wanted) ?? listed[0];
  const words =
    runs === null ? "Asking the kernel…" : typeof runs === "string" ? runs : "Nothing has been run yet. Press Run.";
  return (
    <section className="pf-timeline" aria-label="Timeline" onKeyDown={onKeyDown}>
      <header>
        <strong>Timeline</strong>
        <span className="pf-time-legend" aria-hidden="true">
          <span data-state="ran" /> ran <span data-state="cached" /> cached <span data-state="failed" /> failed
        </span>
        <button type="button" className="pf-tool" aria-label="Close the timeline" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      {chosen ? (
        <div className="pf-time-body">
          <RunList runs={listed} chosen={chosen} choose={setWanted} />
          <Bars key={chosen.run} run={chosen} />
        </div>
      ) : (
        <p className="pf-none">{words}</p>
      )}
    </section>
  );
}

/** When the nodes of the last runs began and how long they took. */
export function Timeline() {
  const { view } = useEditor();
  return useStored(view.timeline) ? <Drawer /> : null;
}
