// Costs as the kernel in the page has them: each node takes two seconds, paid by the token where a test says so.

import type { Budget, Costs, Estimate, Over, Sums, Used } from "../src/bridge/costs";
import type { Flow, JsonObject } from "../src/flow/document";
import { OperationRejected } from "../src/flow/operations";
import type { Request } from "./sequencer";

const NOTHING: Sums = {
  nodes: 0,
  found: 0,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
  images: 0,
  seconds: 0,
  money: 0,
  unpriced: 0,
};

export class FakeCosts {
  #flow: () => Flow;
  /** For tests: how long a node takes, and what it costs; null is "not known". */
  seconds: number | null = 2;
  money: number | null = 0;
  budget: Record<string, number> = {};
  used: Used = { input_tokens: 33, output_tokens: 0, images: 1, money: 0, currency: "USD" };
  days: (Sums & { day: string })[] = [];
  models: (Sums & { model: string })[] = [];
  asked = 0;

  constructor(flow: () => Flow) {
    this.#flow = flow;
  }

  estimate(): Estimate {
    const nodes = [...this.#flow().nodes].map(([node, { title, type }]) => ({
      node,
      title: title ?? type,
      model: "starter",
      seconds: this.seconds,
      input_tokens: 12,
      output_tokens: 0,
      money: this.money,
      is_least: false,
    }));
    const sum = (each: number | null) => (each === null ? null : each * nodes.length);
    const seconds = sum(this.seconds);
    return {
      nodes,
      ran: nodes.length,
      fresh: 0,
      seconds,
      input_tokens: 12 * nodes.length,
      output_tokens: 0,
      money: sum(this.money),
      currency: "USD",
      unknown_seconds: this.seconds === null ? nodes.length : 0,
      unpriced: [],
      is_least: false,
      notes: [],
      words: `about ${seconds ?? "?"} s; ${12 * nodes.length} tokens in`,
    };
  }

  /** The budgets that a run would exceed. */
  over(): Over[] {
    const { run: limit } = this.budget;
    const needed = this.estimate().money ?? 0;
    if (limit === undefined || (limit > 0 && needed <= limit)) return [];
    const price = (amount: number) => `${amount.toFixed(2)} USD`;
    const reason =
      limit === 0
        ? "The budget of a run is 0 USD: nothing may run."
        : `It would cost about ${price(needed)}; the budget of a run is ${price(limit)}.`;
    return [{ budget: "run", unit: "money", limit, left: limit, needed, reason }];
  }

  answer(request: Request): JsonObject | null {
    const told = this.#told(request);
    return told === null ? null : (told as unknown as JsonObject);
  }

  #told(request: Request): object | null {
    switch (request.type) {
      case "estimate":
        this.asked += 1;
        return { estimate: this.estimate() };
      case "used":
        return { used: this.used };
      case "costs":
        return { costs: this.costs() };
      case "set_budget":
        this.#set(request.budget as unknown as Budget);
        return { costs: this.costs() };
      default:
        return null;
    }
  }

  #set(budget: Budget): void {
    if (Object.values(budget).some((limit) => limit !== null && !(limit >= 0))) {
      throw new OperationRejected("Write a number from 0 up.");
    }
    const all = { ...this.budget, ...budget };
    this.budget = Object.fromEntries(Object.entries(all).filter(([, limit]) => limit !== null)) as Record<
      string,
      number
    >;
  }

  costs(): Costs {
    const today = this.days.at(-1) ?? NOTHING;
    const total = { ...NOTHING };
    for (const day of this.days) {
      for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += day[name];
    }
    return {
      currency: "USD",
      days: 30,
      today,
      total,
      of_flow: today,
      by_model: this.models,
      by_day: this.days,
      rates: this.models.map(({ model }) => ({ model, name: model, date: "2026-11-01", is_free: model === "starter" })),
      rates_file: "~/.config/pixelflow/rates.toml",
      budget: this.budget,
      left: {},
    };
  }
}
