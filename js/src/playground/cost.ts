// What a generation will cost and did cost, in seconds.

import { same } from "../controls/values";
import type { Job, Values } from "./backend";
import type { FormField } from "./fields";

export function formatSeconds(seconds: number): string {
  if (seconds < 0.1) return "a moment";
  if (seconds < 0.95) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds) % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function median(numbers: readonly number[]): number | null {
  const sorted = numbers.toSorted((one, other) => one - other);
  // The lower one: the first run, which also loads a model, is no rule.
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/**
 * Seconds that a generation will take: as those took that were alike in all that affects the cost, else as the backend
 * says. What was found in the cache says nothing of what must be made.
 */
export function estimate(fields: readonly FormField[], values: Values, jobs: readonly Job[], told: number | null) {
  const costly = fields.filter((field) => field.affectsCost).map((field) => field.name);
  const alike = jobs.filter(({ status, inputs, usage }) => {
    const ran = status === "succeeded" && usage?.seconds !== undefined && !isFound(usage);
    return ran && costly.every((name) => same(inputs[name], values[name]));
  });
  return median(alike.slice(0, 7).map((job) => job.usage?.seconds ?? 0)) ?? told;
}

function isFound({ nodes, found }: NonNullable<Job["usage"]>): boolean {
  return (nodes ?? 0) > 0 && (found ?? 0) >= (nodes ?? 0);
}

/** "3.2 s", and where nothing had to be made, that it was there. */
export function costOf(job: Job): { words: string; hint: string } | null {
  const { usage } = job;
  if (usage?.seconds === undefined) return null;
  const { seconds, nodes = 0, found = 0 } = usage;
  const nouns = `${nodes} ${nodes === 1 ? "node" : "nodes"}`;
  const hint = found > 0 ? `${nouns}, of which ${found} had been made before` : `${nouns} ran`;
  return { words: isFound(usage) ? "was there already" : formatSeconds(seconds), hint };
}
