// Samples of a training, large enough to judge: a row for each prompt, a column for each step.

import { useEffect, useRef, useState } from "react";
import type { LiveView } from "../media/liveView";
import { Icon } from "../playground/icons";
import type { Watch } from "./watch";

type Place = readonly [row: number, column: number];

/** Small pictures are shown at this many times their size, and no more. */
const LARGEST_SCALE = 2;
const [LEAST_TILE, LARGEST_TILE] = [52, 168];
/** Sides up to this one are enlarged pixel by pixel. */
const SMALL = 128;

/** One tile of the strip as the background of an element. */
function tileOf(url: string, { prompts, steps, tile }: LiveView["strip"], [row, column]: Place) {
  const share = (place: number, count: number) => (count > 1 ? (100 * place) / (count - 1) : 0);
  return {
    aspectRatio: `${tile[0]} / ${tile[1]}`,
    backgroundImage: `url(${url})`,
    backgroundSize: `${100 * steps.length}% ${100 * prompts.length}%`,
    backgroundPosition: `${share(column, steps.length)}% ${share(row, prompts.length)}%`,
  };
}

interface LargeProps {
  watch: Watch;
  strip: LiveView["strip"];
  url: string;
  at: Place;
  go(place: Place | null): void;
}

/** A sample as it was painted; until that is here, its tile. Arrows go from step to step and from prompt to prompt. */
function Large({ watch, strip, url, at, go }: LargeProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [full, setFull] = useState<{ at: Place; url: string } | null>(null);
  const [row, column] = at;
  const step = strip.steps[column] ?? 0;
  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    let made = "";
    let gone = false;
    watch.sample(step, row).then(
      (url) => {
        made = url;
        if (gone) URL.revokeObjectURL(url);
        else setFull({ at: [row, column], url });
      },
      () => {},
    );
    return () => {
      gone = true;
      URL.revokeObjectURL(made);
    };
  }, [watch, step, row, column]);
  const move = (down: number, right: number) => {
    const next: Place = [row + down, column + right];
    if (strip.prompts[next[0]] !== undefined && strip.steps[next[1]] !== undefined) go(next);
  };
  const ways: Record<string, Place> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const keys = (event: React.KeyboardEvent) => {
    const way = ways[event.key];
    if (way) move(...way);
  };
  const isFull = full !== null && full.at[0] === row && full.at[1] === column;
  return (
    <dialog
      ref={dialog}
      className="pt-large"
      aria-label={`Sample of step ${step}`}
      onClose={() => go(null)}
      onKeyDown={keys}
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
    >
      {isFull ? (
        <img src={full.url} alt={strip.prompts[row]} data-small={strip.tile[0] <= SMALL || undefined} />
      ) : (
        <div
          role="img"
          data-small={strip.tile[0] <= SMALL || undefined}
          aria-label={strip.prompts[row]}
          style={tileOf(url, strip, at)}
        />
      )}
      <footer>
        <button type="button" className="pt-quiet" disabled={column === 0} onClick={() => move(0, -1)}>
          Before
        </button>
        <span>
          step {step}: {strip.prompts[row]}
        </span>
        <button
          type="button"
          className="pt-quiet"
          disabled={column === strip.steps.length - 1}
          onClick={() => move(0, 1)}
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

export function Samples({ watch, strip, url }: { watch: Watch; strip: LiveView["strip"]; url: string }) {
  const [large, setLarge] = useState<Place | null>(null);
  const { prompts, steps, tile } = strip;
  const most = Math.min(LARGEST_TILE, Math.max(LEAST_TILE, LARGEST_SCALE * tile[0]));
  const columns = `repeat(${steps.length}, minmax(${LEAST_TILE}px, ${most}px))`;
  return (
    <div className="pt-samples" data-small={tile[0] <= SMALL || undefined}>
      <div className="pt-sample-steps" style={{ gridTemplateColumns: columns }}>
        {steps.map((step, column) => (
          <span key={step}>{column === 0 ? `step ${step}` : step}</span>
        ))}
      </div>
      {prompts.map((prompt, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may have one prompt.
        <figure key={row}>
          <div style={{ gridTemplateColumns: columns }}>
            {steps.map((step, column) => (
              <button
                key={step}
                type="button"
                aria-label={`Enlarge the sample of step ${step}: ${prompt}`}
                style={tileOf(url, strip, [row, column])}
                onClick={() => setLarge([row, column])}
              />
            ))}
          </div>
          <figcaption>{prompt}</figcaption>
        </figure>
      ))}
      {large && <Large watch={watch} strip={strip} url={url} at={large} go={setLarge} />}
    </div>
  );
}
