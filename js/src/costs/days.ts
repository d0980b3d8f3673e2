// The days of a chart: those without runs have their place too.

import type { Costs, Sums } from "../bridge/costs";

export interface Day {
  /** "2026-01-31" */
  day: string;
  value: number;
}

export type Measure = "money" | "seconds" | "tokens";

export function amountOf(sums: Sums, measure: Measure): number {
  return measure === "tokens" ? sums.input_tokens + sums.output_tokens : sums[measure];
}

const dayOf = (time: Date) =>
  [time.getFullYear(), time.getMonth() + 1, time.getDate()].map((part) => String(part).padStart(2, "0")).join("-");

/** The last days up to today, the oldest first. */
export function daysOf({ by_day, days }: Costs, measure: Measure, today = new Date()): Day[] {
  const known = new Map(by_day.map((sums) => [sums.day, amountOf(sums, measure)]));
  return Array.from({ length: days }, (_, place) => {
    const time = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (days - 1 - place));
    const day = dayOf(time);
    return { day, value: known.get(day) ?? 0 };
  });
}
