import { memo, useEffect, useRef } from "react";
import type { Thumbnail } from "../finetuning/dataset";
import type { Comparison } from "./comparison";
import { type Axis, type Cell, shortNumber, starOfKey, tookWords, valuesOf, wordsOfCell } from "./grid";
import { Stars } from "./Stars";

const SMALL = 128;

function Shown({ cell, thumbnail, words }: { cell: Cell; thumbnail: Thumbnail | undefined; words: string }) {
  const { status, error, text, size } = cell;
  if (status === "failed")
    return (
      <span className="pc-error" title={error}>
        {error}
      </span>
    );
  if (size && thumbnail?.url)
    return (
      <img src={thumbnail.url} alt={words} draggable={false} data-small={Math.max(...size) <= SMALL || undefined} />
    );
  if (status === "done" && !size) return <span className="pc-text">{text}</span>;
  if (status === "running") return <i className="pc-running" role="img" aria-label="is being made" />;
  return null;
}

interface Props {
  comparison: Comparison;
  axes: readonly Axis[];
  cell: Cell;
  thumbnail: Thumbnail | undefined;
  /** Of a picture, width by height. */
  shape: number;
  /** Its place among the best; 0 where it stands in a grid. */
  rank: number;
  /** Says what it was made with. */
  isNamed: boolean;
  enlarge(number: number): void;
}

export const CellCard = memo(function CellCard(props: Props) {
  const { comparison, axes, cell, thumbnail, shape, rank, isNamed, enlarge } = props;
  const { number, status, stars, scores, seconds, size } = cell;
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new IntersectionObserver(
      (entries) => comparison.see(number, entries.at(-1)?.isIntersecting === true),
      { rootMargin: "300px" },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      comparison.see(number, false);
    };
  }, [comparison, number]);
  const words = wordsOfCell(axes, cell);
  const rate = (stars: number) => void comparison.rate(number, stars);
  const keys = (event: React.KeyboardEvent) => {
    const meant = status === "done" ? starOfKey(event.key, stars) : null;
    if (meant !== null) rate(meant);
  };
  const took = seconds === null ? "" : tookWords(seconds);
  return (
    <figure ref={frame} className="pc-cell" data-status={status} aria-label={words}>
      <button
        type="button"
        className="pc-picture"
        style={{ aspectRatio: shape }}
        disabled={status !== "done"}
        aria-label={`Enlarge ${words}`}
        title={status === "done" ? `${words}${took && ` · ${took}`}` : undefined}
        onClick={() => enlarge(number)}
        onKeyDown={keys}
      >
        <Shown cell={cell} thumbnail={size ? thumbnail : undefined} words={words} />
        {rank > 0 && <b className="pc-rank">{rank}</b>}
      </button>
      {isNamed && (
        <dl className="pc-values">
          {valuesOf(axes, cell).map(([name, label]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={label}>{label}</dd>
            </div>
          ))}
        </dl>
      )}
      {status === "done" && (
        <figcaption>
          <Stars stars={stars} what={words} rate={rate} />
          {Object.entries(scores).map(([name, score]) => (
            <small key={name} title={name}>
              {Object.keys(scores).length > 1 && `${name.replaceAll("_", " ")} `}
              {shortNumber(score)}
            </small>
          ))}
        </figcaption>
      )}
    </figure>
  );
});
