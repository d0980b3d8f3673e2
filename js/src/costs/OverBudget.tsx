import { type Refusal, useRuns } from "../bridge/runs";
import { useEditor } from "../editor/view";

/** A run that would exceed a budget was not started: it is asked whether to run all the same. */
export function OverBudget() {
  const { session, view } = useEditor();
  const { refused } = useRuns(session.runs);
  if (!refused || refused.over.length === 0) return null;
  return <Question refused={refused} budgets={() => view.panel.set("costs")} />;
}

function Question({ refused, budgets }: { refused: Refusal; budgets(): void }) {
  const { session, view } = useEditor();
  const leave = () => {
    session.runs.forgive();
    view.root?.focus({ preventScroll: true });
  };
  return (
    <section className="pf-conflict" role="alertdialog" aria-label="Over the budget">
      <span>
        <strong>{refused.over.map(({ reason }) => reason).join(" ")}</strong> Run anyway?
      </span>
      <div>
        <button
          type="button"
          className="pf-plain pf-main"
          onClick={() => {
            session.runs.start(refused.targets, true);
            view.root?.focus({ preventScroll: true });
          }}
        >
          Run anyway
        </button>
        <button type="button" className="pf-plain" onClick={leave}>
          Do not run
        </button>
        <button
          type="button"
          className="pf-plain"
          onClick={() => {
            session.runs.forgive();
            budgets();
          }}
        >
          Budgets…
        </button>
      </div>
    </section>
  );
}
