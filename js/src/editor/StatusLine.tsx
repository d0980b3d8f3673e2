import { useEffect, useState } from "react";
import type { RunSnapshot } from "../bridge/runs";
import { useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import type { Flow } from "../flow/document";
import { findType, type NodeTypes } from "../flow/nodeType";
import { countOf, formatSeconds } from "../nodes/values";
import { useEditor } from "./view";

function titleOf(id: string, flow: Flow, types: NodeTypes): string {
  const node = flow.nodes.get(id);
  return node?.title || findType(types, node?.type ?? "")?.title || id;
}

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

/** How long the last run took that was begun while somebody looked. */
function useTook(runs: RunSnapshot): number | null {
  const [began, setBegan] = useState<{ run: string | null; at: number } | null>(null);
  const [took, setTook] = useState<number | null>(null);
  const { run, status } = runs;
  useEffect(() => {
    if (status === "running") {
      setBegan({ run, at: performance.now() });
      setTook(null);
    }
  }, [run, status]);
  useEffect(() => {
    if (status !== "running" && began?.run === run) setTook((performance.now() - began.at) / 1000);
  }, [began, run, status]);
  return took;
}

/** Says in words what goes on; screen readers hear it when it has rested for a moment. */
export function StatusLine() {
  const { session } = useEditor();
  const runs = useRuns(session.runs);
  const { flow, pending } = useFlow(session.sync);
  const types = session.model.get("types") ?? {};
  const took = useTook(runs);
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
      </output>
      {pending > 0 && <span className="pf-pending">{countOf(pending, "edit")} under way</span>}
    </div>
  );
}
