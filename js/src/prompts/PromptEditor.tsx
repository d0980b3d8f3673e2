// One prompt, large: what models read of it, what its words weigh, styles, what was written before.

import { useMemo, useRef, useState } from "react";
import { type PromptPlace, placeKey, useReading } from "../bridge/prompts";
import { useFlow } from "../bridge/sync";
import { useDraft } from "../controls/draft";
import { Tabs } from "../controls/Tabs";
import { formatText, readText } from "../controls/values";
import { change, changeDefault } from "../editor/actions";
import { keepKeys } from "../editor/asking";
import { CloseIcon } from "../editor/icons";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";
import { withWords } from "../flow/modelFeed";
import { useReadBy } from "../nodes/promptAccess";
import { Facts } from "./Facts";
import { History } from "./History";
import { fullest } from "./meter";
import { Page, type PageHand } from "./Page";
import { Styles } from "./Styles";
import { type Written, writtenAt } from "./written";
import "./prompts.css";

const TABS = [
  ["read", "Reading", "What each text encoder reads"],
  ["styles", "Styles", "Words to put around the prompt"],
  ["history", "History", "What was written here, and what became of it"],
] as const;

type Tab = (typeof TABS)[number][0];

function Editing({ place, written }: { place: PromptPlace; written: Written }) {
  const editor = useEditor();
  const { session } = editor;
  const { port, value, preset, title } = written;
  const [tab, setTab] = useState<Tab>("read");
  const [tokens, setTokens] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const hand = useRef<PageHand>(null);
  const draft = useDraft({
    value,
    preset,
    format: formatText,
    read: (text) => readText(text, port),
    live: true,
    lines: true,
    onChange: (next, phase) => {
      const same = next !== null && next === port.default ? null : next;
      if ("input" in place) changeDefault(editor, place.input, same, phase === "typing");
      else change(editor, place.node, place.port, same, phase === "typing");
    },
  });
  const by = useReadBy(place);
  const reading = useReading(session.prompts, place, draft.text, by);
  const shown = reading?.readers.find(({ name, model }) => `${model} ${name}` === chosen);
  const reader = shown ?? (reading && fullest(reading)?.reader) ?? null;
  const put = (text: string) => draft.typing.choose(text);
  return (
    <div className="pf-prompting">
      <div className="pf-prompt-main">
        <Page ref={hand} draft={draft} reading={reading} reader={reader} tokens={tokens} label={title} put={put} />
        <Facts
          place={place}
          text={draft.text}
          reading={reading}
          tokens={tokens}
          setTokens={setTokens}
          weigh={(by) => hand.current?.weigh(by)}
          add={(words) => put(withWords(draft.text, words))}
        />
      </div>
      <div className="pf-prompt-aside">
        <Tabs label="About this prompt" tabs={TABS} chosen={tab} choose={setTab} />
        <div className="pf-prompt-tab nowheel" data-tab={tab}>
          {tab === "read" && <Facts.Readers reading={reading} text={draft.text} reader={reader} choose={setChosen} />}
          {tab === "styles" && <Styles text={draft.text} put={put} isNegative={port.control?.negative === true} />}
          {tab === "history" && <History place={place} text={draft.text} put={put} />}
        </div>
      </div>
    </div>
  );
}

/** The editor of one prompt, over the canvas. */
export function PromptEditor() {
  const { session, view } = useEditor();
  const open = useStored(view.panel) === "prompt";
  const place = useStored(view.prompt);
  const { flow } = useFlow(session.sync);
  const types = session.model.get("types");
  const written = useMemo(
    () => (place && open ? writtenAt(flow, types ?? {}, place) : null),
    [flow, types, place, open],
  );
  if (!open || !place) return null;
  const close = () => {
    view.panel.set(null);
    view.root?.focus({ preventScroll: true });
  };
  return (
    <section
      className="pf-inside pf-export pf-prompts"
      role="dialog"
      aria-label={written ? `Prompt: ${written.title}` : "Prompt"}
      // Keys and copies are for what is written here, not for the nodes behind it; undo is for both.
      onKeyDown={(event) => {
        const undo = (event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key);
        const run = (event.ctrlKey || event.metaKey) && event.key === "Enter";
        if (event.key !== "Escape" && !undo && !run) event.stopPropagation();
      }}
      onClick={() => keepKeys(view)}
      onCopy={(event) => event.stopPropagation()}
    >
      <header>
        <strong>{written?.title ?? "Prompt"}</strong>
        <span>{written?.of}</span>
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </header>
      {written ? (
        <Editing key={placeKey(place)} place={place} written={written} />
      ) : (
        <p className="pf-none">This prompt is not there any more, or comes over an edge now.</p>
      )}
    </section>
  );
}
