// What runs may use: of one run, of all runs of this flow, of a day; in money, seconds and tokens.

import { type FormEvent, useState } from "react";
import type { Budget, Costs } from "../bridge/costs";
import { useEditor } from "../editor/view";

const SCOPES = [
  ["run", "One run"],
  ["flow", "This flow"],
  ["day", "A day, all flows"],
] as const;
const UNITS = ["money", "seconds", "tokens"] as const;

type Scope = (typeof SCOPES)[number][0];
type Unit = (typeof UNITS)[number];

const nameOf = (scope: Scope, unit: Unit) => (unit === "money" ? scope : `${scope}_${unit}`);

/** A number from 0 up; null is no limit, undefined is none. */
export function readLimit(text: string): number | null | undefined {
  const plain = text.trim().replace(",", ".");
  if (plain === "") return null;
  const value = Number(plain);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

export function Budgets({ costs, changed }: { costs: Costs; changed(): void }) {
  const { session, view } = useEditor();
  const kept = (name: string) => (costs.budget[name] === undefined ? "" : String(costs.budget[name]));
  const [typed, setTyped] = useState<Record<string, string>>({});
  const textOf = (name: string) => typed[name] ?? kept(name);
  const changes = Object.entries(typed).filter(([name, text]) => text.trim() !== kept(name));
  const wrong = changes.filter(([, text]) => readLimit(text) === undefined).map(([name]) => name);
  const save = (event: FormEvent) => {
    event.preventDefault();
    const budget: Budget = Object.fromEntries(changes.map(([name, text]) => [name, readLimit(text) ?? null]));
    void session.link.request({ type: "set_budget", budget }).then((answer) => {
      if (answer.type === "reject") {
        session.say({ kind: "budget", words: answer.message, tone: "alert" });
        return;
      }
      session.unsay("budget");
      // The button that was pressed can be pressed no more, and would take the keys with it.
      view.root?.focus({ preventScroll: true });
      setTyped({});
      changed();
    });
  };
  const leftOf = (scope: Scope, unit: Unit) => {
    const left = costs.left[scope]?.[unit];
    return left === undefined || scope === "run" ? "" : `${Number(left.toPrecision(4)).toLocaleString("en")} left`;
  };
  return (
    <section aria-label="Budgets">
      <h4>Budgets</h4>
      <p>A run that would exceed one is not started before you say so. Empty is no limit; with 0 nothing runs.</p>
      <form className="pf-budgets" onSubmit={save}>
        <table>
          <thead>
            <tr>
              <th scope="col" />
              <th scope="col">{costs.currency}</th>
              <th scope="col">Seconds</th>
              <th scope="col">Tokens</th>
            </tr>
          </thead>
          <tbody>
            {SCOPES.map(([scope, title]) => (
              <tr key={scope}>
                <th scope="row">{title}</th>
                {UNITS.map((unit) => {
                  const name = nameOf(scope, unit);
                  return (
                    <td key={unit}>
                      <input
                        aria-label={`${title}, ${unit === "money" ? costs.currency : unit}`}
                        aria-invalid={wrong.includes(name)}
                        inputMode="decimal"
                        placeholder="no limit"
                        value={textOf(name)}
                        onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
                      />
                      <small>{leftOf(scope, unit)}</small>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
        <button type="submit" className="pf-plain pf-main" disabled={changes.length === 0 || wrong.length > 0}>
          Keep these budgets
        </button>
        {wrong.length > 0 && <span role="alert">Write a number from 0 up, or nothing.</span>}
      </form>
    </section>
  );
}
