// What is told of a prompt in numbers and words: below it and beside it.

import type { AdapterWords, PromptPlace, PromptReader, PromptReading } from "../bridge/prompts";
import { useAnswer } from "../editor/asking";
import { countOf } from "../nodes/values";
import { meterOf } from "./meter";
import { weightWords } from "./segments";
import { STEP } from "./weighing";

interface Props {
  place: PromptPlace;
  text: string;
  reading: PromptReading | null;
  tokens: boolean;
  setTokens(on: boolean): void;
  weigh(by: number): void;
  add(words: string): void;
}

const MOST_WEIGHTS = 12;

function Weights({ text, reading }: { text: string; reading: PromptReading }) {
  const weights = weightWords(reading.text, reading);
  if (weights.length === 0) return null;
  const more = weights.length - MOST_WEIGHTS;
  return (
    <ul className="pf-weights" aria-label="Weights" data-late={reading.text !== text || undefined}>
      {weights.slice(0, MOST_WEIGHTS).map(({ words, weight }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same words may stand there twice.
        <li key={place} data-weight={weight > 1 ? "more" : "less"}>
          <span>{words}</span> ×{weight.toFixed(2)}
        </li>
      ))}
      {more > 0 && <li>and {more} more</li>}
    </ul>
  );
}

function Chips({ place, text, add }: Pick<Props, "place" | "text" | "add">) {
  const answer = useAnswer({ type: "prompt_words", ...place });
  const words: AdapterWords[] = (answer && typeof answer !== "string" && answer.words) || [];
  if (words.length === 0) return null;
  return (
    <ul className="pf-wakes" aria-label="Trigger words of adapters">
      {words.map((adapter) => (
        <li key={adapter.source}>
          <span title={adapter.source}>{adapter.title}</span>
          {adapter.words.map((word) => (
            <button
              key={word}
              type="button"
              className="pf-chip"
              aria-label={`Put “${word}” into the prompt`}
              disabled={text.toLowerCase().includes(word.toLowerCase())}
              onClick={() => add(word)}
            >
              {word}
            </button>
          ))}
        </li>
      ))}
    </ul>
  );
}

function counts({ variants, variables }: PromptReading): string[] {
  const names = [...new Set(variables.map(({ name }) => name))];
  return [
    variants !== null && variants !== 1 ? `${variants.toLocaleString("en")} combinations` : "",
    names.length > 0 ? `${countOf(names.length, "variable")}: ${names.slice(0, 6).join(", ")}` : "",
  ].filter(Boolean);
}

export function Facts({ place, text, reading, tokens, setTokens, weigh, add }: Props) {
  return (
    <div className="pf-prompt-facts">
      <div className="pf-prompt-tools" role="toolbar" aria-label="Weights and tokens">
        <button
          type="button"
          className="pf-plain"
          title="Weigh the selected words less (Ctrl ↓)"
          aria-label="Weigh less"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => weigh(-STEP)}
        >
          −
        </button>
        <button
          type="button"
          className="pf-plain"
          title="Weigh the selected words more (Ctrl ↑)"
          aria-label="Weigh more"
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => weigh(STEP)}
        >
          +
        </button>
        <label className="pf-check">
          <input type="checkbox" checked={tokens} onChange={(event) => setTokens(event.target.checked)} />
          Show tokens
        </label>
        {reading && <span className="pf-prompt-counts">{counts(reading).join(" · ")}</span>}
      </div>
      {reading && <Weights text={text} reading={reading} />}
      <Chips place={place} text={text} add={add} />
      {reading?.notes.map((note) => (
        <p key={note} className="pf-muted">
          {note}
        </p>
      ))}
    </div>
  );
}

interface ReadersProps {
  text: string;
  reading: PromptReading | null;
  /** Whose tokens and cut are shown. */
  reader: PromptReader | null;
  choose(name: string): void;
}

function Readers({ reading, reader, choose }: ReadersProps) {
  if (!reading) return <p className="pf-muted">Asking the kernel…</p>;
  const { readers, models } = reading;
  if (readers.length === 0)
    return (
      <p className="pf-muted">
        {models.length > 0
          ? `${models.join(", ")} cannot be asked: its tokenizer is not on this machine.`
          : "No model reads this prompt. Connect it to a node that has one."}
      </p>
    );
  return (
    <table className="pf-readers">
      <thead>
        <tr>
          <th scope="col">Encoder</th>
          <th scope="col">Tokens</th>
          <th scope="col">Reads</th>
        </tr>
      </thead>
      <tbody>
        {readers.map((each) => {
          const { count, words, tone, fraction } = meterOf(reading.text, each);
          const key = `${each.model} ${each.name}`;
          return (
            <tr key={key} data-tone={tone}>
              <th scope="row">
                <button
                  type="button"
                  className="pf-link"
                  aria-pressed={each === reader}
                  title="Show its tokens and its cut in the text"
                  onClick={() => choose(key)}
                >
                  {each.title}
                </button>
                {models.length > 1 && <small>{each.model}</small>}
              </th>
              <td>
                <span className="pf-reader-count">{count}</span>
                {fraction !== null && (
                  <span className="pf-meter-bar" aria-hidden="true">
                    <span style={{ width: `${100 * Math.min(1, fraction)}%` }} />
                  </span>
                )}
              </td>
              <td>{words || "everything"}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

Facts.Readers = Readers;
