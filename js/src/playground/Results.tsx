// The right half: what is looked at, as results, as JSON, as code; and what was made before.

import { useEffect, useRef, useState } from "react";
import { Tabs } from "../controls/Tabs";
import { useStored } from "../editor/store";
import { Card } from "./Card";
import { usePlay } from "./context";
import { History } from "./History";
import { Icon, type IconName } from "./icons";
import { Code, Raw } from "./Panels";

type Tab = "results" | "json" | "code";
const TABS: [Tab, title: string][] = [
  ["results", "Results"],
  ["json", "JSON"],
  ["code", "Code"],
];

function emptyIcon(types: readonly string[]): IconName {
  const kinds: [RegExp, IconName][] = [
    [/video/, "film"],
    [/audio/, "sound"],
    [/image|mask/, "picture"],
  ];
  return kinds.find(([kind]) => types.some((type) => kind.test(type)))?.[1] ?? "words";
}

function Empty() {
  const { about } = usePlay();
  const types = Object.values(about.result.properties ?? {}).map((each) => each["x-type"] ?? "");
  return (
    <div className="pp-empty">
      <Icon name={emptyIcon(types)} />
      <p>What you generate appears here.</p>
      <p className="pp-help">
        <kbd>Ctrl</kbd> <kbd>Enter</kbd> starts it from any field.
      </p>
    </div>
  );
}

function Notices() {
  const play = usePlay();
  const notice = useStored(play.notice);
  const isThere = useStored(play.isThere);
  return (
    <>
      {!isThere && (
        <p className="pp-notice" data-tone="alert" role="alert">
          <Icon name="alert" />
          <span>
            Nobody answers at the other end. The form and the results stay, and it is tried again every few seconds.
          </span>
        </p>
      )}
      {notice && (
        <p className="pp-notice" data-tone={notice.tone} role={notice.tone === "alert" ? "alert" : "status"}>
          <Icon name={notice.tone === "alert" ? "alert" : "check"} />
          <span>{notice.words}</span>
          <button type="button" className="pp-icon" aria-label="Close" onClick={() => play.notice.set(null)}>
            <Icon name="close" />
          </button>
        </p>
      )}
    </>
  );
}

/** Below the form, on a phone, what was started would not be seen. */
function useSight(shown: readonly string[]) {
  const section = useRef<HTMLElement>(null);
  const before = useRef(shown);
  useEffect(() => {
    const top = section.current?.getBoundingClientRect().top ?? 0;
    if (before.current !== shown && top > innerHeight * 0.8) section.current?.scrollIntoView({ behavior: "smooth" });
    before.current = shown;
  }, [shown]);
  return section;
}

export function Results() {
  const play = usePlay();
  const [tab, setTab] = useState<Tab>("results");
  const all = useStored(play.jobs);
  const shown = useStored(play.shown);
  const section = useSight(shown);
  const jobs = shown.flatMap((id) => all.find((job) => job.id === id) ?? []);
  return (
    <section ref={section} className="pp-results" aria-label="Results">
      <Tabs className="pp-tabs" label="View" tabs={TABS} chosen={tab} choose={setTab} />
      <Notices />
      {tab === "results" &&
        (jobs.length === 0 ? (
          <Empty />
        ) : (
          <div className="pp-cards" data-count={Math.min(jobs.length, 4)}>
            {jobs.map((job, place) => (
              <Card key={job.id} job={job} number={place + 1} />
            ))}
          </div>
        ))}
      {tab === "json" && <Raw jobs={jobs} />}
      {tab === "code" && <Code />}
      <History />
    </section>
  );
}
