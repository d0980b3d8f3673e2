// A training in a notebook: how far it is, what it loses, what it paints, and what came out.

import { Copy } from "../editor/Copy";
import { useStored } from "../editor/store";
import { type LiveView, progressWords } from "../media/liveView";
import { LossChart } from "../media/Training";
import { Icon } from "../playground/icons";
import { Alert, Frame, Problems } from "./Frame";
import { Samples } from "./Samples";
import type { Training, Watch } from "./watch";

const STATUS = {
  waiting: "Waiting",
  running: "Training",
  stopped: "Stopped",
  finished: "Finished",
  failed: "Failed",
};
const METHODS: Record<string, string> = { lora: "LoRA", prompt: "Prompt tuning", full: "Full fine-tuning" };

function Buttons({ watch, status }: { watch: Watch; status: Training["status"] }) {
  const stopping = useStored(watch.stopping);
  if (status === "running" || status === "waiting") {
    return (
      <button
        type="button"
        className="pt-button"
        disabled={stopping}
        title="Ends after this step and keeps the best so far"
        onClick={() => void watch.stop()}
      >
        <Icon name="stop" /> {stopping ? "Stopping …" : "Stop"}
      </button>
    );
  }
  if (status === "finished") return null;
  return (
    <button type="button" className="pt-button" title="Goes on where it was" onClick={() => void watch.resume()}>
      <Icon name="play" /> Go on
    </button>
  );
}

function Progress({ training }: { training: Training }) {
  const { view, note, status } = training;
  const words = [note, view ? progressWords(view) : STATUS[status]].filter(Boolean).join(" · ");
  return (
    <div className="pt-progress">
      <progress max={view?.steps ?? 1} value={view?.step ?? 0} aria-label="Steps" />
      <p role="status">{words}</p>
    </div>
  );
}

function Legend({ view }: { view: LiveView }) {
  const steady = view.steady_is_held_out ? "on held-out pictures" : "on the same noise each time";
  return (
    <ul className="pt-legend">
      <li data-line="raw">loss of each step</li>
      <li data-line="smooth">smoothed</li>
      {view.steady.length > 0 && <li data-line="steady">{steady}</li>}
      {view.others.length > 0 && (
        <li data-line="other" title={view.others.map(({ name }) => name).join("\n")}>
          {view.others.length === 1 ? view.others[0]?.name : `${view.others.length} earlier trainings`}
        </li>
      )}
    </ul>
  );
}

function Made({ training }: { training: Training }) {
  const { weights, trigger, code, status } = training;
  if (!weights || status === "running") return null;
  return (
    <section className="pt-made" aria-label="What came out">
      <dl>
        {trigger && (
          <>
            <dt>Trigger word</dt>
            <dd>
              <b>{trigger}</b> <Copy text={trigger} what="the trigger word" />
            </dd>
          </>
        )}
        <dt>Weights</dt>
        <dd>
          <code>{weights}</code> <Copy text={weights} what="the path" />
        </dd>
      </dl>
      {code && (
        <div className="pt-code">
          <pre>{code}</pre>
          <Copy text={code} what="the Python" />
        </div>
      )}
    </section>
  );
}

export function TrainingPanel({ watch }: { watch: Watch }) {
  const training = useStored(watch.training);
  const strip = useStored(watch.strip);
  const words = useStored(watch.words);
  if (!training) {
    return (
      <Frame label="Training">
        {words ? <Alert words={words} /> : <p className="pt-asking">Asking the kernel …</p>}
      </Frame>
    );
  }
  const { name, status, error, problems, view } = training;
  return (
    <Frame label={`Training ${name}`}>
      <header className="pt-head">
        <h1>{name}</h1>
        {view && <span className="pt-about">{METHODS[view.method] ?? view.method}</span>}
        <span className="pt-status" data-status={status}>
          {STATUS[status] ?? status}
        </span>
        <Buttons watch={watch} status={status} />
      </header>
      <Progress training={training} />
      <Alert words={error} />
      <Alert words={words} />
      <Problems problems={problems} />
      {view && (
        <div className="pt-curves">
          <LossChart view={view} />
          <Legend view={view} />
        </div>
      )}
      <Made training={training} />
      {strip && <Samples watch={watch} strip={strip.head} url={strip.url} />}
    </Frame>
  );
}
