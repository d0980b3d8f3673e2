// What a flow lacks: said once for each set of models, with the way to get them.

import { useEffect } from "react";
import { useGettings } from "../bridge/models";
import type { AboutModel } from "../bridge/protocol";
import { useTrait } from "../bridge/traits";
import { formatSize } from "../controls/values";
import { MISSING } from "../nodes/Below";
import { countOf } from "../nodes/values";
import type { Session } from "./session";
import { useStored } from "./store";
import type { Editor } from "./view";

const KIND = "missing-models";

/** Changes when other models may be missing than before. */
export function useMissingState(session: Session): string {
  const problems = useTrait(session.model, "problems") ?? [];
  const gettings = useGettings(session.desk);
  const missing = problems.filter(({ code }) => code === MISSING).map(({ node, message }) => `${node} ${message}`);
  const done = [...gettings.values()].filter(({ state }) => state === "done").length;
  return `${missing.length} ${done} ${missing.join()}`;
}

export function missingWords(missing: readonly AboutModel[]): string {
  const count = missing.length;
  const sized = missing.map(({ title, megabytes }) => (megabytes > 0 ? `${title} (${formatSize(megabytes)})` : title));
  const named = sized.slice(0, 3).join(", ") + (count > 3 ? " …" : "");
  return `${countOf(count, "model")} of this flow ${count === 1 ? "is" : "are"} not on this machine: ${named}.`;
}

/** Says which models are missing when the flow is opened or comes to want others. */
export function useMissing({ session, view }: Editor): void {
  const state = useMissingState(session);
  const open = useStored(view.panel) === "models";
  useEffect(() => {
    if (open) session.unsay(KIND);
  }, [open, session]);
  useEffect(() => {
    if (state.startsWith("0 ")) {
      session.lacks = "";
      session.unsay(KIND);
      return;
    }
    let here = true;
    const tell = (missing: AboutModel[]) => {
      const names = missing.map(({ name }) => name).join();
      if (!here || names === session.lacks) return;
      session.lacks = names;
      if (missing.length === 0) return session.unsay(KIND);
      const action = { label: "Show them", run: () => view.panel.set("models") };
      session.say({ kind: KIND, words: missingWords(missing), tone: "calm", action, stays: true, polite: true });
    };
    session.desk.missing().then(tell, () => {});
    return () => {
      here = false;
    };
  }, [state, session, view]);
}
