// Numbers as they are typed and as they stand in a document: whole numbers beyond what JavaScript counts exactly are text
// there, so they are read and compared as BigInt.

import { field, type Json } from "../flow/document";
import type { Port } from "../flow/nodeType";

/** What was typed as a value (null: back to the default), or what is wrong with it, in words. */
export type Reading = { value: Json } | { problem: string };

export interface Limits {
  min: number | bigint | null;
  max: number | bigint | null;
}

const WHOLE = /^[+-]?\d{1,20}(\.0*)?$/; // as many digits as media/codecs.py reads
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const LARGEST = 1e300; // as media/codecs.py has it

function limit(value: Json | undefined): number | bigint | null {
  if (typeof value === "number") return value;
  return typeof value === "string" && WHOLE.test(value) ? BigInt(value) : null;
}

export function limitsOf(port: Port): Limits {
  const control = port.control ?? {};
  return { min: limit(field(control, "min")), max: limit(field(control, "max")) };
}

export function isWhole(port: Port): boolean {
  return port.type === "int" || port.type === "list[int]";
}

/** A whole number as JSON: text where a number would be rounded. */
function asJson(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** As it is typed; empty for null. */
export function formatNumber(value: Json): string {
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 1e21) return String(BigInt(value));
  return value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

function outside(value: number | bigint, { min, max }: Limits): string | null {
  if (max !== null && value > max) return `At most ${max}.`;
  return min !== null && value < min ? `At least ${min}.` : null;
}

/** Digits of other scripts' keyboards and the typographic minus, as ASCII. */
const plain = (text: string) => text.normalize("NFKC").replace("−", "-").trim();

function parseNumber(text: string, whole: boolean): { number: number | bigint } | { problem: string } {
  if (whole) {
    if (WHOLE.test(text)) return { number: BigInt(text.replace(/\.0*$/, "").replace("+", "")) };
    return { problem: DECIMAL.test(text) ? "Write a whole number." : `“${text}” is not a whole number.` };
  }
  if (/^[+-]?\d*,\d+$/.test(text)) return { problem: `Write it with a point: ${text.replace(",", ".")}.` };
  if (!DECIMAL.test(text)) return { problem: `“${text}” is not a number.` };
  const number = Number(text);
  return Math.abs(number) <= LARGEST ? { number } : { problem: "This number is too large." };
}

/** Reads one number; nothing typed is null. */
export function readNumber(typed: string, whole: boolean, limits: Limits): Reading {
  const text = plain(typed);
  if (text === "") return { value: null };
  const parsed = parseNumber(text, whole);
  if ("problem" in parsed) return parsed;
  const { number } = parsed;
  const problem = outside(number, limits);
  if (problem) return { problem };
  return { value: typeof number === "bigint" ? asJson(number) : number };
}

/** Reads a seed: a whole number, or "random". */
export function readSeed(typed: string, limits: Limits): Reading {
  return plain(typed).toLowerCase() === "random" ? { value: "random" } : readNumber(typed, true, limits);
}

/** As many bits as the kernel draws for "random", and as torch's generator reads; within the limits. */
export function drawSeed(limits: Limits): Json {
  const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1));
  const low = BigInt(limits.min ?? 0);
  const high = limits.max === null ? null : BigInt(limits.max);
  const room = high === null ? null : high - low + 1n;
  return asJson(low + (room !== null && room > 0n ? BigInt(drawn) % room : BigInt(drawn)));
}

/** Digits behind the point. */
function decimals(value: number): number {
  const [mantissa = "", exponent = "0"] = String(value).split("e");
  return Math.max(0, (mantissa.split(".")[1]?.length ?? 0) - Number(exponent));
}

const rounded = (value: number, digits: number) => Number(value.toFixed(Math.min(digits, 20)));

/** The step of a control; where it names none, 1 for whole numbers and about a hundredth of the range for others. */
export function stepOf(port: Port): number {
  const step = field(port.control ?? {}, "step");
  const whole = isWhole(port);
  if (typeof step === "number" && step > 0) return whole ? Math.max(1, Math.round(step)) : step;
  const { min, max } = limitsOf(port);
  if (whole) return 1;
  const range = min === null || max === null ? 0 : Number(max) - Number(min);
  if (!(range > 0)) return 0.1;
  const rough = range / 100;
  const power = 10 ** Math.floor(Math.log10(rough));
  const nice = [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10;
  return rounded(nice * power, 20);
}

/** A number within the limits. */
export function clamp(value: number | bigint, { min, max }: Limits): number | bigint {
  if (max !== null && value > max) return max;
  return min !== null && value < min ? min : value;
}

/** What a slider's position means: on the step, without the dust of binary fractions, within the limits. */
export function readPosition(position: number, port: Port): Json {
  const limits = limitsOf(port);
  if (isWhole(port)) return asJson(BigInt(clamp(BigInt(Math.round(position)), limits)));
  const digits = Math.max(decimals(stepOf(port)), decimals(Number(limits.min ?? 0)));
  return Number(clamp(rounded(position, digits), limits));
}

/** The value some steps further, within the limits; from nothing it starts at the smallest, or at 0. */
export function stepped(value: Json, steps: number, port: Port): Json {
  const limits = limitsOf(port);
  const step = stepOf(port);
  if (value === null || value === "random") return readPosition(Number(clamp(0, limits)), port);
  if (isWhole(port)) {
    if (!WHOLE.test(formatNumber(value))) return value;
    const next = BigInt(formatNumber(value).replace(/\.0*$/, "")) + BigInt(Math.round(steps * step));
    return asJson(BigInt(clamp(next, limits)));
  }
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  const digits = Math.max(decimals(step * steps), decimals(step), decimals(number));
  return Number(clamp(digits > 20 ? number + steps * step : rounded(number + steps * step, digits), limits));
}
