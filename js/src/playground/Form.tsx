// What goes in, and the button that starts it.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useStored } from "../editor/store";
import { isOver } from "./backend";
import { usePlay } from "./context";
import { estimate, formatSeconds } from "./cost";
import { FieldRow } from "./FieldRow";
import { type FormField, shownValue } from "./fields";
import { Icon } from "./icons";

const MOST_AT_ONCE = 8;

function isSize(field: FormField | undefined, name: string): boolean {
  return field?.name === name && field.item === "int" && !field.many;
}

/** Width and height stand side by side, and can be exchanged. */
function Size({ width, height }: { width: FormField; height: FormField }) {
  const play = usePlay();
  const swap = () => {
    const values = play.values.get();
    const [wide, high] = [shownValue(width, values), shownValue(height, values)];
    play.set(width.name, high);
    play.set(height.name, wide);
  };
  return (
    <div className="pp-size">
      <FieldRow field={width} />
      <button type="button" className="pp-icon" aria-label="Exchange width and height" title="Exchange" onClick={swap}>
        <Icon name="swap" />
      </button>
      <FieldRow field={height} />
    </div>
  );
}

function Rows({ fields }: { fields: readonly FormField[] }) {
  const rows: React.ReactNode[] = [];
  for (let place = 0; place < fields.length; place++) {
    const [field, next] = [fields[place], fields[place + 1]];
    if (!field) continue;
    if (isSize(field, "width") && next && isSize(next, "height")) {
      rows.push(<Size key={field.name} width={field} height={next} />);
      place++;
    } else rows.push(<FieldRow key={field.name} field={field} />);
  }
  return rows;
}

function Advanced({ fields }: { fields: readonly FormField[] }) {
  const play = usePlay();
  const values = useStored(play.values);
  const faults = useStored(play.faults);
  const changed = fields.filter(({ name }) => values[name] !== undefined).length;
  const isFaulty = fields.some(({ name }) => faults[name] !== undefined);
  if (fields.length === 0) return null;
  return (
    <details className="pp-advanced" open={isFaulty || undefined}>
      <summary>Advanced {changed > 0 && <span className="pp-count">{changed} changed</span>}</summary>
      <Rows fields={fields} />
    </details>
  );
}

const PAUSE_MS = 250;

/** Seconds that what the form says will take, as far as anybody knows. */
function useSeconds(): number | null {
  const play = usePlay();
  const jobs = useStored(play.jobs);
  useStored(play.values);
  const values = play.request();
  const written = JSON.stringify([values, jobs.filter(isOver).length]);
  const [told, setTold] = useState(play.about.estimate);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when the form says something else.
  useEffect(() => {
    let gone = false;
    const ask = () =>
      play.backend.estimate?.(values).then(
        (seconds) => gone || setTold(seconds),
        () => null,
      );
    const timer = setTimeout(ask, PAUSE_MS);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [play, written]);
  return play.backend.estimate ? told : estimate(play.fields, values, jobs, told);
}

/** Seconds before they are spent. */
function Cost() {
  const play = usePlay();
  const count = useStored(play.count);
  const seconds = useSeconds();
  const isFirst = useStored(play.jobs).length === 0;
  if (seconds === null)
    return <span className="pp-cost">{isFirst ? "First run: no estimate yet" : "No estimate yet"}</span>;
  return (
    <span className="pp-cost" title="By the last generations that were alike in what affects the cost">
      <Icon name="clock" /> {seconds < 0.1 ? "a moment" : `about ${formatSeconds(seconds)}`}
      {count > 1 && ` each, ${formatSeconds(seconds * count)} in all`}
    </span>
  );
}

function Count() {
  const play = usePlay();
  const count = useStored(play.count);
  const step = (by: number) => play.count.set(Math.min(Math.max(count + by, 1), MOST_AT_ONCE));
  return (
    <span className="pp-stepper" title={`How many at once, each with a seed of its own (1 to ${MOST_AT_ONCE})`}>
      <button type="button" aria-label="One less" disabled={count === 1} onClick={() => step(-1)}>
        −
      </button>
      <output aria-label="How many at once">{count}</output>
      <button type="button" aria-label="One more" disabled={count === MOST_AT_ONCE} onClick={() => step(1)}>
        +
      </button>
    </span>
  );
}

function Go() {
  const play = usePlay();
  const starting = useStored(play.starting);
  const isThere = useStored(play.isThere);
  const changed = Object.keys(useStored(play.values)).length > 0;
  const stopped = play.about.problems.length > 0;
  return (
    <div className="pp-go">
      <div className="pp-go-line">
        <Cost />
        {changed && (
          <button type="button" className="pp-link" onClick={() => play.reset()}>
            Reset
          </button>
        )}
      </div>
      <div className="pp-go-line">
        {play.seed && <Count />}
        <button type="submit" className="pp-main-button" disabled={starting || stopped || !isThere} title="Ctrl+Enter">
          {starting ? "Starting …" : "Generate"}
        </button>
      </div>
    </div>
  );
}

export function Form() {
  const play = usePlay();
  const form = useRef<HTMLFormElement>(null);
  const start = () => {
    // What cannot be read is never sent, nor the value that stood there before.
    const wrong = form.current?.querySelector<HTMLElement>(':is(input, textarea)[aria-invalid="true"]');
    if (wrong) wrong.focus();
    else void play.generate();
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    const isStart = event.ctrlKey || event.metaKey;
    // Enter in a field ends typing there, and starts nothing.
    if (isStart || event.target instanceof HTMLInputElement) event.preventDefault();
    if (isStart) start();
  };
  return (
    <form
      ref={form}
      className="pp-form"
      aria-label="Inputs"
      noValidate
      onKeyDown={keys}
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <div className="pp-fields">
        <Rows fields={play.fields.filter((field) => !field.advanced)} />
        <Advanced fields={play.fields.filter((field) => field.advanced)} />
        {play.fields.length === 0 && <p className="pp-help">This flow takes nothing: it is started as it is.</p>}
      </div>
      <Go />
    </form>
  );
}
