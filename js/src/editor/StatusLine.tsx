import { useEffect, useState } from "react";
import { useCosts } from "../bridge/costs";
import { type NodeRun, type RunSnapshot, useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import { usedWords } from "../costs/words";
import type { Flow } from "../flow/document";
import type { NodeTypes } from "../flow/nodeType";
import { useSeconds } from "../nodes/useRow";
import { countOf, formatSeconds, formatWait } from "../nodes/values";
import { titleOf } from "./differences";
import { useEditor } from "./view";

function endWords(runs: RunSnapshot, took: number | null, used: string, flow: Flow, types: NodeTypes): string {
  if (runs.refused) return runs.refused.message;
  if (runs.status === "done") {
    const words = [took === null ? "Done" : `Done in ${formatSeconds(took)}`, used].filter(Boolean).join(", ");
    return took === null ? `${words}.` : words;
  }
  if (runs.status === "cancelled") return "Stopped.";
  const failed = [...runs.nodes].find(([, node]) => node.state === "failed");
  return failed ? `${titleOf(failed[0], flow, types)} failed: ${failed[1].error ?? ""}` : "The run failed.";
}

/** The node that waits for a hand, if one does. */
function askingNode(runs: RunSnapshot): string | null {
  return [...runs.nodes].find(([, { state }]) => state === "asking")?.[0] ?? null;
}

function detailOf(run: NodeRun): string {
  const item = run.item ? `item ${run.item[0] + 1} of ${run.item[1]}` : "";
  const rest = run.note || (run.fraction === null || item ? "" : `${Math.round(run.fraction * 100)} %`);
  return [item, rest].filter(Boolean).join(", ");
}

function runningWords(runs: RunSnapshot, flow: Flow, types: NodeTypes): string {
  if (runs.stopping) return "Stopping…";
  if (runs.waits) return "Waiting for the run of another flow…";
  const asking = askingNode(runs);
  if (asking !== null) return `${titleOf(asking, flow, types)} asks: ${runs.nodes.get(asking)?.note || "which one?"}`;
  const running = [...runs.nodes].filter(([, node]) => node.state === "running");
  const first = running[0];
  if (!first) return "Running…";
  const detail = detailOf(first[1]);
  const others = running.length > 1 ? `, and ${countOf(running.length - 1, "other")}` : "";
  return `Running: ${titleOf(first[0], flow, types)}${detail ? `, ${detail}` : ""}${others}`;
}

/** Since when nothing has told how far it is; null where something has. */
function silentSince(runs: RunSnapshot, began: number | null): number | null {
  if (runs.status !== "running") return null;
  const nodes = [...runs.nodes.values()];
  if (askingNode(runs) !== null) return null;
  const running = nodes.find((node) => node.state === "running");
  // Between two nodes there is a moment of nothing; before the first one it may be long.
  if (!running) return nodes.every((node) => node.state === "waiting") ? began : null;
  return running.fraction === null ? running.since : null;
}

/** How long the last run took that was begun while somebody looked. */
function useTook(runs: RunSnapshot): { took: number | null; began: number | null } {
  const [began, setBegan] = useState<{ run: string | null; at: number } | null>(null);
  const [took, setTook] = useState<number | null>(null);
  const { run, status } = runs;
  useEffect(() => {
    if (status === "running") {
      setBegan({ run, at: Date.now() });
      setTook(null);
    }
  }, [run, status]);
  useEffect(() => {
    if (status !== "running" && began?.run === run) setTook((Date.now() - began.at) / 1000);
  }, [began, run, status]);
  return { took, began: began?.run === run ? began.at : null };
}

/** Says in words what goes on; screen readers hear it when it has rested for a moment. */
export function StatusLine() {
  const { session, view } = useEditor();
  const runs = useRuns(session.runs);
  const { used } = useCosts(session.costs);
  const { flow, pending } = useFlow(session.sync);
  const types = session.model.get("types") ?? {};
  const { took, began } = useTook(runs);
  const seconds = useSeconds(silentSince(runs, began));
  const idle = flow.nodes.size === 0 ? "" : countOf(flow.nodes.size, "node");
  const words =
    runs.status === "running"
      ? runningWords(runs, flow, types)
      : runs.status === "idle"
        ? idle
        : endWords(runs, took, usedWords(used), flow, types);
  const asking = runs.status === "running" && !runs.stopping ? askingNode(runs) : null;
  return (
    <div className="pf-status" data-run={asking !== null ? "asking" : runs.refused ? "failed" : runs.status}>
      <span className="pf-status-dot" aria-hidden="true" />
      <output className="pf-status-words" aria-live="polite" title={words}>
        {words}
        {/* Not for ears: a number that changes each second would be read out each second. */}
        {seconds > 0 && <span aria-hidden="true"> {formatWait(seconds)}</span>}
      </output>
      {asking !== null && (
        <button type="button" className="pf-link pf-status-show" onClick={() => view.canvas?.fit([asking])}>
          Show it
        </button>
      )}
      {pending > 0 && <span className="pf-pending">{countOf(pending, "edit")} under way</span>}
    </div>
  );
}
