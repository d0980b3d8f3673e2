// What was used on this computer, by model and by day, in money, seconds and tokens; and what runs may use.

import { useState } from "react";
import type { Costs, Sums } from "../bridge/costs";
import { useRuns } from "../bridge/runs";
import { Tabs } from "../controls/Tabs";
import { type Asked, keepKeys, useAnswer } from "../editor/asking";
import { CloseIcon } from "../editor/icons";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";
import { countOf, formatSeconds } from "../nodes/values";
import { Budgets } from "./Budgets";
import { daysOf, type Measure } from "./days";
import { moneyWords } from "./words";
import "./costs.css";

const MEASURES: [Measure, string][] = [
  ["seconds", "Seconds"],
  ["tokens", "Tokens"],
  ["money", "Money"],
];

function wordsOf(value: number, measure: Measure, currency: string): string {
  if (measure === "money") return moneyWords(value, currency);
  return measure === "seconds" ? formatSeconds(value) : countOf(Math.round(value), "token");
}

function Figure({ title, sums, currency }: { title: string; sums: Sums; currency: string }) {
  const tokens = sums.input_tokens + sums.output_tokens;
  const facts = [
    countOf(sums.nodes, "node"),
    tokens > 0 ? `${tokens.toLocaleString("en")} tokens` : "",
    sums.images > 0 ? countOf(sums.images, "image") : "",
    sums.unpriced > 0 ? `${countOf(sums.unpriced, "node")} without a price` : "",
  ];
  return (
    <li>
      <span>{title}</span>
      <strong>
        {formatSeconds(sums.seconds)} · {moneyWords(sums.money, currency)}
      </strong>
      <small>{facts.filter(Boolean).join(" · ")}</small>
    </li>
  );
}

function Chart({ costs, measure }: { costs: Costs; measure: Measure }) {
  const days = daysOf(costs, measure);
  const most = Math.max(...days.map(({ value }) => value));
  const total = days.reduce((sum, { value }) => sum + value, 0);
  const words = `${wordsOf(total, measure, costs.currency)} in ${costs.days} days, at most ${wordsOf(most, measure, costs.currency)} on one`;
  return (
    <figure className="pf-cost-chart">
      <div role="img" aria-label={words}>
        {days.map(({ day, value }) => (
          <span key={day} title={`${day}: ${wordsOf(value, measure, costs.currency)}`}>
            <span style={{ height: most > 0 ? `${(100 * value) / most}%` : 0 }} data-some={value > 0 || undefined} />
          </span>
        ))}
      </div>
      <figcaption>
        <span>{days[0]?.day}</span>
        <span>{words}</span>
        <span>today</span>
      </figcaption>
    </figure>
  );
}

function Models({ costs }: { costs: Costs }) {
  const dates = new Map(costs.rates.map((rate) => [rate.model, rate]));
  const priceOf = (money: number, unpriced: number) =>
    unpriced > 0 && money === 0 ? "not known" : moneyWords(money, costs.currency);
  return (
    <table className="pf-costs-table">
      <thead>
        <tr>
          <th scope="col">Model</th>
          <th scope="col">Nodes</th>
          <th scope="col">Seconds</th>
          <th scope="col">Tokens in</th>
          <th scope="col">Tokens out</th>
          <th scope="col">Money</th>
          <th scope="col">Price read</th>
        </tr>
      </thead>
      <tbody>
        {costs.by_model.map(({ model, nodes, seconds, input_tokens, output_tokens, money, unpriced }) => {
          const rate = dates.get(model);
          return (
            <tr key={model}>
              <th scope="row">{model}</th>
              <td>{nodes}</td>
              <td>{seconds.toFixed(1)}</td>
              <td>{input_tokens.toLocaleString("en")}</td>
              <td>{output_tokens.toLocaleString("en")}</td>
              <td>{priceOf(money, unpriced)}</td>
              <td>{rate?.is_free ? "free" : rate?.date || "–"}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Shown({ costs, changed }: { costs: Costs; changed(): void }) {
  const hasMoney = costs.total.money > 0;
  const [measure, setMeasure] = useState<Measure>(hasMoney ? "money" : "seconds");
  return (
    <div className="pf-costing nowheel">
      <ul className="pf-figures" aria-label="Totals">
        <Figure title="Today, all flows" sums={costs.today} currency={costs.currency} />
        <Figure title={`The last ${costs.days} days, all flows`} sums={costs.total} currency={costs.currency} />
        <Figure title="Of them this flow" sums={costs.of_flow} currency={costs.currency} />
      </ul>
      <section aria-label="By day">
        <header>
          <h4>By day</h4>
          <Tabs label="What is drawn" tabs={MEASURES} chosen={measure} choose={setMeasure} />
        </header>
        <Chart costs={costs} measure={measure} />
      </section>
      <section aria-label="By model">
        <h4>By model</h4>
        {costs.by_model.length > 0 ? <Models costs={costs} /> : <p>Nothing has run in these days.</p>}
        {costs.rates_file && (
          <p>
            Prices stand in <code>{costs.rates_file}</code>: what is written there counts before what ships.
          </p>
        )}
      </section>
      <Budgets costs={costs} changed={changed} />
    </div>
  );
}

function Asking({ asked, changed }: { asked: Asked; changed(): void }) {
  if (asked === null || typeof asked === "string")
    return (
      <p className="pf-none" role={asked ? "alert" : undefined}>
        {asked ?? "Asking the kernel…"}
      </p>
    );
  return asked.costs ? <Shown costs={asked.costs} changed={changed} /> : null;
}

function Open() {
  const { session, view } = useEditor();
  const { run, status } = useRuns(session.runs);
  const [times, setTimes] = useState(0);
  const asked = useAnswer({ type: "costs" }, `${run} ${status} ${times}`);
  const close = () => {
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
  };
  return (
    <section
      className="pf-inside pf-export pf-costs"
      role="dialog"
      aria-label="Usage and budgets"
      onKeyDown={(event) => event.key !== "Escape" && event.stopPropagation()}
      onClick={() => keepKeys(view)}
      onCopy={(event) => event.stopPropagation()}
    >
      <header>
        <strong>Usage and budgets</strong>
        <span />
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      <Asking asked={asked} changed={() => setTimes((before) => before + 1)} />
    </section>
  );
}

export function UsagePanel() {
  const { view } = useEditor();
  return useStored(view.panel) === "costs" ? <Open /> : null;
}
