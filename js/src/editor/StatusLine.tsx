import { useEffect, useState } from "react";
import type { RunSnapshot } from "../bridge/runs";
import { useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import type { Flow } from "../flow/document";
import type { NodeTypes } from "../flow/nodeType";
import { useSeconds } from "../nodes/useRow";
import { countOf, formatSeconds, formatWait } from "../nodes/values";
import { titleOf } from "./differences";
import { useEditor } from "./view";

function endWords(runs: RunSnapshot, took: number | null, flow: Flow, types: NodeTypes): string {
  if (runs.refused) return `Not run: ${runs.refused.message}`;
  if (runs.status === "done") return took === null ? "Done." : `Done in ${formatSeconds(took)}`;
  if (runs.status === "cancelled") return "Stopped.";
  const failed = [...runs.nodes].find(([, node]) => node.state === "failed");
  return failed ? `${titleOf(failed[0], flow, types)} failed: ${failed[1].error ?? ""}` : "The run failed.";
}

function runningWords(runs: RunSnapshot, flow: Flow, types: NodeTypes): string {
  if (runs.stopping) return "Stopping…";
  const running = [...runs.nodes].filter(([, node]) => node.state === "running");
  const first = running[0];
  if (!first) return "Running…";
  const [id, { note, fraction }] = first;
  const detail = note || (fraction === null ? "" : `${Math.round(fraction * 100)} %`);
  return `Running: ${titleOf(id, flow, types)}${detail ? `, ${detail}` : ""}`;
}

/** Since when nothing has told how far it is; null where something has. */
function silentSince(runs: RunSnapshot, began: number | null): number | null {
  if (runs.status !== "running") return null;
  const nodes = [...runs.nodes.values()];
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
  const { session } = useEditor();
  const runs = useRuns(session.runs);
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
        : endWords(runs, took, flow, types);
  return (
    <div className="pf-status" data-run={runs.refused ? "failed" : runs.status}>
      <span className="pf-status-dot" aria-hidden="true" />
      <output className="pf-status-words" aria-live="polite" title={words}>
        {words}
        {/* Not for ears: a number that changes each second would be read out each second. */}
        {seconds > 0 && <span aria-hidden="true"> {formatWait(seconds)}</span>}
      </output>
      {pending > 0 && <span className="pf-pending">{countOf(pending, "edit")} under way</span>}
    </div>
  );
}
