// What was written into a prompt and ran, with what came of it; two of them, or one and the present one, compared by words.

import { useState } from "react";
import type { PastPrompt, PromptPlace } from "../bridge/prompts";
import { useRuns } from "../bridge/runs";
import { useAnswer } from "../editor/asking";
import { timeWords } from "../editor/Versions";
import { useEditor } from "../editor/view";

interface Props {
  place: PromptPlace;
  text: string;
  put(text: string): void;
}

const whenWords = (when: number) => timeWords(new Date(when * 1000).toISOString());

function Difference({ old, now }: { old: string; now: string }) {
  const answer = useAnswer({ type: "prompt_difference", old, new: now });
  if (!answer || typeof answer === "string") return <p className="pf-muted">{answer ?? "Comparing…"}</p>;
  return (
    <p className="pf-word-difference">
      {(answer.parts ?? []).map(({ kind, text }, place) => {
        const Element = kind === "added" ? "ins" : kind === "removed" ? "del" : "span";
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change places.
        return <Element key={place}>{text}</Element>;
      })}
    </p>
  );
}

interface EntryProps {
  row: PastPrompt;
  isChosen: boolean;
  compare(): void;
  put(text: string): void;
}

function Entry({ row, isChosen, compare, put }: EntryProps) {
  const time = whenWords(row.when);
  return (
    <li aria-current={isChosen || undefined}>
      {row.thumbnail ? <img src={row.thumbnail} alt={`What came of it, ${time}`} /> : <span className="pf-past-none" />}
      <span className="pf-past-words">
        <span title={row.text}>{row.text || "(empty)"}</span>
        <small>{time}</small>
      </span>
      <span className="pf-past-acts">
        <button
          type="button"
          className="pf-plain"
          aria-pressed={isChosen}
          aria-label={`Compare the prompt of ${time}`}
          onClick={compare}
        >
          Compare
        </button>
        <button
          type="button"
          className="pf-plain"
          aria-label={`Use the prompt of ${time}`}
          onClick={() => put(row.text)}
        >
          Use
        </button>
      </span>
    </li>
  );
}

export function History({ place, text, put }: Props) {
  const { session } = useEditor();
  const { run, status } = useRuns(session.runs);
  const answer = useAnswer({ type: "prompt_history", ...place }, `${run} ${status}`);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (!answer || typeof answer === "string") return <p className="pf-muted">{answer ?? "Asking the kernel…"}</p>;
  const { prompts = [] } = answer;
  if (prompts.length === 0) return <p className="pf-muted">Nothing that was written here has run yet.</p>;
  const rows = prompts.map((row, at) => ({ row, key: `${row.run} ${at}` }));
  const compared = rows.filter(({ key }) => chosen.includes(key)).map(({ row }) => row);
  const compare = (key: string) => {
    // The last two.
    setChosen((before) => (before.includes(key) ? before.filter((each) => each !== key) : [...before, key].slice(-2)));
  };
  const [newer, older] = compared;
  return (
    <>
      {newer && (
        <section className="pf-compared" aria-label="What is otherwise">
          <h4>{older ? `${whenWords(older.when)} → ${whenWords(newer.when)}` : `${whenWords(newer.when)} → now`}</h4>
          <Difference old={(older ?? newer).text} now={older ? newer.text : text} />
        </section>
      )}
      <ul className="pf-past">
        {rows.map(({ row, key }) => (
          <Entry key={key} row={row} put={put} isChosen={chosen.includes(key)} compare={() => compare(key)} />
        ))}
      </ul>
    </>
  );
}
