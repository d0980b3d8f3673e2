// The playground as a page of a server: it asks for the key, and keeps it in this tab.

import { type FormEvent, useEffect, useState } from "react";
import { Unreachable, type Values } from "./backend";
import { HttpBackend } from "./httpBackend";
import { Icon } from "./icons";
import { Frame, Playground } from "./Playground";
import { type Keep, Play, wordsOf } from "./play";

/** As the page /docs keeps it. */
const KEY = "pixelflow-key";
const RETRY_MS = 3_000;

/** The key of this tab; one in the address is taken, and taken out of the address. */
export function keyOfTab(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("key");
  if (given !== null) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY) ?? "";
}

function keepFor(name: string): Keep {
  const place = `pixelflow-play:${name}`;
  return {
    read() {
      try {
        return JSON.parse(sessionStorage.getItem(place) ?? "null") as Values | null;
      } catch {
        return null;
      }
    },
    write: (values) => sessionStorage.setItem(place, JSON.stringify(values)),
  };
}

interface DoorProps {
  name: string;
  words: string;
  busy: boolean;
  enter(key: string): void;
}

/** Where the key is asked for, and where it is said why it opens nothing. */
function Door({ name, words, busy, enter }: DoorProps) {
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) enter(key.trim());
  };
  return (
    <Frame>
      <form className="pp-door" onSubmit={submit}>
        <Icon name="key" />
        <h1>{name}</h1>
        <p className="pp-help">
          This flow is called with a key. It stays in this tab. Who runs the server makes one:{" "}
          <code>pixelflow keys make</code>
        </p>
        <label htmlFor="pp-key">Key</label>
        <input
          id="pp-key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder="pf_…"
          value={key}
          aria-invalid={words !== ""}
          onChange={(event) => setKey(event.target.value)}
        />
        {words && (
          <p className="pp-fault" role="alert">
            <Icon name="alert" /> {words}
          </p>
        )}
        <button type="submit" className="pp-main-button" disabled={busy || key.trim() === ""}>
          {busy ? "Asking …" : "Open"}
        </button>
      </form>
    </Frame>
  );
}

type State = { play: Play } | { words: string } | "asking" | "waiting";

/** The playground behind a key; where nobody answers, it is tried again. */
function usePlayOf(name: string, key: string): State {
  const [state, setState] = useState<State>("asking");
  useEffect(() => {
    if (key === "") return setState({ words: "" });
    setState("asking");
    const backend = new HttpBackend(name, key);
    let timer: ReturnType<typeof setTimeout>;
    let play: Play | null = null;
    let gone = false;
    const open = async () => {
      try {
        play = new Play(backend, await backend.about(), keepFor(name));
        await play.readHistory();
        if (!gone) setState({ play });
      } catch (error) {
        if (gone) return;
        setState(error instanceof Unreachable ? "waiting" : { words: wordsOf(error) });
        if (error instanceof Unreachable) timer = setTimeout(open, RETRY_MS);
      }
    };
    void open();
    return () => {
      gone = true;
      clearTimeout(timer);
      play?.close();
      backend.close();
    };
  }, [name, key]);
  return state;
}

export function Page({ name, given }: { name: string; given: string }) {
  const [key, setKey] = useState(given);
  const state = usePlayOf(name, key);
  const enter = (typed: string) => {
    sessionStorage.setItem(KEY, typed);
    setKey(typed);
  };
  const leave = () => {
    sessionStorage.removeItem(KEY);
    setKey("");
  };
  useEffect(() => {
    document.title = typeof state === "object" && "play" in state ? `${state.play.about.title} · playground` : name;
  }, [state, name]);
  if (state === "waiting") {
    return (
      <Frame>
        <p className="pp-notice" data-tone="alert" role="alert">
          <Icon name="alert" /> The server does not answer. It is tried again every few seconds.
        </p>
      </Frame>
    );
  }
  if (state === "asking" || "words" in state) {
    const words = state === "asking" ? "" : state.words;
    return <Door {...{ name, words, enter }} busy={state === "asking"} />;
  }
  const tools = (
    <>
      <a className="pp-quiet" href="/docs">
        <Icon name="book" /> API
      </a>
      <button type="button" className="pp-quiet" title="Forget the key, and ask for another" onClick={leave}>
        <Icon name="key" /> Key
      </button>
    </>
  );
  return <Playground key={key} play={state.play} tools={tools} />;
}
