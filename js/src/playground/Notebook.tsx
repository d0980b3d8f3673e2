// The playground in a notebook: its kernel runs what is played, and keeps what the form shows.

import { useEffect, useRef, useState } from "react";
import type { EditorModel } from "../bridge/protocol";
import { insertBelow } from "../editor/kernel";
import { debounced } from "../editor/store";
import type { Opened } from "./backend";
import { saveText } from "./files";
import { Icon } from "./icons";
import type { KernelBackend } from "./kernelBackend";
import { Copy } from "./Outputs";
import { Frame, Playground } from "./Playground";
import { Play, wordsOf } from "./play";

const REST_MS = 400;

/** The playground of a kernel; it begins anew, with the values that were there, when the flow is another. */
function usePlayOf(backend: KernelBackend): Play | string | null {
  const [play, setPlay] = useState<Play | string | null>(null);
  useEffect(() => {
    let current: Play | null = null;
    let gone = false;
    const open = async () => {
      try {
        const about = await backend.about();
        const next = new Play(backend, about);
        await next.readHistory();
        if (gone) return next.close();
        if (current) next.shown.set(current.shown.get());
        const rest = debounced(REST_MS, () => backend.keep(next.request()));
        next.values.subscribe(rest.ask);
        current?.close();
        current = next;
        setPlay(next);
      } catch (error) {
        if (!gone) setPlay(wordsOf(error));
      }
    };
    const end = backend.onChanged(() => void open());
    void open();
    return () => {
      gone = true;
      end();
      current?.close();
    };
  }, [backend]);
  return play;
}

/** The flow as code and as a file, where no cell could be made of it. */
function Taken({ opened, close }: { opened: Opened; close(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="pp-taken" aria-label="The flow" onClose={close}>
      <header>
        <h3>The flow, for a cell of its own</h3>
        <Copy text={opened.python} />
        <button
          type="button"
          className="pp-quiet"
          onClick={() => saveText(opened.file, opened.document, "application/json")}
        >
          <Icon name="save" /> {opened.file}
        </button>
        <button type="button" className="pp-icon" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <pre className="pp-code">{opened.python}</pre>
    </dialog>
  );
}

function Open({ play, model }: { play: Play; model: EditorModel }) {
  const button = useRef<HTMLButtonElement>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const open = async () => {
    try {
      const told = await play.backend.open?.(play.request());
      if (!told) return;
      const cell = { cell_type: "code", source: told.python, metadata: {} };
      if (insertBelow(model, button.current, [cell])) play.say("The flow stands in a cell below.", "info");
      else setOpened(told);
    } catch (error) {
      play.say(wordsOf(error));
    }
  };
  return (
    <>
      <button ref={button} type="button" className="pp-quiet" onClick={() => void open()}>
        <Icon name="flow" /> Open as flow
      </button>
      {opened && <Taken opened={opened} close={() => setOpened(null)} />}
    </>
  );
}

export function Notebook({ backend, model }: { backend: KernelBackend; model: EditorModel }) {
  const play = usePlayOf(backend);
  if (play === null) {
    return (
      <Frame>
        <p className="pp-gone">Asking the kernel …</p>
      </Frame>
    );
  }
  if (typeof play === "string") {
    return (
      <Frame>
        <p className="pp-notice" data-tone="alert" role="alert">
          <Icon name="alert" /> {play}
        </p>
      </Frame>
    );
  }
  return <Playground play={play} tools={<Open play={play} model={model} />} />;
}
