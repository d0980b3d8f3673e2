import { useEffect, useRef, useState } from "react";
import { Icon } from "../playground/icons";
import type { Comparison } from "./comparison";
import { type Axis, type Cell, shortNumber, starOfKey, tookWords, valuesOf, wordsOfCell } from "./grid";
import { Stars } from "./Stars";

const SMALL = 128;

interface Props {
  comparison: Comparison;
  axes: readonly Axis[];
  cells: readonly Cell[];
  /** The numbers of what is shown, row by row. */
  rows: readonly (readonly number[])[];
  number: number;
  go(number: number | null): void;
}

/** The picture of a cell as it was made. */
function usePicture(comparison: Comparison, cell: Cell): string {
  const [full, setFull] = useState({ number: -1, url: "" });
  const { number, size } = cell;
  const hasPicture = size !== null;
  useEffect(() => {
    if (!hasPicture) return;
    let made = "";
    let gone = false;
    comparison.picture(number).then(
      (url) => {
        made = url;
        if (gone) URL.revokeObjectURL(url);
        else setFull({ number, url });
      },
      () => {},
    );
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [comparison, number, hasPicture]);
  return full.number === number ? full.url : "";
}

/** A cell, large. Arrows go to those beside, above and below; keys 1 to 5 give stars. */
export function Large({ comparison, axes, cells, rows, number, go }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const cell = cells[number] as Cell;
  const url = usePicture(comparison, cell);
  const thumbnail = comparison.thumbnails.known.get().get(String(number))?.url;
  const row = rows.findIndex((one) => one.includes(number));
  const column = rows[row]?.indexOf(number) ?? 0;
  const one = rows.flat().filter((place) => cells[place]?.status === "done");
  const at = one.indexOf(number);
  const ways: Record<string, number | undefined> = {
    ArrowLeft: one[at - 1],
    ArrowRight: one[at + 1],
    ArrowUp: rows[row - 1]?.[column],
    ArrowDown: rows[row + 1]?.[column],
  };
  const move = (to: number | undefined) => {
    if (to !== undefined && cells[to]?.status === "done") go(to);
  };
  const rate = (stars: number) => void comparison.rate(number, stars);
  const keys = (event: React.KeyboardEvent) => {
    const meant = starOfKey(event.key, cell.stars);
    if (meant !== null) rate(meant);
    else if (event.key in ways) {
      event.preventDefault();
      move(ways[event.key]);
    }
  };
  const words = wordsOfCell(axes, cell);
  const small = (cell.size && Math.max(...cell.size) <= SMALL) || undefined;
  return (
    <dialog
      ref={dialog}
      className="pt-large pc-large"
      aria-label={words}
      onClose={() => go(null)}
      onKeyDown={keys}
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
    >
      {cell.size ? (
        <img src={url || thumbnail} alt={words} data-small={small} style={{ aspectRatio: cell.size.join(" / ") }} />
      ) : (
        <pre className="pc-words">{cell.text}</pre>
      )}
      <dl className="pc-values">
        {valuesOf(axes, cell).map(([name, label]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{label}</dd>
          </div>
        ))}
        {Object.entries(cell.scores).map(([name, score]) => (
          <div key={`score ${name}`}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{shortNumber(score)}</dd>
          </div>
        ))}
        {cell.seconds !== null && (
          <div>
            <dt>took</dt>
            <dd>{tookWords(cell.seconds)}</dd>
          </div>
        )}
      </dl>
      <footer>
        <button
          type="button"
          className="pt-quiet"
          disabled={ways.ArrowLeft === undefined}
          onClick={() => move(ways.ArrowLeft)}
        >
          Before
        </button>
        <span>
          <Stars stars={cell.stars} what={words} rate={rate} isWithoutArrows />
        </span>
        <button
          type="button"
          className="pt-quiet"
          disabled={ways.ArrowRight === undefined}
          onClick={() => move(ways.ArrowRight)}
        >
          Next
        </button>
        <button type="button" className="pt-icon" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </footer>
    </dialog>
  );
}
