// Calling an endpoint: the server of this kernel, keys, and programs to copy.

import { type FormEvent, useState } from "react";
import type { ServedKey, Serving } from "../bridge/publishing";
import { Tabs } from "../controls/Tabs";
import { type Act, useAct, useAnswer } from "./asking";
import { Copy } from "./Copy";
import type { Of } from "./Publish";
import { Labeled, Once, Sure, scopeWords, Waiting, when } from "./publishParts";

const LANGUAGES: Record<string, string> = { curl: "curl", python: "Python", typescript: "TypeScript" };
const AGAIN_MS = 5_000;

function Link({ to, children }: { to: string; children: string }) {
  return (
    <a className="pf-plain" href={to} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}

function ServerLine({ serving, act, busy, tell }: { serving: Serving; act: Act; busy: boolean; tell: Tell }) {
  const { url, docs, play } = serving;
  return (
    <section className="pf-server" aria-label="Server" data-on={url !== undefined || undefined}>
      <span className="pf-server-dot" aria-hidden="true" />
      <span className="pf-server-words">{url ? <code>{url}</code> : "No server runs in this kernel."}</span>
      {docs && <Link to={docs}>Docs</Link>}
      {play && <Link to={play}>Playground</Link>}
      {url ? (
        <button type="button" className="pf-plain" aria-busy={busy} onClick={() => act({ type: "stop_serving" })}>
          Stop serving
        </button>
      ) : (
        <button
          type="button"
          className="pf-plain pf-main"
          aria-busy={busy}
          onClick={() => act({ type: "serve" }, ({ key }) => key && tell(key))}
        >
          {busy ? "Starting…" : "Serve"}
        </button>
      )}
    </section>
  );
}

type Tell = (key: string) => void;

function NewKey({ name, act, tell }: { name: string; act: Act; tell: Tell }) {
  const [title, setTitle] = useState("");
  const [scope, setScope] = useState("*");
  const make = (event: FormEvent) => {
    event.preventDefault();
    act({ type: "make_key", title, scope }, ({ key }) => {
      setTitle("");
      if (key) tell(key);
    });
  };
  return (
    <form className="pf-beside pf-add" onSubmit={make}>
      <Labeled label="New key for">
        <input value={title} placeholder="Phone app" onChange={(event) => setTitle(event.target.value)} />
      </Labeled>
      <Labeled label="It may">
        <select value={scope} onChange={(event) => setScope(event.target.value)}>
          <option value="*">call every endpoint</option>
          {name && <option value={name}>call {name}</option>}
          <option value="admin">manage endpoints and keys</option>
        </select>
      </Labeled>
      <button type="submit" className="pf-plain" disabled={!title.trim()}>
        Make key
      </button>
    </form>
  );
}

function Key({ of, act, tell }: { of: ServedKey; act: Act; tell: Tell }) {
  const { id, title, created_at, last_used_at } = of;
  return (
    <li>
      <span className="pf-key-words">
        <strong>{title}</strong> <code>pf_{id}_…</code>
        <small>
          {scopeWords(of)} · {last_used_at ? `used ${when(last_used_at)}` : `made ${when(created_at)}, not used yet`}
        </small>
      </span>
      <Sure
        verb="Rotate"
        what={title}
        asks="The old secret is refused at once."
        act={() => act({ type: "rotate_key", id }, ({ key }) => key && tell(key))}
      />
      <Sure verb="Revoke" what={title} asks="Who has it is refused." act={() => act({ type: "revoke_key", id })} />
    </li>
  );
}

function Snippets({ of }: { of: Record<string, string> }) {
  const [language, setLanguage] = useState("curl");
  const text = of[language] ?? "";
  return (
    <section aria-label="Programs that call it">
      <header>
        <Tabs
          label="Language"
          tabs={Object.keys(of).map((name) => [name, LANGUAGES[name] ?? name])}
          chosen={language}
          choose={setLanguage}
        />
        <Copy text={text} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long code is scrolled with the keyboard, too. */}
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}

/** What may be called by the name; said where nothing may. */
function About({ serving }: { serving: Serving }) {
  if (!serving.url) return <p>Start the server to see how the endpoint is called. The kernel stays free for cells.</p>;
  if (!serving.about) return <p>Nothing is published by this name yet: publish the flow first.</p>;
  return <Snippets of={serving.snippets ?? {}} />;
}

export function PublishCall({ name }: Of) {
  const [turn, setTurn] = useState(0);
  const [key, setKey] = useState("");
  const asked = useAnswer({ type: "serving", name }, turn, AGAIN_MS);
  const [act, busy] = useAct(() => setTurn((before) => before + 1));
  const serving = asked !== null && typeof asked !== "string" ? asked.serving : undefined;
  if (!serving) return <Waiting asked={asked} />;
  return (
    <>
      <ServerLine serving={serving} act={act} busy={busy} tell={setKey} />
      <Once what="key" text={key} done={() => setKey("")} />
      <div className="pf-two">
        <About serving={serving} />
        <section className="pf-kept" aria-label="Keys">
          <h4>Keys</h4>
          <ul className="pf-lined">
            {serving.keys.map((each) => (
              <Key key={each.id} of={each} act={act} tell={setKey} />
            ))}
          </ul>
          <NewKey name={serving.name} act={act} tell={setKey} />
        </section>
      </div>
    </>
  );
}
