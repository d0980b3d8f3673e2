import { dotsOf, type LiveView, lineOf, lossWords, placeOf, progressWords } from "./liveView";
import "./training.css";

/** What a training lost at each step, on axes that stay where they are: raw, smoothed, steady, and earlier trainings. */
export function LossChart({ view }: { view: LiveView }) {
  const { best, ceiling, others, steps } = view;
  const bestAt = best === null ? 0 : placeOf([best, 0], view)[0];
  return (
    <div className="pf-chart" role="img" aria-label={`Loss of ${view.name}: ${progressWords(view)}`}>
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
        <path className="pf-chart-grid" d="M0 0H100M0 50H100M0 100H100" />
        {others.map(({ name, smoothed }) => (
          <path key={name} className="pf-chart-other" d={lineOf(smoothed, view)}>
            <title>{name}</title>
          </path>
        ))}
        <path className="pf-chart-raw" d={lineOf(view.losses, view)} />
        {best !== null && <path className="pf-chart-best" d={`M${bestAt} 0V100`} />}
        <path className="pf-chart-smooth" d={lineOf(view.smoothed, view)} />
        <path className="pf-chart-steady" d={dotsOf(view.steady, view)} />
      </svg>
      {best !== null && (
        <b style={{ left: `${bestAt}%` }} data-side={bestAt > 50 ? "left" : "right"}>
          best
        </b>
      )}
      {[ceiling, ceiling / 2, 0].map((loss) => (
        <i key={loss}>{lossWords(loss)}</i>
      ))}
      <i>{steps}</i>
    </div>
  );
}

/** Samples of a training: a row for each prompt, a column for each step. */
function Strip({ view, url }: { view: LiveView; url: string | null }) {
  const { prompts, steps, tile } = view.strip;
  if (!url || steps.length === 0) return <div className="pf-strip" />;
  const ratio = (steps.length * tile[0]) / (prompts.length * tile[1]);
  return (
    <div className="pf-strip">
      <div style={{ width: `min(100cqw, (100cqh - 13px) * ${ratio})` }}>
        <p>
          {steps.map((step) => (
            <i key={step}>{step}</i>
          ))}
        </p>
        <img src={url} alt={`Samples: ${prompts.join("; ")}`} title={prompts.join("\n")} draggable={false} />
      </div>
    </div>
  );
}

/** A training in the frame of a card. */
export function Training({ view, url }: { view: LiveView; url: string | null }) {
  return (
    <div className="pf-training">
      <LossChart view={view} />
      <p>{progressWords(view)}</p>
      {view.strip.prompts.length > 0 && <Strip view={view} url={url} />}
    </div>
  );
}
