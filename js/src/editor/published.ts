// Hints that callers of a published version would miss something: said when one comes, kept where they are about.

import { useEffect, useMemo, useRef } from "react";
import type { Problem } from "../bridge/protocol";
import { useTrait } from "../bridge/traits";
import type { DockName } from "../nodes/docks";
import type { Session } from "./session";
import { useStored } from "./store";
import type { Editor } from "./view";

const NONE: readonly Problem[] = [];

/** What callers of published versions would miss, of one dock or of both. */
export function usePublishedHints({ model }: Session, dock?: DockName): readonly Problem[] {
  const problems = useTrait(model, "problems") ?? NONE;
  return useMemo(() => {
    const code = `published-${dock?.slice(0, -1) ?? ""}`;
    return problems.filter((problem) => problem.code?.startsWith(code));
  }, [problems, dock]);
}

/** Says it when an edit takes away what callers know; what was so when the page came is no news. */
export function usePublishedNews({ session, view }: Editor): void {
  const hints = usePublishedHints(session);
  const known = useRef<ReadonlySet<string> | null>(null);
  const open = useStored(view.panel) === "publish";
  useEffect(() => {
    const before = known.current;
    known.current = new Set(hints.map(({ message }) => message));
    const news = hints.find(({ message }) => before && !before.has(message));
    const run = () => {
      view.publishTab.set("signature");
      view.panel.set("publish");
    };
    // The panel says so itself.
    if (hints.length === 0 || open) session.unsay("published");
    else if (news) {
      const words = `${news.message} ${news.remedy}`;
      session.say({ kind: "published", words, tone: "alert", action: { label: "Show it", run } });
    }
  }, [hints, open, session, view]);
}
