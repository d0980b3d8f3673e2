// Seeds beyond 2^53 are text of digits.

import type { Json } from "../flow/document";
import type { Values } from "./backend";

const DRAWN = -1;

/** The seed some steps further; one that is drawn stays so. */
export function laterSeed(seed: Json | undefined, steps: number, most: number | undefined): Json {
  if (seed === undefined || Number(seed) === DRAWN) return DRAWN;
  const end = most === undefined ? null : BigInt(most) + 1n;
  const next = BigInt(seed as number | string) + BigInt(steps);
  const kept = end !== null && next >= end ? next - end : next;
  return Number.isSafeInteger(Number(kept)) ? Number(kept) : String(kept);
}

/** The inputs of each of several generations: they differ in the first seed. */
export function withSeeds(values: Values, seed: string | undefined, most: number | undefined, count: number): Values[] {
  return Array.from({ length: count }, (_, place) =>
    seed === undefined || place === 0 ? values : { ...values, [seed]: laterSeed(values[seed], place, most) },
  );
}
