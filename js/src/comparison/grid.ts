// Where the cells of a comparison stand: which axis runs down, which to the right, and what of the others is shown.

export interface Axis {
  name: string;
  labels: readonly string[];
}

export interface Cell {
  number: number;
  /** Its place on each axis. */
  at: readonly number[];
  status: "waiting" | "running" | "done" | "failed";
  seconds: number | null;
  error: string;
  /** What came out, where it is no picture. */
  text: string;
  /** Of the picture; null where there is none. */
  size: readonly [number, number] | null;
  scores: Readonly<Record<string, number>>;
  /** 0 is none. */
  stars: number;
}

/** Which axis runs where, by number; -1 is none. */
export interface Layout {
  rows: number;
  columns: number;
  /** The value of each axis that runs nowhere. */
  page: readonly number[];
}

export const RATING = "rating";

export const titleOf = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;

/** Axes that have something to choose from, by number. */
export const varying = (axes: readonly Axis[]): number[] =>
  axes.flatMap(({ labels }, place) => (labels.length > 1 ? [place] : []));

export function firstLayout(axes: readonly Axis[]): Layout {
  const [rows = -1, columns = -1] = varying(axes);
  return { rows, columns, page: axes.map(() => 0) };
}

/** Another axis runs down or to the right; the one that did takes its place, if it had one. */
export function placed(layout: Layout, side: "rows" | "columns", axis: number): Layout {
  const other = side === "rows" ? "columns" : "rows";
  const moved = axis >= 0 && layout[other] === axis ? { [other]: layout[side] } : {};
  return { ...layout, ...moved, [side]: axis };
}

export function turned(layout: Layout, axis: number, value: number): Layout {
  return { ...layout, page: layout.page.map((before, place) => (place === axis ? value : before)) };
}

/** The numbers of the cells that are shown, row by row. */
export function rowsOf(axes: readonly Axis[], { rows, columns, page }: Layout): number[][] {
  const along = (axis: number) => (axes[axis]?.labels ?? [""]).map((_, place) => place);
  return along(rows).map((row) =>
    along(columns).map((column) => {
      const at = page.map((value, axis) => (axis === rows ? row : axis === columns ? column : value));
      return numberAt(axes, at);
    }),
  );
}

/** The last axis runs fastest. */
export const numberAt = (axes: readonly Axis[], at: readonly number[]): number =>
  axes.reduce((number, { labels }, axis) => number * labels.length + (at[axis] ?? 0), 0);

const gradeOf = (cell: Cell, by: string) => (by === RATING ? cell.stars || undefined : cell.scores[by]);

/** The numbers of the cells that have a score or stars, the best first. */
export function ranked(cells: readonly Cell[], by: string): number[] {
  const told = cells.filter((cell) => gradeOf(cell, by) !== undefined);
  const better = (one: Cell, other: Cell) => (gradeOf(other, by) ?? 0) - (gradeOf(one, by) ?? 0);
  return told.sort((one, other) => better(one, other) || one.number - other.number).map(({ number }) => number);
}

/** What a cell was made with: what is the same in all cells is not said. */
export const valuesOf = (axes: readonly Axis[], { at }: Cell): [name: string, label: string][] =>
  varying(axes).map((axis) => [axes[axis]?.name ?? "", axes[axis]?.labels[at[axis] ?? 0] ?? ""]);

export const wordsOfCell = (axes: readonly Axis[], cell: Cell): string =>
  valuesOf(axes, cell)
    .map(([name, label]) => (name === "prompt" ? label : `${name} ${label}`))
    .join(", ") || "the only cell";

export const shortNumber = (value: number) =>
  Number.isInteger(value) ? String(value) : value.toPrecision(Math.abs(value) >= 100 ? 4 : 3);

/** "0:09", "12:30" */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "2.5 s", "0:12" */
export const tookWords = (seconds: number) => (seconds < 10 ? `${seconds.toFixed(1)} s` : clock(seconds));

/** Which star is meant by a key: 1 to 5, 0 for none; null for any other key. */
export function starOfKey(key: string, now: number): number | null {
  if (/^[0-5]$/.test(key)) return Number(key);
  if (key === "Backspace" || key === "Delete") return 0;
  if (key === "+") return Math.min(5, now + 1);
  if (key === "-") return Math.max(0, now - 1);
  return null;
}
