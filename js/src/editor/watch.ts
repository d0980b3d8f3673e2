// Says what the kernel keeps waiting, and what can be done about it.

import { useEffect, useSyncExternalStore } from "react";
import { useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import { countOf } from "../nodes/values";
import { interrupt, kernelOf } from "./kernel";
import type { Session } from "./session";

const GONE_MS = 5_500;

const BUSY = "The kernel is busy with a cell; your edits wait for it.";

function goneWords(pending: number): string {
  const edits =
    pending > 0
      ? `${countOf(pending, "edit")} wait${pending === 1 ? "s" : ""} here and ${pending === 1 ? "is" : "are"} kept until it does; `
      : "";
  return `The kernel does not answer. ${edits}run the cell again if you restarted it.`;
}

export function useLateness(session: Session): void {
  const { link, sync } = session;
  const late = useSyncExternalStore(link.subscribe, link.isLate, link.isLate);
  const { pending } = useFlow(sync);
  const waiting = late && pending > 0;
  useEffect(() => {
    if (!late) return session.unsay("late");
    if (!waiting) return;
    session.say({ kind: "late", words: BUSY, tone: "calm", stays: true });
    const timer = setTimeout(() => {
      if (kernelOf(session.model)?.status === "busy") return;
      session.say({ kind: "late", words: goneWords(sync.snapshot().pending), tone: "alert", stays: true });
    }, GONE_MS);
    return () => clearTimeout(timer);
  }, [late, waiting, session, sync]);
}

export function useLateStop(session: Session): void {
  const { stopLate } = useRuns(session.runs);
  useEffect(() => {
    if (!stopLate) return session.unsay("stop");
    const press = () => {
      if (interrupt(session.model)) return;
      session.say({
        kind: "stop",
        words: "This page may not interrupt the kernel itself: press ■ in the notebook's toolbar.",
        tone: "alert",
        stays: true,
      });
    };
    session.say({
      kind: "stop",
      words: "Stop waits: the kernel is busy with a cell and cannot hear it yet.",
      tone: "alert",
      stays: true,
      action: { label: "Interrupt the kernel", run: press },
    });
  }, [stopLate, session]);
}

export function useRefusal(session: Session): void {
  const { refused } = useRuns(session.runs);
  useEffect(() => {
    // What exceeds a budget is asked about: `OverBudget`.
    if (!refused || refused.over.length > 0) return session.unsay("refused");
    const { message, problems } = refused;
    const told = problems.map((problem) => problem.remedy).filter((remedy) => !message.includes(remedy));
    const remedies = [...new Set(told)].slice(0, 2).join(" ");
    session.say({ kind: "refused", words: `${message} ${remedies}`.trim(), tone: "alert" });
  }, [refused, session]);
}
