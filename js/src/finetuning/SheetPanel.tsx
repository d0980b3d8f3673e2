// A dataset in a notebook: its pictures with their captions, which are edited here, and what is wrong with it.

import { useEffect, useMemo, useRef, useState } from "react";
import { useStored } from "../editor/store";
import { Icon } from "../playground/icons";
import { type Dataset, GAP, replaced, rowsOf, type Sheet, shownOf } from "./dataset";
import { Alert, Frame, Problems } from "./Frame";
import type { Problem } from "./kernel";
import { PictureCard } from "./PictureCard";

const HIGHEST = 640;
/** What can be shown of any dataset; the rest are problems. */
const STANDING = ["", "used", "left out"];

const counted = (count: number, noun: string) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

function Head({ sheet }: { sheet: Sheet }) {
  const used = [...sheet.pictures.values()].filter((picture) => picture.used).length;
  const total = sheet.names.length;
  const words =
    used === total ? counted(total, "picture") : `${used.toLocaleString("en")} of ${counted(total, "picture")} used`;
  return (
    <header className="pt-head">
      <h1>{sheet.name}</h1>
      <span className="pt-about">
        {words}
        {sheet.trigger && (
          <>
            {" · trigger word "}
            <b>{sheet.trigger}</b>
          </>
        )}
      </span>
    </header>
  );
}

interface ToolsProps {
  dataset: Dataset;
  sheet: Sheet;
  shown: readonly string[];
  find: string;
  setFind(text: string): void;
  show: string;
  setShow(show: string): void;
  problems: readonly Problem[];
}

/** Finds captions and replaces words in them; the last replacing can be taken back. */
function Tools({ dataset, sheet, shown, find, setFind, show, setShow, problems }: ToolsProps) {
  const [by, setBy] = useState("");
  const [before, setBefore] = useState<Record<string, string> | null>(null);
  const captions = useMemo(() => replaced(sheet, shown, find, by), [sheet, shown, find, by]);
  const count = Object.keys(captions).length;
  const replace = () => {
    setBefore(Object.fromEntries(Object.keys(captions).map((name) => [name, sheet.pictures.get(name)?.caption ?? ""])));
    void dataset.edit({ captions });
  };
  const takeBack = () => {
    if (before) void dataset.edit({ captions: before });
    setBefore(null);
  };
  // What was chosen stays, also when its last picture was mended.
  const told = problems.filter(({ pictures }) => pictures.length > 0).map(({ code }) => code);
  const codes = [...new Set([...told, show])].filter((code) => !STANDING.includes(code));
  return (
    <div className="pt-tools">
      <label>
        Show
        <select value={show} onChange={(event) => setShow(event.target.value)}>
          <option value="">all</option>
          <option value="used">used</option>
          <option value="left out">left out</option>
          {codes.map((code) => (
            <option key={code} value={code}>
              {titleOf(code)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Find in captions
        <input type="search" value={find} onChange={(event) => setFind(event.target.value)} />
      </label>
      <label>
        Replace with
        <input type="text" value={by} disabled={!find} onChange={(event) => setBy(event.target.value)} />
      </label>
      <button type="button" className="pt-button" disabled={count === 0} onClick={replace}>
        {find ? `Replace in ${counted(count, "caption")}` : "Replace"}
      </button>
      {before && (
        <button type="button" className="pt-quiet" onClick={takeBack}>
          <Icon name="back" /> Take back
        </button>
      )}
    </div>
  );
}

const titleOf = (code: string) => code.replaceAll(/[-_]/g, " ");

/** The names of problems of each picture, with their sentences. */
function problemsByName(problems: readonly Problem[]): ReadonlyMap<string, Problem[]> {
  const found = new Map<string, Problem[]>();
  for (const problem of problems)
    for (const name of problem.pictures) found.set(name, [...(found.get(name) ?? []), problem]);
  return found;
}

interface GridProps {
  dataset: Dataset;
  sheet: Sheet;
  shown: readonly string[];
  problems: readonly Problem[];
}

/** Cards of one height; only those in sight are in the page, so that thousands are as quick as eight. */
function Grid({ dataset, sheet, shown, problems }: GridProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [top, setTop] = useState(0);
  const known = useStored(dataset.thumbnails.known);
  const wrong = useMemo(() => problemsByName(problems), [problems]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { columns, height, from, to } = rowsOf(shown.length, width, top, HIGHEST);
  const seen = useMemo(() => (width > 0 ? shown.slice(from, to) : []), [shown, from, to, width]);
  useEffect(() => dataset.thumbnails.want(seen), [dataset, seen]);
  const wide = (width - (columns - 1) * GAP) / columns;
  return (
    <div
      ref={frame}
      className="pt-sheet"
      style={{ maxHeight: HIGHEST }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <ul style={{ height }}>
        {seen.map((name, place) => {
          const at = from + place;
          const picture = sheet.pictures.get(name);
          return (
            picture && (
              <PictureCard
                key={name}
                dataset={dataset}
                picture={picture}
                thumbnail={known.get(name)}
                problems={wrong.get(name)}
                left={(at % columns) * (wide + GAP)}
                row={Math.floor(at / columns)}
                width={wide}
              />
            )
          );
        })}
      </ul>
    </div>
  );
}

const NONE: readonly Problem[] = [];

export function SheetPanel({ dataset }: { dataset: Dataset }) {
  const sheet = useStored(dataset.sheet);
  const found = useStored(dataset.problems);
  const words = useStored(dataset.words);
  const [find, setFind] = useState("");
  const [show, setShow] = useState("");
  const problems = found ?? NONE;
  // What is shown stays while it is edited: a card must not go while its caption is being written.
  const names = sheet?.names;
  // biome-ignore lint/correctness/useExhaustiveDependencies: captions and problems as they were when the filter was set.
  const shown = useMemo(() => (sheet ? shownOf(sheet, problems, { find, show }) : []), [names, find, show]);
  if (!sheet) {
    return (
      <Frame label="Dataset">
        {words ? <Alert words={words} /> : <p className="pt-asking">Asking the kernel …</p>}
      </Frame>
    );
  }
  return (
    <Frame label={`Dataset ${sheet.name}`}>
      <Head sheet={sheet} />
      <Alert words={words} />
      {found === null && <p className="pt-asking">Looking at the pictures …</p>}
      <Problems problems={problems} chosen={show} choose={setShow} />
      <Tools {...{ dataset, sheet, shown, find, setFind, show, setShow, problems }} />
      {shown.length === 0 ? (
        <p className="pt-asking">No picture is like this.</p>
      ) : (
        <Grid dataset={dataset} sheet={sheet} shown={shown} problems={problems} />
      )}
    </Frame>
  );
}
