// What a card reads of runs and results, each part by itself: a node is drawn again when something about it happened.

import { useEffect, useState, useSyncExternalStore } from "react";
import type { Problem } from "../bridge/protocol";
import type { Result } from "../bridge/results";
import type { NodeRun } from "../bridge/runs";
import { useTrait } from "../bridge/traits";
import { useEditor } from "../editor/view";
import type { Card } from "./card";
import { countOf } from "./values";

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

const noneStale: readonly string[] = [];
const staleSets = new WeakMap<readonly string[], ReadonlySet<string>>();

/** Read once for all cards. */
function staleSet(ids: readonly string[]): ReadonlySet<string> {
  const known = staleSets.get(ids) ?? new Set(ids);
  staleSets.set(ids, known);
  return known;
}

/** Whether a node has had a result and would run now. */
export function useStale(id: string): boolean {
  const { session, view } = useEditor();
  const { model } = session;
  const read = () => !view.readOnly && staleSet(model.get("stale") ?? noneStale).has(id);
  const listen = (changed: () => void) => {
    model.on("change:stale", changed);
    return () => model.off("change:stale", changed);
  };
  return useSyncExternalStore(listen, read, read);
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

/** How much of a node is done; of a mapped one, over all its items. */
export function fractionOf({ fraction, item }: NodeRun): number | null {
  if (!item || item[1] === 0) return fraction;
  return Math.min(1, (item[0] + (fraction ?? 0)) / item[1]);
}

/** What a node is doing, in a word or two. */
export function stateWords(run: NodeRun | undefined): string {
  if (!run) return "";
  if (run.state === "running" && run.item) return `running, item ${run.item[0] + 1} of ${run.item[1]}`;
  if (run.state === "running" && run.fraction !== null) return `running, ${Math.round(run.fraction * 100)} %`;
  const items = run.items === null ? "" : `, ${countOf(run.items, "item")}`;
  if (run.state === "done" && run.cached) return `done, from the cache${items}`;
  return run.state === "asking" ? "asks which one" : `${run.state}${items}`;
}

/** All that a card is to say of itself besides its title. */
export function cardWords(card: Card, run: NodeRun | undefined, stale: boolean): string {
  if (!card.known) return "its type is not installed here";
  const active = run?.state === "running" || run?.state === "waiting" || run?.state === "asking";
  const marks = [card.muted && "muted", card.pinned && "pinned", stale && !active && "stale"];
  return [stateWords(run), ...marks].filter(Boolean).join(", ");
}
