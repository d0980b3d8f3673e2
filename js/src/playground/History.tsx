// Everything that was made, newest first: a click shows it, and brings back what it was made from.

import { useStored } from "../editor/store";
import { isOver, type Job } from "./backend";
import { usePlay } from "./context";
import { Icon, type IconName } from "./icons";
import { firstPicture, isMedium } from "./Outputs";
import { useUrl } from "./useUrl";

const MOST = 60;

function Thumbnail({ id }: { id: string }) {
  const url = useUrl(id);
  return url ? <img src={url} alt="" loading="lazy" /> : <Icon name="picture" />;
}

function iconOf(job: Job): IconName {
  if (job.status === "failed") return "alert";
  if (job.status === "canceled") return "close";
  if (!isOver(job)) return "clock";
  const [first] = Object.values(job.outputs ?? {});
  if (!isMedium(first)) return "words";
  return first.type.startsWith("audio/") ? "sound" : first.type.startsWith("video/") ? "film" : "picture";
}

function Face({ job }: { job: Job }) {
  const preview = useStored(usePlay().previews)[job.id];
  const picture = firstPicture(job);
  if (preview) return <img src={preview} alt="" />;
  if (picture) return <Thumbnail id={picture.id} />;
  const [first] = Object.values(job.outputs ?? {});
  if (typeof first === "string" || typeof first === "number")
    return <span className="pp-thumb-words">{String(first).slice(0, 40)}</span>;
  return <Icon name={iconOf(job)} />;
}

/** What a generation is known by: its prompt, or the first text that went in. */
function nameOf(job: Job): string {
  const text = Object.values(job.inputs).find((value) => typeof value === "string" && value.length > 0);
  const at = new Date(job.created_at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const how = { queued: "waiting", running: "running", succeeded: "", failed: "failed", canceled: "cancelled" }[
    job.status
  ];
  return [typeof text === "string" ? text.slice(0, 80) : "", at, how].filter(Boolean).join(", ");
}

export function History() {
  const play = usePlay();
  const jobs = useStored(play.jobs);
  const shown = useStored(play.shown);
  if (jobs.length === 0) return null;
  const show = (job: Job) => {
    play.shown.set([job.id]);
    play.bringBack(job);
  };
  return (
    <nav className="pp-history" aria-label="History">
      <ol>
        {jobs.slice(0, MOST).map((job) => (
          <li key={job.id}>
            <button
              type="button"
              className="pp-thumb"
              data-status={job.status}
              aria-current={shown.includes(job.id)}
              aria-label={`Show ${nameOf(job)}`}
              aria-busy={!isOver(job)}
              title={nameOf(job)}
              onClick={() => show(job)}
            >
              <Face job={job} />
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
