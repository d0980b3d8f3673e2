// The models of a flow: which are not on this machine, which are being got, and which the worker holds in memory.

import { useEffect, useState } from "react";
import { useFit, useGettings } from "../bridge/models";
import type { AboutModel, ResidentModel } from "../bridge/protocol";
import { useRuns } from "../bridge/runs";
import { GetModel } from "../controls/GetModel";
import { Fit } from "../controls/ModelList";
import { cautionOf, isWeighable, sizeFacts } from "../controls/modelChoice";
import { formatBytes } from "../nodes/values";
import { CloseIcon } from "./icons";
import { useMissingState } from "./missing";
import { useStored } from "./store";
import { useEditor } from "./view";
import "./models.css";

type Asked<Answer> = Answer[] | string | null;

/** What the kernel answers, words where it refuses, null until it does; asked again when `when` changes. */
function useAsked<Answer>(ask: () => Promise<Answer[]>, when: string): Asked<Answer> {
  const [answer, setAnswer] = useState<Asked<Answer>>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `when` says when to ask again.
  useEffect(() => {
    let here = true;
    ask().then(
      (found) => here && setAnswer(found),
      (error: Error) => here && setAnswer(error.message),
    );
    return () => {
      here = false;
    };
  }, [when]);
  return answer;
}

const sizeOf = (models: readonly AboutModel[]) => models.reduce((sum, { megabytes }) => sum + megabytes * 1e6, 0);

function MissingModel({ model }: { model: AboutModel }) {
  const { desk } = useEditor().session;
  const known = useFit(desk, isWeighable(model) ? model.name : "");
  const fit = cautionOf(known) ? known : null;
  return (
    <li>
      <strong>{model.title}</strong>
      <span className="pf-model-facts">{sizeFacts(model, fit).join(" · ")}</span>
      <Fit fit={fit} />
      <GetModel model={model} desk={desk} />
    </li>
  );
}

function Missing({ missing }: { missing: readonly AboutModel[] }) {
  const { desk } = useEditor().session;
  const gettings = useGettings(desk);
  const isLeft = (name: string) => !["getting", "done"].includes(gettings.get(name)?.state ?? "");
  const gettable = missing.filter(({ command }) => !command);
  const left = gettable.filter(({ name }) => isLeft(name));
  if (missing.length === 0) return null;
  const getAll = () => {
    for (const { name } of left) void desk.get(name);
  };
  return (
    <section aria-label="Models that are missing">
      <header>
        <h4>Not on this machine</h4>
        {gettable.length > 1 && left.length > 0 && (
          <button type="button" className="pf-plain" onClick={getAll}>
            Get all ({formatBytes(sizeOf(left))})
          </button>
        )}
      </header>
      <ul>
        {missing.map((model) => (
          <MissingModel key={model.name} model={model} />
        ))}
      </ul>
    </section>
  );
}

/** What is got and belongs to another flow, or was got from a picker. */
function Others({ missing }: { missing: ReadonlySet<string> }) {
  const { session } = useEditor();
  const gettings = useGettings(session.desk);
  const others = [...gettings.values()].filter(({ source, state }) => state === "getting" && !missing.has(source));
  if (others.length === 0) return null;
  return (
    <section aria-label="Models that are being got">
      <h4>On their way</h4>
      <ul>
        {others.map(({ source, title }) => (
          <li key={source}>
            <strong>{title || source}</strong>
            <GetModel model={entryOf(source, title)} desk={session.desk} />
          </li>
        ))}
      </ul>
    </section>
  );
}

const entryOf = (name: string, title = name) => ({
  name,
  title,
  tasks: [],
  base_model: "",
  installed: false,
  megabytes: 0,
  help: "",
});

function Resident({ model, onFreed }: { model: ResidentModel; onFreed(): void }) {
  const { session } = useEditor();
  const free = () => {
    session.desk.free(model.source).then(onFreed, (error: Error) => {
      session.say({ kind: "free", words: error.message, tone: "alert" });
    });
  };
  const largest = Math.max(1, ...model.components.map(({ bytes }) => bytes));
  return (
    <li>
      <span className="pf-resident">
        <strong>{model.title}</strong>
        <span className="pf-resident-bytes">{formatBytes(model.bytes)}</span>
        <button
          type="button"
          className="pf-plain"
          aria-label={`Free ${model.title}`}
          title={model.in_use ? "A node is using it." : "Give its memory back; the next run loads it again."}
          disabled={model.in_use}
          onClick={free}
        >
          {model.in_use ? "In use" : "Free"}
        </button>
      </span>
      <span className="pf-model-facts">{model.device}</span>
      <ul className="pf-components">
        {model.components.map(({ name, bytes, shared }) => (
          <li key={name} title={shared ? "Another model uses it too: it is there once." : undefined}>
            <span>
              {name}
              {shared && <em> shared</em>}
            </span>
            <span className="pf-bar" aria-hidden="true">
              <span style={{ width: `${(100 * bytes) / largest}%` }} />
            </span>
            <span className="pf-resident-bytes">{formatBytes(bytes)}</span>
          </li>
        ))}
      </ul>
    </li>
  );
}

function InMemory() {
  const { session, view } = useEditor();
  const { run, status } = useRuns(session.runs);
  const [freed, setFreed] = useState(0);
  const resident = useAsked(() => session.desk.resident(), `${run} ${status} ${freed}`);
  const again = () => {
    setFreed(freed + 1);
    // The button that was pressed may be gone, and the keys with it.
    view.root?.focus({ preventScroll: true });
  };
  const some = Array.isArray(resident) && resident.length > 0;
  return (
    <section aria-label="Models in memory">
      <header>
        <h4>In memory</h4>
        {some && resident.length > 1 && (
          <button type="button" className="pf-plain" onClick={() => void session.desk.free(null).then(again, again)}>
            Free all
          </button>
        )}
      </header>
      {resident === null && <p>Asking the kernel…</p>}
      {typeof resident === "string" && <p>{resident}</p>}
      {Array.isArray(resident) && !some && <p>No model is loaded. One is, when a node first uses it.</p>}
      {some && (
        <ul>
          {resident.map((model) => (
            <Resident key={model.source} model={model} onFreed={again} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Sections() {
  const { session } = useEditor();
  const missing = useAsked(() => session.desk.missing(), useMissingState(session));
  const listed = Array.isArray(missing) ? missing : [];
  return (
    <>
      {typeof missing === "string" && <p>{missing}</p>}
      <Missing missing={listed} />
      <Others missing={new Set(listed.map(({ name }) => name))} />
      <InMemory />
    </>
  );
}

export function Models() {
  const { view } = useEditor();
  const open = useStored(view.panel) === "models";
  if (!open) return null;
  return (
    <section className="pf-panel pf-versions pf-models nowheel" aria-label="Models">
      <header>
        <strong>Models</strong>
        <button type="button" className="pf-tool" aria-label="Close" onClick={() => view.panel.set(null)}>
          <CloseIcon />
        </button>
      </header>
      <Sections />
    </section>
  );
}
