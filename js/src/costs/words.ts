// Costs in a few words: on the Run button, in its tip, in the status line.

import type { Estimate, NodeEstimate, Used } from "../bridge/costs";
import { countOf, formatSeconds } from "../nodes/values";

const SIGNS: Record<string, string> = { USD: "$", EUR: "€", GBP: "£" };

/** `$0.12`, `0.0004 CHF`: small sums with the digits that say something. */
export function moneyWords(amount: number, currency: string): string {
  const size = Math.abs(amount);
  const digits = size === 0 || size >= 0.1 ? 2 : size >= 0.001 ? 4 : 6;
  const sign = SIGNS[currency];
  return sign ? `${sign}${amount.toFixed(digits)}` : `${amount.toFixed(digits)} ${currency}`;
}

const secondsWords = (seconds: number): string =>
  seconds < 1 ? "1 s" : formatSeconds(seconds < 10 ? Math.round(seconds) : seconds).replace(".0 s", " s");

/** `≈ 12 s`, `≥ 12 s · $0.02`; empty where nothing is known, or nothing has to run. */
export function estimateWords(estimate: Estimate | null): string {
  if (!estimate || estimate.ran === 0) return "";
  const { seconds, unknown_seconds, money, currency } = estimate;
  const least = unknown_seconds > 0;
  // Nodes that take no time worth telling, beside others of which nobody knows.
  const isKnown = seconds !== null && (seconds > 0.05 || !least);
  const time = !isKnown ? "" : seconds < 1 && !least ? "< 1 s" : `${least ? "≥" : "≈"} ${secondsWords(seconds)}`;
  const price = money === null ? "$ ?" : money > 0 ? moneyWords(money, currency) : "";
  return [time, price].filter(Boolean).join(" · ");
}

function nodeLine({ title, seconds, input_tokens, output_tokens, money }: NodeEstimate, currency: string): string {
  const facts = [
    seconds === null ? "time not known" : formatSeconds(seconds),
    input_tokens ? `${countOf(input_tokens, "token")} in` : "",
    output_tokens > 0 ? `at most ${output_tokens.toLocaleString("en")} out` : "",
    money ? moneyWords(money, currency) : "",
  ];
  return `${title}: ${facts.filter(Boolean).join(", ")}`;
}

const MOST_LINES = 8;

/** What the tip of the Run button says, a line each. */
export function estimateLines(estimate: Estimate): string[] {
  const { ran, fresh, nodes, currency, unknown_seconds, notes, words } = estimate;
  if (ran === 0) return [words];
  const costly = nodes.filter(({ seconds, input_tokens }) => seconds === null || seconds >= 0.05 || input_tokens);
  const shown = costly.slice(0, MOST_LINES);
  const rest = ran - shown.length;
  return [
    `Estimate: ${words}`,
    ...shown.map((node) => nodeLine(node, currency)),
    rest > 0 && shown.length > 0 ? `and ${countOf(rest, "other node")}` : "",
    fresh > 0 ? `${countOf(fresh, "node")} need not run: results are there.` : "",
    unknown_seconds > 0
      ? `Of ${countOf(unknown_seconds, "node")} the time is not known yet: nothing like it ran here.`
      : "",
    ...notes,
  ].filter(Boolean);
}

/** `33 tokens, $0.002`, behind how long a run took; empty where it used nothing that is counted. */
export function usedWords(used: Used | null): string {
  if (!used) return "";
  const tokens = used.input_tokens + used.output_tokens;
  const price = used.money ? moneyWords(used.money, used.currency) : "";
  return [tokens > 0 ? countOf(tokens, "token") : "", price].filter(Boolean).join(", ");
}
