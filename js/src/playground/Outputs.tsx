// What a generation gave, each medium in its own way.

import { Fragment, useState } from "react";
import { copyText } from "../controls/copy";
import { isObject, type Json } from "../flow/document";
import { Sound } from "../media/Sound";
import type { Job, Medium } from "./backend";
import { usePlay } from "./context";
import { DRAGGED } from "./FieldRow";
import { fileName, save, saveText } from "./files";
import { Icon } from "./icons";
import { usePeaks } from "./peaks";
import { formatTable, isTable, type Table } from "./tables";
import { useUrl } from "./useUrl";

/** Smaller pictures are shown dot by dot, not as a blur. */
const SMALL = 160;

export function isMedium(value: unknown): value is Medium {
  const { id, type } = (value ?? {}) as Partial<Medium>;
  return typeof id === "string" && typeof type === "string";
}

export const isPicture = (medium: Medium): boolean => medium.type.startsWith("image/");

interface ShownProps {
  medium: Medium;
  title: string;
  /** What a file of it is called. */
  stem: string;
}

export function Picture({ medium, title }: Omit<ShownProps, "stem">) {
  const play = usePlay();
  const url = useUrl(medium.id);
  const { width, height } = medium;
  if (url === "") return <p className="pp-gone">This file is not kept any more.</p>;
  return (
    <button
      type="button"
      className="pp-picture"
      aria-label={`Look at ${title}`}
      style={{ aspectRatio: width && height ? `${width} / ${height}` : undefined }}
      onClick={() => play.large.set({ medium, title })}
    >
      {url && (
        <img
          src={url}
          alt={title}
          data-small={(width ?? SMALL) < SMALL || undefined}
          draggable
          onDragStart={(event) => event.dataTransfer.setData(DRAGGED, JSON.stringify(medium))}
        />
      )}
    </button>
  );
}

function Player({ medium, title }: Omit<ShownProps, "stem">) {
  const url = useUrl(medium.id);
  const peaks = usePeaks(medium.id);
  if (url === "") return <p className="pp-gone">This file is not kept any more.</p>;
  if (url === null) return <span className="pp-loading" />;
  const result = { mime: medium.type, url, peaks, seconds: medium.seconds ?? null };
  const rest = {
    preview: false,
    text: null,
    size: null,
    count: 1,
    took: null,
    cached: false,
    poster: null,
    live: null,
  };
  return <Sound result={{ ...result, ...rest }} title={title} />;
}

function Film({ medium, title }: Omit<ShownProps, "stem">) {
  const url = useUrl(medium.id);
  const [silent, setSilent] = useState(false);
  if (url === "") return <p className="pp-gone">This file is not kept any more.</p>;
  if (silent) return <p className="pp-gone">This browser cannot play {medium.type}. Save it, and play it elsewhere.</p>;
  return (
    <video
      className="pp-film"
      {...{ controls: true, loop: true, muted: true, playsInline: true }}
      style={{ aspectRatio: medium.width && medium.height ? `${medium.width} / ${medium.height}` : undefined }}
      src={url ?? undefined}
      aria-label={title}
      onError={() => url && setSilent(true)}
    />
  );
}

function kindOfFile({ type }: Medium): string {
  return type.split("/")[0] ?? "";
}

/** Makes a result the value of an input that takes it. */
function UseAs({ medium }: { medium: Medium }) {
  const play = usePlay();
  const kind = kindOfFile(medium);
  const into = play.fields.filter(({ item }) => item === kind || (kind === "image" && item === "mask"));
  const [only] = into;
  if (!only) return null;
  if (into.length === 1) {
    return (
      <button type="button" className="pp-quiet" onClick={() => void play.use(medium, only.name)}>
        <Icon name="into" /> Use as {only.title.toLowerCase()}
      </button>
    );
  }
  return (
    <span className="pp-quiet pp-pick">
      <Icon name="into" /> Use as …
      <select aria-label="Use as" value="" onChange={(event) => void play.use(medium, event.target.value)}>
        <option value="">Use as …</option>
        {into.map((field) => (
          <option key={field.name} value={field.name}>
            {field.title}
          </option>
        ))}
      </select>
    </span>
  );
}

function Tools({ medium, stem }: { medium: Medium; stem: string }) {
  const play = usePlay();
  const keep = () => play.medium(medium.id).then(({ url }) => save(fileName(stem, medium.type), url));
  return (
    <span className="pp-tools">
      {medium.width && medium.height ? (
        <span className="pp-fact">
          {medium.width} × {medium.height}
        </span>
      ) : null}
      <UseAs medium={medium} />
      <button type="button" className="pp-quiet" onClick={() => void keep()}>
        <Icon name="save" /> Save
      </button>
    </span>
  );
}

function File(props: ShownProps) {
  const kind = kindOfFile(props.medium);
  const View = kind === "audio" ? Player : kind === "video" ? Film : Picture;
  return (
    <div className="pp-medium" data-kind={kind}>
      <View {...props} />
      <Tools {...props} />
    </div>
  );
}

export function Copy({ text, name = "Copy" }: { text: string; name?: string }) {
  const [done, setDone] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setDone(true);
    setTimeout(() => setDone(false), 1500);
  };
  return (
    <button type="button" className="pp-quiet" onClick={() => void copy()}>
      <Icon name={done ? "check" : "copy"} /> {done ? "Copied" : name}
    </button>
  );
}

function Words({ text }: { text: string }) {
  return (
    <div className="pp-words">
      <p>{text === "" ? <em>an empty text</em> : text}</p>
      {text.length > 24 && (
        <span className="pp-tools">
          <Copy text={text} />
        </span>
      )}
    </div>
  );
}

const MOST_ROWS = 200;

function Cells({ table, stem }: { table: Table; stem: string }) {
  const rows = table.rows.slice(0, MOST_ROWS);
  return (
    <div className="pp-table">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard. */}
      <div className="pp-scroll" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {table.columns.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((cells, row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row of a table is its place.
              <tr key={row}>
                {cells.map((cell, column) => (
                  <td key={table.columns[column]} data-number={typeof cell === "number" || undefined}>
                    {cell === null ? "" : String(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <span className="pp-tools">
        <span className="pp-fact">
          {table.columns.length} × {table.rows.length}
          {table.rows.length > MOST_ROWS && `, the first ${MOST_ROWS} are shown`}
        </span>
        <button
          type="button"
          className="pp-quiet"
          onClick={() => saveText(`${stem}.csv`, formatTable(table), "text/csv")}
        >
          <Icon name="save" /> Save
        </button>
      </span>
    </div>
  );
}

function Plain({ value }: { value: Json }) {
  if (value === null) return <p className="pp-gone">Nothing was given here.</p>;
  if (typeof value === "boolean") return <p className="pp-number">{value ? "yes" : "no"}</p>;
  if (typeof value === "number") return <p className="pp-number">{value}</p>;
  return <pre className="pp-code">{JSON.stringify(value, null, 2)}</pre>;
}

export function Value({ value, title, stem }: { value: Json; title: string; stem: string }) {
  if (isMedium(value)) return <File medium={value} title={title} stem={stem} />;
  if (isTable(value)) return <Cells table={value} stem={stem} />;
  if (typeof value === "string") return <Words text={value} />;
  if (!Array.isArray(value)) return <Plain value={value} />;
  if (value.every((item) => typeof item !== "object")) {
    return (
      <ol className="pp-list">
        {value.map((item, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an item of a list is its place.
          <li key={place}>{String(item)}</li>
        ))}
      </ol>
    );
  }
  return (
    <div className="pp-items">
      {value.map((item, place) => {
        const named = { title: `${title}, ${place + 1}`, stem: `${stem}-${place + 1}` };
        // biome-ignore lint/suspicious/noArrayIndexKey: an item of a list is its place.
        return <Value key={place} value={item} {...named} />;
      })}
    </div>
  );
}

/** The name of a file of a generation: what was played, and the seed or else the job. */
function stemOf(name: string, job: Job): string {
  const [seed] = Object.values(job.seeds ?? {}).filter((each) => each !== null);
  return `${name}-${seed === undefined ? job.id.slice(-6) : String(seed)}`;
}

export function Outputs({ job }: { job: Job }) {
  const { about } = usePlay();
  const outputs = Object.entries(job.outputs ?? {});
  const titleOf = (name: string) => about.result.properties?.[name]?.title ?? name;
  const stem = stemOf(about.name, job);
  return (
    <div className="pp-outputs" data-several={outputs.length > 1 || undefined}>
      {outputs.map(([name, value]) => (
        <Fragment key={name}>
          <section aria-label={titleOf(name)}>
            {outputs.length > 1 && <h4>{titleOf(name)}</h4>}
            <Value value={value} title={titleOf(name)} stem={outputs.length > 1 ? `${stem}-${name}` : stem} />
          </section>
        </Fragment>
      ))}
    </div>
  );
}

/** The first thing in a generation's results that can be seen. */
export function firstPicture(job: Job): Medium | null {
  const seen = (value: Json): Medium | null => {
    if (Array.isArray(value)) return value.map(seen).find((each) => each !== null) ?? null;
    return isObject(value) && isMedium(value) && isPicture(value) ? value : null;
  };
  return (
    Object.values(job.outputs ?? {})
      .map(seen)
      .find((each) => each !== null) ?? null
  );
}
