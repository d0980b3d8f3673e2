// A comparison in a notebook: its cells as they come, as a grid or from the best to the worst.

import { useMemo, useState } from "react";
import { useStored } from "../editor/store";
import { Alert, Frame } from "../finetuning/Frame";
import { Icon } from "../playground/icons";
import { CellCard } from "./CellCard";
import type { Comparison, State } from "./comparison";
import { clock, firstLayout, type Layout, placed, RATING, ranked, rowsOf, titleOf, turned, varying } from "./grid";
import { Large } from "./Large";

const STATUS = { running: "Running", stopping: "Stopping", stopped: "Stopped", finished: "Finished" };

function Head({ comparison, state, failed }: { comparison: Comparison; state: State; failed: number }) {
  const { name, words, status } = state;
  const isOn = status === "running" || status === "stopping";
  return (
    <header className="pt-head">
      <h1>{name}</h1>
      <span className="pt-about">{words}</span>
      <span className="pt-status" data-status={isOn ? "running" : status}>
        {STATUS[status]}
      </span>
      {isOn && (
        <button
          type="button"
          className="pt-button"
          disabled={status === "stopping"}
          title="Ends now; what is done is kept"
          onClick={() => void comparison.stop()}
        >
          <Icon name="stop" /> {status === "stopping" ? "Stopping …" : "Stop"}
        </button>
      )}
      {status === "stopped" && (
        <button type="button" className="pt-button" onClick={() => void comparison.resume()}>
          <Icon name="play" /> Go on
        </button>
      )}
      {status === "finished" && failed > 0 && (
        <button type="button" className="pt-button" onClick={() => void comparison.resume({ failed: true })}>
          <Icon name="back" /> Try {failed === 1 ? "the one that failed" : `the ${failed} that failed`} again
        </button>
      )}
    </header>
  );
}

function Progress({ state, failed }: { state: State; failed: number }) {
  const { cells, status, note, left } = state;
  const done = cells.filter((cell) => cell.status === "done").length;
  const isOn = status === "running" || status === "stopping";
  const words = [
    `${done} of ${cells.length} done`,
    failed > 0 && `${failed} failed`,
    isOn && left !== null && `about ${clock(left)} left`,
    note,
  ];
  return (
    <div className="pt-progress">
      {(isOn || done + failed < cells.length) && (
        <progress max={cells.length} value={done + failed} aria-label="Cells" />
      )}
      <p role="status">{words.filter(Boolean).join(" · ")}</p>
    </div>
  );
}

interface ToolsProps {
  comparison: Comparison;
  state: State;
  layout: Layout;
  setLayout(layout: Layout): void;
}

/** Which axis runs where, and in which order cells are shown. */
function Tools({ comparison, state, layout, setLayout }: ToolsProps) {
  const { axes, scores, order } = state;
  const free = varying(axes);
  const sides = [
    ["rows", "Rows"],
    ["columns", "Columns"],
  ] as const;
  return (
    <div className="pt-tools">
      <label>
        Show
        <select value={order} onChange={({ target }) => void comparison.sort(target.value)}>
          <option value="">as a grid</option>
          {[RATING, ...scores].map((name) => (
            <option key={name} value={name}>
              {name === RATING ? "most stars first" : `best ${name.replaceAll("_", " ")} first`}
            </option>
          ))}
        </select>
      </label>
      {!order &&
        free.length > 1 &&
        sides.map(([side, title]) => (
          <label key={side}>
            {title}
            <select
              value={layout[side]}
              onChange={({ target }) => setLayout(placed(layout, side, Number(target.value)))}
            >
              {free.map((axis) => (
                <option key={axis} value={axis}>
                  {titleOf(axes[axis]?.name ?? "")}
                </option>
              ))}
            </select>
          </label>
        ))}
      {!order &&
        free
          .filter((axis) => axis !== layout.rows && axis !== layout.columns)
          .map((axis) => (
            <label key={axis}>
              {titleOf(axes[axis]?.name ?? "")}
              <select
                value={layout.page[axis]}
                onChange={({ target }) => setLayout(turned(layout, axis, Number(target.value)))}
              >
                {axes[axis]?.labels.map((label, value) => (
                  <option key={label} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
          ))}
    </div>
  );
}

interface ShownProps {
  comparison: Comparison;
  state: State;
  layout: Layout;
  rows: readonly (readonly number[])[];
  enlarge(number: number): void;
}

/** Cells with the values of two axes beside and above; those of one axis, or the best, one after the other. */
function Cells({ comparison, state, layout, rows, enlarge }: ShownProps) {
  const { axes, cells, order } = state;
  const known = useStored(comparison.thumbnails.known);
  const size = cells.find((cell) => cell.size)?.size;
  const shape = Math.min(2.5, Math.max(0.4, size ? size[0] / size[1] : cells.some((one) => one.text) ? 1.4 : 1));
  const card = (number: number, rank: number, isNamed: boolean) => {
    const cell = cells[number];
    const props = { comparison, axes, shape, rank, isNamed, enlarge };
    return cell && <CellCard key={number} {...props} cell={cell} thumbnail={known.get(String(number))} />;
  };
  if (order || layout.rows < 0 || layout.columns < 0) {
    return (
      <div className="pc-list">{rows.flat().map((number, place) => card(number, order ? place + 1 : 0, true))}</div>
    );
  }
  const [down, right] = [axes[layout.rows], axes[layout.columns]];
  return (
    <div className="pc-scroll">
      <div className="pc-grid" style={{ "--pc-columns": right?.labels.length } as React.CSSProperties}>
        <span className="pc-corner">
          {titleOf(down?.name ?? "")} ↓ {titleOf(right?.name ?? "")} →
        </span>
        {right?.labels.map((label) => (
          <span key={label} className="pc-column" title={label}>
            {label}
          </span>
        ))}
        {rows.map((row, place) => (
          <div key={down?.labels[place]} className="pc-row">
            <div className="pc-label" title={down?.labels[place]}>
              <span>{down?.labels[place]}</span>
            </div>
            {row.map((number) => card(number, 0, false))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Body({ comparison, state }: { comparison: Comparison; state: State }) {
  const { axes, cells, order } = state;
  const [layout, setLayout] = useState(() => firstLayout(axes));
  const [large, setLarge] = useState<number | null>(null);
  const rows = useMemo(() => (order ? [ranked(cells, order)] : rowsOf(axes, layout)), [axes, cells, layout, order]);
  const failed = cells.filter((cell) => cell.status === "failed").length;
  const words = useStored(comparison.words);
  return (
    <>
      <Head {...{ comparison, state, failed }} />
      <Progress {...{ state, failed }} />
      <Alert words={words} />
      <Alert words={state.error} />
      {state.error && (
        <button type="button" className="pt-button" onClick={() => void comparison.resume({ over_budget: true })}>
          <Icon name="play" /> Go on over the budget
        </button>
      )}
      <Tools {...{ comparison, state, layout, setLayout }} />
      {rows.flat().length > 0 ? (
        <Cells {...{ comparison, state, layout, rows }} enlarge={setLarge} />
      ) : (
        <p className="pt-asking">{order === RATING ? "No cell has stars yet." : "No cell has this score."}</p>
      )}
      {large !== null && <Large {...{ comparison, axes, cells, rows }} number={large} go={setLarge} />}
    </>
  );
}

export function ComparisonPanel({ comparison }: { comparison: Comparison }) {
  const state = useStored(comparison.state);
  const words = useStored(comparison.words);
  return (
    <Frame label={state ? `Comparison ${state.name}` : "Comparison"}>
      {state ? (
        <Body comparison={comparison} state={state} />
      ) : words ? (
        <Alert words={words} />
      ) : (
        <p className="pt-asking">Asking the kernel …</p>
      )}
    </Frame>
  );
}
