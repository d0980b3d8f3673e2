// Asking the kernel from a panel: what it tells, and what is done when a button is pressed.

import { useEffect, useState } from "react";
import type { Ack, Request } from "../bridge/protocol";
import { useEditor, type View } from "./view";

/** What the kernel answers, words where it refuses, null until it does. */
export type Asked = Ack | string | null;

/**
 * Asks, and asks anew when the request or `when` is another one; what was answered stands until then.
 *
 * @param every Milliseconds after an answer until it is asked again; 0 is not.
 */
export function useAnswer(request: Request, when: unknown = 0, every = 0): Asked {
  const { session } = useEditor();
  const [answer, setAnswer] = useState<Asked>(null);
  const asked = JSON.stringify(request);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `when` says when to ask again.
  useEffect(() => {
    let here = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      void session.link.request(JSON.parse(asked)).then((found) => {
        if (!here) return;
        if (found.type === "ack") setAnswer(found);
        else if (found.type === "reject") setAnswer(found.message);
        if (every > 0) timer = setTimeout(ask, every);
      });
    };
    ask();
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [session, asked, when, every]);
  return answer;
}

/** What was pressed may be gone, and the keys with it: then the editor has them. */
export function keepKeys({ root }: View): void {
  setTimeout(() => document.activeElement === document.body && root?.focus({ preventScroll: true }));
}

export type Act = (request: Request, then?: (answer: Ack) => void) => void;

/** Has something done, and says so where the kernel refuses; the second is whether it is being done. */
export function useAct(done: () => void): [act: Act, busy: boolean] {
  const { session, view } = useEditor();
  const [busy, setBusy] = useState(false);
  const act: Act = (request, then) => {
    if (busy) return;
    setBusy(true);
    void session.link.request(request).then((answer) => {
      setBusy(false);
      session.unsay("publish");
      if (answer.type === "reject") session.say({ kind: "publish", words: answer.message, tone: "alert" });
      else if (answer.type === "ack") then?.(answer);
      done();
      keepKeys(view);
    });
  };
  return [act, busy];
}
