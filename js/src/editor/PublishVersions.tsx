// Publishing: what it is called, what it may cost, what is against it, what has changed; and the versions that there are.

import { type FormEvent, type ReactNode, useState } from "react";
import type { Ack, Problem } from "../bridge/protocol";
import type { Caps, PublishedVersion, Publishing, Seeds } from "../bridge/publishing";
import { useFlow } from "../bridge/sync";
import { field, type Json, titleFromName } from "../flow/document";
import { isTaken } from "../flow/edits";
import { edit } from "./actions";
import { useAct, useAnswer } from "./asking";
import { AlertIcon } from "./icons";
import { Line } from "./Line";
import type { Of } from "./Publish";
import { Differences, Labeled, Sure, Waiting, when } from "./publishParts";
import { type Editor, useEditor } from "./view";

const CAPS: [name: string, title: string, hint: string][] = [
  ["work", "Work", "Pixel steps: width × height × steps × pictures, of all nodes together"],
  ["pixels", "Pixels", "Of the largest picture"],
  ["seconds", "Seconds", "After which a run is ended"],
];
const SEEDS: [Seeds, string][] = [
  ["drawn", "Drawn for each request"],
  ["given", "The flow's own"],
];

/** Goes to what a reason is about; null where that is nothing that can be shown. */
function wayTo({ session, view }: Editor, { node, port }: Problem): (() => void) | null {
  if (node !== null)
    return () => {
      view.panel.set(null);
      session.select([node]);
      view.canvas?.fit([node]);
    };
  const { document } = session.sync.snapshot();
  const word = (["input", "output"] as const).find((each) => port !== null && isTaken(document, each, port));
  if (!word || port === null) return null;
  return () => {
    view.selectedEntry.set({ dock: `${word}s`, name: port });
    view.publishTab.set("signature");
  };
}

function Reasons({ of }: { of: readonly Problem[] }) {
  const editor = useEditor();
  if (of.length === 0) return null;
  return (
    <section aria-label="Reasons against publishing">
      <h4>It cannot be published as it is</h4>
      <ul className="pf-reasons">
        {of.map((problem) => {
          const go = wayTo(editor, problem);
          const words = `${problem.message} ${problem.remedy}`;
          return (
            <li key={problem.message}>
              <AlertIcon />
              {go ? (
                <button type="button" className="pf-link" onClick={go}>
                  {words}
                </button>
              ) : (
                <span>{words}</span>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Changes({ told }: { told: Publishing }) {
  const current = told.versions.find((version) => version.is_current);
  if (!current || told.changes === null) return null;
  const breaks = told.changes.some((change) => change.breaks);
  return (
    <section aria-label="What has changed">
      <h4>Since version {current.number}, which answers now</h4>
      {told.changes.length === 0 ? (
        <p>It takes and gives the same.</p>
      ) : (
        <>
          <Differences of={told.changes} />
          {breaks && <p>Version {current.number} stays callable by its number; tell whoever calls without one.</p>}
        </>
      )}
    </section>
  );
}

/** Caps that somebody has chosen: those of the version that answers now, where they are no defaults. */
function chosen({ versions, caps }: Publishing): Record<string, string> {
  const current = versions.find((version) => version.is_current);
  const own = Object.entries(current?.caps ?? {}).filter(([name, value]) => value !== caps[name]);
  return Object.fromEntries(own.map(([name, value]) => [name, String(value)]));
}

interface FormProps extends Of {
  told: Publishing;
  done(answer: Ack): void;
  act: ReturnType<typeof useAct>[0];
  busy: boolean;
  /** What has come of publishing. */
  said: string;
  children: ReactNode;
}

/** What was typed; the rest is as the kernel tells it, which changes with the name. */
interface Typed {
  name?: string;
  note?: string;
  seeds?: Seeds;
  caps?: Record<string, string>;
}

/** What the flow is called and does: words of the flow itself, which callers read. */
function FlowWords() {
  const editor = useEditor();
  const { document } = useFlow(editor.session.sync);
  const say = (key: string) => (value: Json) => edit(editor, [{ op: "set_flow", fields: { [key]: value } }]);
  const words = (key: string) => {
    const told = field(document, key);
    return typeof told === "string" ? told : null;
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter ends a line here, and publishes nothing.
    <div className="pf-beside" onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}>
      <Line label="Title" value={words("title")} placeholder={titleFromName(document.name)} change={say("title")} />
      <Line
        label="What it does"
        hint="For callers, and for models that use it as a tool"
        value={words("description")}
        placeholder="One sentence"
        change={say("description")}
      />
    </div>
  );
}

function Form({ told, name, setName, act, busy, said, done, children }: FormProps) {
  const { view } = useEditor();
  const [typed, setTyped] = useState<Typed>({});
  const put = (more: Typed) => setTyped((before) => ({ ...before, ...more }));
  const current = told.versions.find((version) => version.is_current);
  const wanted = (typed.name ?? told.name).trim();
  const seeds = typed.seeds ?? current?.seeds ?? "drawn";
  const caps = { ...chosen(told), ...typed.caps };
  const next = (told.versions[0]?.number ?? 0) + 1;
  const publish = (event: FormEvent) => {
    event.preventDefault();
    const given = Object.entries(caps).filter(([, text]) => text.trim() !== "");
    const numbers: Caps = Object.fromEntries(given.map(([cap, text]) => [cap, Number(text)]));
    const note = typed.note?.trim() ?? "";
    act({ type: "publish", name: wanted, note, seeds, caps: numbers }, (answer) => {
      if (!answer.reasons) setTyped({});
      done(answer);
    });
  };
  return (
    <form className="pf-form" onSubmit={publish}>
      <div className="pf-beside">
        <Labeled label="Name" hint="How callers name it, in URLs: small letters, digits, - and _">
          <input
            value={typed.name ?? told.name}
            spellCheck={false}
            onChange={(event) => put({ name: event.target.value })}
            onBlur={() => setName(wanted)}
          />
        </Labeled>
        <Labeled label="Seeds" hint="What a seed is that no caller gives">
          <select value={seeds} onChange={(event) => put({ seeds: event.target.value as Seeds })}>
            {SEEDS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </Labeled>
      </div>
      <FlowWords />
      <Labeled label="Note">
        <input
          value={typed.note ?? ""}
          placeholder={`What is new in version ${next}`}
          onChange={(event) => put({ note: event.target.value })}
        />
      </Labeled>
      <fieldset>
        <legend>One request may ask for at most</legend>
        <div className="pf-beside">
          {CAPS.map(([cap, title, hint]) => (
            <Labeled key={cap} label={title} hint={hint}>
              <input
                inputMode="numeric"
                value={caps[cap] ?? ""}
                placeholder={told.caps[cap]?.toLocaleString("en").replaceAll(",", " ")}
                onChange={(event) => put({ caps: { ...typed.caps, [cap]: event.target.value.replace(/[^\d.]/g, "") } })}
              />
            </Labeled>
          ))}
        </div>
      </fieldset>
      {told.of && (
        <p className="pf-warns" role="alert">
          <AlertIcon /> {name || told.name} is the flow “{told.of}” now. Callers without a version would get this one.
        </p>
      )}
      {children}
      <footer>
        {said && (
          <output>
            {said}{" "}
            <button type="button" className="pf-link" onClick={() => view.publishTab.set("call")}>
              How to call it
            </button>
          </output>
        )}
        <button type="submit" className="pf-plain pf-main" aria-busy={busy} disabled={!wanted}>
          {busy ? "Publishing…" : "Publish"}
        </button>
      </footer>
    </form>
  );
}

function Version({ version, name, act }: { version: PublishedVersion; name: string; act: FormProps["act"] }) {
  const { id, number, note, published_at, is_current, is_published, changes, seeds } = version;
  return (
    <li data-gone={!is_published || undefined}>
      <div className="pf-version-head">
        <strong>{id}</strong>
        {is_current && <em data-tone="good">current</em>}
        {!is_published && <em>unpublished</em>}
        <time>{when(published_at)}</time>
      </div>
      {note && <p>{note}</p>}
      {seeds === "given" && <p className="pf-muted">Seeds are the flow's own.</p>}
      {changes && changes.length > 0 && <Differences of={changes} />}
      {is_published && (
        <div className="pf-version-acts">
          {!is_current && (
            <button
              type="button"
              className="pf-plain"
              aria-label={`Roll back to ${id}`}
              onClick={() => act({ type: "roll_back", name, number })}
            >
              Roll back to it
            </button>
          )}
          <Sure
            verb="Unpublish"
            what={id}
            asks="Who calls it is refused then."
            act={() => act({ type: "unpublish", name, number })}
          />
        </div>
      )}
    </li>
  );
}

export function PublishVersions({ name, setName }: Of) {
  const { session } = useEditor();
  const { rev } = useFlow(session.sync);
  const [said, setSaid] = useState("");
  const [turn, setTurn] = useState(0);
  const [refused, setRefused] = useState<{ rev: number; reasons: Problem[] } | null>(null);
  const asked = useAnswer({ type: "publishing", name }, `${rev} ${turn}`);
  const [act, busy] = useAct(() => setTurn((before) => before + 1));
  const told = asked !== null && typeof asked !== "string" ? asked.publishing : undefined;
  if (!told) return <Waiting asked={asked} />;
  const done = ({ reasons, published, did }: Ack) => {
    setRefused(reasons ? { rev, reasons } : null);
    setSaid("");
    if (!published) return;
    setName(published.replace(/-v\d+$/, ""));
    setSaid(did ? `${published} is published.` : `This is ${published} already: it answers.`);
  };
  const actOnVersion: FormProps["act"] = (request) => {
    setSaid("");
    act(request);
  };
  const reasons = refused?.rev === rev ? refused.reasons : told.reasons;
  return (
    <div className="pf-two">
      <Form {...{ told, name, setName, act, busy, said, done }}>
        <Reasons of={reasons} />
        <Changes told={told} />
      </Form>
      <section className="pf-kept" aria-label="Versions of the endpoint">
        <h4>Versions</h4>
        {told.versions.length === 0 && <p>None yet. What is published stays as it is, whatever becomes of the flow.</p>}
        <ul className="pf-version-list">
          {told.versions.map((version) => (
            <Version key={version.id} version={version} name={told.name} act={actOnVersion} />
          ))}
        </ul>
        {told.others.length > 0 && <p className="pf-muted">Others are published as {told.others.join(", ")}.</p>}
      </section>
    </div>
  );
}
