// Getting a model: what it is given under stands there first, then how far it is.

import { Fragment, useState, useSyncExternalStore } from "react";
import { type ModelDesk, useGettings } from "../bridge/models";
import type { GettingModel, ModelEntry } from "../bridge/protocol";
import { formatBytes } from "../nodes/values";
import { copyText } from "./copy";
import { Icon } from "./icons";
import { formatSize } from "./values";

const ASKS_FIRST =
  "Its owner asks first: agree to the licence on its page on the Hub, and set HF_TOKEN before the kernel starts.";

/** What is known by now: more than the entry says, once the Hub was asked. */
function useKnown(model: ModelEntry, desk: ModelDesk): [ModelEntry, string] {
  const about = useSyncExternalStore(desk.subscribe, desk.abouts, desk.abouts).get(model.name);
  if (typeof about !== "object") return [model, about ?? ""];
  return [{ ...model, ...about, title: model.title, installed: model.installed }, ""];
}

interface Props {
  model: ModelEntry;
  desk: ModelDesk;
}

/** A button that gets a model that is not here, in its place the progress, or why it could not be got. */
export function GetModel({ model: entry, desk }: Props) {
  const source = entry.name;
  const getting = useGettings(desk).get(source);
  const [model, trouble] = useKnown(entry, desk);
  if (model.installed || getting?.state === "done") return null;
  if (model.command) return <ByHand command={model.command} />;
  if (getting?.state === "getting") return <Progress getting={getting} title={model.title} desk={desk} />;
  const size = model.megabytes > 0 ? ` (${formatSize(model.megabytes)})` : "";
  // Nobody gets what nobody knows the licence of.
  const unknown = !model.licence;
  const words = unknown ? trouble || "The Hub says how large it is, and under which licence." : licenceWords(model);
  const failed = getting?.state === "failed";
  return (
    <div className="pf-getting">
      <p className="pf-getting-words" role={failed ? "alert" : undefined}>
        {failed ? getting.words : words}
      </p>
      <button
        type="button"
        className="pf-plain pf-get"
        aria-label={unknown ? `Ask the Hub about ${model.title}` : `Get ${model.title}${size}`}
        onClick={() => void (unknown ? desk.look(source) : desk.get(source))}
      >
        {unknown ? "Ask the Hub" : getting ? "Go on" : `Get${size}`}
      </button>
    </div>
  );
}

/** Words that get what no page can, to be typed where Python lives. */
function ByHand({ command }: { command: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div className="pf-getting">
      <p className="pf-getting-words">It comes with a Python package. Install that, then restart the kernel:</p>
      <button
        type="button"
        className="pf-command"
        aria-label={copied ? "Copied" : `Copy ${command}`}
        title={copied ? "Copied" : "Copy"}
        onClick={() => void copyText(command).then(setCopied)}
      >
        <code>
          {command.split(" ").map((word, place) => (
            // A line ends between words, not after a hyphen.
            <Fragment key={word}>
              {place > 0 && " "}
              <span>{word}</span>
            </Fragment>
          ))}
        </code>
        <Icon name={copied ? "check" : "copy"} />
      </button>
    </div>
  );
}

const licenceWords = ({ licence, gated }: ModelEntry) => `Licence: ${licence}.${gated ? ` ${ASKS_FIRST}` : ""}`;

function Progress({ getting, title, desk }: { getting: GettingModel; title: string; desk: ModelDesk }) {
  const { source, done, total } = getting;
  const known = total > 0;
  const words = known ? `${formatBytes(done)} of ${formatBytes(total)}` : getting.words || "Asking the Hub…";
  return (
    <div className="pf-getting">
      <progress aria-label={`Getting ${title}`} max={known ? total : undefined} value={known ? done : undefined} />
      <span className="pf-getting-words">{words}</span>
      <button
        type="button"
        className="pf-plain"
        aria-label={`Cancel getting ${title}`}
        onClick={() => desk.stop(source)}
      >
        Cancel
      </button>
    </div>
  );
}
