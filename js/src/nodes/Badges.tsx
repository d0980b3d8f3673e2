// What a card's header says of its node in a word: how far it is, that it is stale, that its result stands.

import { useState } from "react";
import type { NodeRun } from "../bridge/runs";
import { PinIcon } from "../editor/icons";
import { useEditor } from "../editor/view";
import type { Card } from "./card";
import { fractionOf, useSeconds } from "./useRow";
import { countOf, formatSeconds, formatWait } from "./values";
import "./marks.css";

/** How far a node is that cannot tell: for how long it has been at it. */
function Waited({ since }: { since: number | null }) {
  const seconds = useSeconds(since);
  return seconds < 1 ? (
    <span className="pf-spinner" aria-hidden="true" />
  ) : (
    <span className="pf-badge" aria-hidden="true">
      {formatWait(seconds)}
    </span>
  );
}

function Running({ run }: { run: NodeRun }) {
  if (run.item) return <span className="pf-badge">{`${run.item[0] + 1} of ${run.item[1]}`}</span>;
  if (run.fraction === null) return <Waited since={run.since} />;
  return <span className="pf-badge">{`${Math.round(run.fraction * 100)} %`}</span>;
}

function Done({ run }: { run: NodeRun }) {
  const took = run.took === null ? "" : formatSeconds(run.took);
  if (run.items !== null) {
    const failed = run.failedItems > 0 ? `, ${run.failedItems} failed` : "";
    const title = `It was run on ${countOf(run.items, "item")}${failed}${run.cached ? ", all cached" : took && `, in ${took}`}.`;
    return (
      <span className="pf-badge pf-times" title={title}>
        ×{run.items}
      </span>
    );
  }
  if (run.cached)
    return (
      <span className="pf-badge" title="Nothing it depends on has changed.">
        cached
      </span>
    );
  return took === "" ? null : <span className="pf-badge">{took}</span>;
}

const ASKING = "The kernel is asked why…";
const UNKNOWN = "It would give another result now.";

/** Says why, in the kernel's words, to who hovers over it or comes to it by keys. */
function Stale({ id }: { id: string }) {
  const { session, view } = useEditor();
  const [words, setWords] = useState("");
  const tell = (badge: HTMLElement) => {
    const box = badge.getBoundingClientRect();
    const at = { x: box.left - 14, y: box.top };
    const say = (text: string) => view.bubble.set({ at, words: text, node: id });
    // An edit may be all that lies between two reasons.
    const { rev, pending } = session.sync.snapshot();
    const state = `${rev} ${pending} ${session.runs.snapshot().run} ${session.runs.snapshot().status}`;
    say(words || ASKING);
    void session.whys.ask(id, state).then((text) => {
      setWords(text || UNKNOWN);
      if (view.bubble.get()?.node === id) say(text || UNKNOWN);
    });
  };
  const end = () => {
    if (view.bubble.get()?.node === id) view.bubble.set(null);
  };
  return (
    <button
      type="button"
      className="pf-badge pf-stale nodrag nopan"
      aria-label={words ? `Stale: ${words}` : "Stale: why?"}
      onPointerEnter={(event) => tell(event.currentTarget)}
      onPointerLeave={end}
      onFocus={(event) => tell(event.currentTarget)}
      onBlur={end}
      onClick={(event) => tell(event.currentTarget)}
    >
      stale
    </button>
  );
}

/** One word or number at most: there is no room for two. */
export function Badge({ card, run, stale }: { card: Card; run: NodeRun | undefined; stale: boolean }) {
  if (run?.state === "running") return <Running run={run} />;
  if (run?.state === "waiting") return <span className="pf-badge">waiting</span>;
  if (run?.state === "asking") return <span className="pf-badge pf-asks">asks</span>;
  if (card.muted)
    return (
      <span className="pf-badge" title="It does nothing; what comes in is passed on. M wakes it.">
        muted
      </span>
    );
  if (stale) return <Stale id={card.id} />;
  return run?.state === "done" || run?.state === "failed" ? <Done run={run} /> : null;
}

const HOLDS = "Pinned: its last result stands, whatever changes before it. P takes the pin off.";
const LOOSE = "The pin no longer holds: its settings or its edges have changed. P takes it off, P again pins it anew.";

/** Its last result stands; loose where it no longer does. */
export function PinMark({ loose }: { loose: boolean }) {
  const words = loose ? LOOSE : HOLDS;
  return (
    <span className="pf-pin" role="img" aria-label={words} title={words} data-loose={loose || undefined}>
      <PinIcon />
    </span>
  );
}

export function Progress({ run, title }: { run: NodeRun | undefined; title: string }) {
  if (run?.state !== "running") return null;
  const fraction = fractionOf(run);
  const percent = Math.round((fraction ?? 0) * 100);
  return (
    <div
      className="pf-progress"
      role="progressbar"
      aria-label={`Progress of ${title}`}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(fraction === null ? {} : { "aria-valuenow": percent })}
      data-known={fraction !== null}
    >
      <div style={fraction === null ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
