// One generation: how far it is, what it gave, or why it gave nothing.

import { useStored } from "../editor/store";
import type { Json } from "../flow/document";
import { isOver, type Job } from "./backend";
import { usePlay } from "./context";
import { costOf } from "./cost";
import { Icon } from "./icons";
import { Outputs } from "./Outputs";

/** The shape of the picture that will come, where the inputs tell it. */
function shapeOf({ inputs }: Job): string {
  const [width, height] = [Number(inputs.width), Number(inputs.height)];
  return width > 0 && height > 0 ? `${width} / ${height}` : "1";
}

function statusOf(job: Job): string {
  if (job.status === "queued") return job.position ? `${job.position} before it` : "Next in the queue";
  return job.note || "Running";
}

function Waiting({ job }: { job: Job }) {
  const play = usePlay();
  const preview = useStored(play.previews)[job.id];
  const { result } = play.about;
  const isSeen = Object.values(result.properties ?? {}).some((each) => /image|mask|video/.test(each["x-type"] ?? ""));
  const share = job.status === "running" ? job.progress : null;
  return (
    <div className="pp-waiting" data-status={job.status} style={isSeen ? { aspectRatio: shapeOf(job) } : undefined}>
      {preview && <img src={preview} alt="Not finished yet" />}
      <div className="pp-waiting-foot">
        <span className="pp-status" role="status">
          {statusOf(job)}
          {share !== null && share > 0 && `, ${Math.round(100 * share)} %`}
        </span>
        <button type="button" className="pp-quiet" onClick={() => void play.cancel(job.id)}>
          <Icon name="close" /> Cancel
        </button>
        <progress value={share ?? undefined} aria-label="Progress" />
      </div>
    </div>
  );
}

function Failed({ job }: { job: Job }) {
  if (job.status === "canceled") return <p className="pp-gone">Cancelled.</p>;
  return (
    <div className="pp-failed" role="alert">
      <Icon name="alert" />
      <p>{job.error?.message ?? "It gave nothing."}</p>
    </div>
  );
}

function Seeds({ job }: { job: Job }) {
  const play = usePlay();
  const seeds = Object.entries(job.seeds ?? {}).filter((entry): entry is [string, Json] => entry[1] !== null);
  return seeds.map(([name, seed]) => {
    const field = play.field(name);
    const words = `${field ? field.title.toLowerCase() : name.split(".").at(-1)} ${String(seed)}`;
    if (!field || Array.isArray(seed)) {
      return (
        <span key={name} title={`${name}: a seed within the flow`}>
          {words}
        </span>
      );
    }
    return (
      <button
        key={name}
        type="button"
        className="pp-seed-used"
        title="Use this seed"
        onClick={() => play.set(name, seed)}
      >
        {words}
      </button>
    );
  });
}

function Foot({ job }: { job: Job }) {
  const play = usePlay();
  const cost = costOf(job);
  return (
    <footer>
      <div>
        {cost && (
          <span title={cost.hint}>
            <Icon name="clock" /> {cost.words}
          </span>
        )}
        <Seeds job={job} />
      </div>
      <button
        type="button"
        className="pp-icon"
        aria-label="Bring its inputs back"
        title="Bring its inputs back into the form"
        onClick={() => play.bringBack(job)}
      >
        <Icon name="back" />
      </button>
    </footer>
  );
}

export function Card({ job, number }: { job: Job; number: number }) {
  return (
    <article
      className="pp-card"
      data-job={job.id}
      data-status={job.status}
      aria-label={`Generation ${number}`}
      aria-busy={!isOver(job)}
    >
      {!isOver(job) && <Waiting job={job} />}
      {job.status === "succeeded" && <Outputs job={job} />}
      {(job.status === "failed" || job.status === "canceled") && <Failed job={job} />}
      {isOver(job) && <Foot job={job} />}
    </article>
  );
}
