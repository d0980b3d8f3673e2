// What a card reads of runs and results, each part by itself: a node is drawn again when something about it happened.

import { useEffect, useState, useSyncExternalStore } from "react";
import type { Problem } from "../bridge/protocol";
import type { Result } from "../bridge/results";
import type { NodeRun } from "../bridge/runs";
import { useTrait } from "../bridge/traits";
import { useEditor } from "../editor/view";

export function useNodeRun(id: string): NodeRun | undefined {
  const { session, view } = useEditor();
  const read = () => (view.readOnly ? undefined : session.runs.snapshot().nodes.get(id));
  return useSyncExternalStore(session.runs.subscribe, read, read);
}

export function useResult(reference: string | undefined): Result | undefined {
  const { session, view } = useEditor();
  const read = () => {
    if (!reference || view.resultless.has(reference.slice(0, reference.indexOf(".")))) return undefined;
    return session.results.snapshot().get(reference);
  };
  return useSyncExternalStore(session.results.subscribe, read, read);
}

const NONE: readonly Problem[] = [];

export function useProblems(id: string): readonly Problem[] {
  const { session, view } = useEditor();
  const problems = useTrait(session.model, "problems") ?? NONE;
  if (view.readOnly) return NONE;
  const own = problems.filter((problem) => problem.node === id);
  return own.length > 0 ? own : NONE;
}

/** Whether the last run was refused: then every card says what is wrong with it. */
export function useRefused(): boolean {
  const { session } = useEditor();
  const read = () => session.runs.snapshot().refused !== null;
  return useSyncExternalStore(session.runs.subscribe, read, read);
}

const TICK_MS = 250;

/** Whole seconds since a moment, counted while it is shown: what takes long and cannot say how far it is must not look stuck. */
export function useSeconds(since: number | null): number {
  const [, setShown] = useState(0);
  useEffect(() => {
    if (since === null) return;
    const timer = setInterval(() => setShown(secondsSince(since)), TICK_MS);
    return () => clearInterval(timer);
  }, [since]);
  return since === null ? 0 : secondsSince(since);
}

const secondsSince = (moment: number): number => Math.max(0, Math.floor((Date.now() - moment) / 1000));

/** What a node is doing, in a word or two. */
export function stateWords(run: NodeRun | undefined): string {
  if (!run) return "";
  if (run.state === "running" && run.fraction !== null) return `running, ${Math.round(run.fraction * 100)} %`;
  if (run.state === "done" && run.cached) return "done, from the cache";
  return run.state;
}
