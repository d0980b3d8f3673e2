// What lies behind the form: the request and its answer as JSON, and programs that do the same.

import { useEffect, useState } from "react";
import { Tabs } from "../controls/Tabs";
import { useStored } from "../editor/store";
import { type Job, Refused } from "./backend";
import { usePlay } from "./context";
import { Copy } from "./Outputs";
import { wordsOf } from "./play";

const PAUSE_MS = 300;

function Block({ title, text }: { title: string; text: string }) {
  return (
    <section className="pp-block">
      <header>
        <h3>{title}</h3>
        <Copy text={text} />
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <pre className="pp-code" tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}

export function Raw({ jobs }: { jobs: readonly Job[] }) {
  const play = usePlay();
  useStored(play.values);
  const [job] = jobs;
  return (
    <div className="pp-panel">
      <Block title="Request, as the form says it" text={JSON.stringify(play.request(), null, 2)} />
      {job && <Block title={`Answer ${job.id}`} text={JSON.stringify(jobs.length > 1 ? jobs : job, null, 2)} />}
    </div>
  );
}

function useCode(): { code: Record<string, string>; words: string } {
  const play = usePlay();
  const written = JSON.stringify([useStored(play.values), play.request()]);
  const [told, setTold] = useState({ code: {} as Record<string, string>, words: "" });
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when the form says something else.
  useEffect(() => {
    let gone = false;
    const ask = () =>
      play.backend.code(play.request()).then(
        (code) => gone || setTold({ code, words: "" }),
        (error: unknown) => {
          const at = error instanceof Refused ? error.faults[0]?.at.slice(1) : "";
          if (!gone) setTold((before) => ({ ...before, words: `${at ? `${at}: ` : ""}${wordsOf(error)}` }));
        },
      );
    const timer = setTimeout(ask, PAUSE_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [play, written]);
  return told;
}

export function Code() {
  const { code, words } = useCode();
  const names = Object.keys(code);
  const [chosen, setChosen] = useState("");
  const shown = names.includes(chosen) ? chosen : (names[0] ?? "");
  return (
    <div className="pp-panel">
      {words && (
        <p className="pp-fault" role="alert">
          {words}
        </p>
      )}
      {names.length > 0 && (
        <Tabs
          className="pp-segments"
          label="Language"
          tabs={names.map((name) => [name, name])}
          chosen={shown}
          choose={setChosen}
        />
      )}
      {shown && <Block title={`The same in ${shown}`} text={code[shown] ?? ""} />}
    </div>
  );
}
