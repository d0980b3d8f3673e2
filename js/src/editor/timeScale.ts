// Times on an axis: which marks it carries, and where a node's bar lies on it.

import type { TimelineNode, TimelineRun } from "../bridge/timelineEntries";

const ROUND = [1, 2, 5];
const MOST_MARKS = 6;

/** Round times from 0 on, few enough to be read, the last one at the end of the axis or after it. */
export function marksOf(seconds: number): number[] {
  let step = 0.001;
  for (let place = 0; seconds / step > MOST_MARKS; place += 1) {
    step = 0.001 * 10 ** Math.floor(place / ROUND.length) * (ROUND[place % ROUND.length] ?? 1);
  }
  const count = Math.max(1, Math.ceil(seconds / step - 1e-9));
  return Array.from({ length: count + 1 }, (_, mark) => mark * step);
}

/** A clock of the kernel that is further from ours says nothing. */
const LONGEST = 86_400;

/** How long the axis of a run is: until the last of its nodes has ended, or until now (in ms) while it goes on. */
export function lengthOf({ started, took, nodes }: TimelineRun, now: number): number {
  const since = took === null ? (now - Date.parse(started)) / 1_000 : took;
  const whole = since > 0 && since < LONGEST ? since : 0;
  return Math.max(took ?? whole, ...nodes.map(({ start, took }) => (start ?? 0) + (took ?? 0)));
}

/** Where a bar begins and how long it is, in percent of the axis; `until` is where one that goes on is by now. */
export function barOf({ start, took }: TimelineNode, axis: number, until = 0): { left: number; width: number } {
  if (axis <= 0) return { left: 0, width: 0 };
  const left = Math.min(100, (100 * (start ?? 0)) / axis);
  const length = took ?? Math.max(0, until - (start ?? 0));
  return { left, width: Math.min(100 - left, (100 * length) / axis) };
}

/** `0.5 s`, `20 ms`, `1 min 30 s`: with as many digits as tell two marks apart. */
export function formatMark(seconds: number, step: number): string {
  if (seconds === 0) return "0";
  if (step < 0.1 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds >= 60) {
    const rest = Math.round(seconds % 60);
    return rest === 0 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 60)} min ${rest} s`;
  }
  return `${Number(seconds.toFixed(step < 0.1 ? 2 : 1))} s`;
}
