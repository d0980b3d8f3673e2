import { useCosts } from "../bridge/costs";
import { useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import { estimateLines, estimateWords } from "../costs/words";
import { countOf } from "../nodes/values";
import { AutoIcon, CloseIcon, DownIcon, RunIcon, StopIcon } from "./icons";
import { Menu, type MenuItem } from "./Menu";
import { run, runSelected, setAutoRun } from "./running";
import { useStored } from "./store";
import { useEditor } from "./view";

/** Run and Stop stand in one place: what can be done now is what is there. */
function RunOrStop() {
  const editor = useEditor();
  const { session } = editor;
  const { status, stopping } = useRuns(session.runs);
  const { estimate } = useCosts(session.costs);
  const nodes = useFlow(session.sync).flow.nodes.size;
  if (status === "running") {
    const words = stopping ? "Stop now" : "Stop";
    return (
      <button
        type="button"
        className="pf-button pf-run pf-stop"
        aria-label={words}
        title={stopping ? "The kernel was asked to stop. Again: end what runs at once." : "Stop the run"}
        onClick={() => session.runs.stop()}
      >
        <StopIcon />
        <span className="pf-run-words">{words}</span>
      </button>
    );
  }
  return (
    <button
      type="button"
      className="pf-button pf-run"
      aria-label="Run"
      title={["Run (Ctrl Enter)", ...(estimate && nodes > 0 ? estimateLines(estimate) : [])].join("\n")}
      disabled={nodes === 0}
      onClick={() => run(editor, null)}
    >
      <RunIcon />
      <span className="pf-run-words">
        Run
        {nodes > 0 && estimate && <small>{estimateWords(estimate)}</small>}
      </span>
    </button>
  );
}

function RunMenu() {
  const editor = useEditor();
  const { session, view } = editor;
  const { flow } = useFlow(session.sync);
  const selected = [...useStored(session.selection)].filter((id) => flow.nodes.has(id)).length;
  const timeline = useStored(view.timeline);
  const auto = useTrait(session.model, "options")?.auto_run === true;
  const words = selected > 1 ? `Run ${selected} nodes` : "Run selected";
  const items: MenuItem[] = [
    { title: "Run all", keys: "Ctrl Enter", disabled: flow.nodes.size === 0, act: () => run(editor, null) },
    { title: words, keys: "Shift Enter", disabled: selected === 0, act: () => runSelected(editor) },
    { title: "Auto-run", checked: auto, act: () => setAutoRun(editor, !auto) },
    { title: "Timeline", checked: timeline, act: () => view.timeline.set(!timeline) },
    { title: "Models", act: () => view.panel.set("models") },
    { title: "Usage and budgets", act: () => view.panel.set("costs") },
    { title: "Publish", act: () => view.panel.set("publish") },
  ];
  return <Menu label="Run" className="pf-run-menu" items={items} close={() => view.panel.set(null)} />;
}

/** How many runs wait, and the way to take them out. */
function Queued() {
  const { session } = useEditor();
  const { queued } = useRuns(session.runs);
  if (queued === 0) return null;
  const words = `${countOf(queued, "run")} queued`;
  return (
    <button
      type="button"
      className="pf-queued"
      aria-label={`${words}. Take ${queued === 1 ? "it" : "them"} out`}
      title={`${words}: press to take ${queued === 1 ? "it" : "them"} out`}
      onClick={() => session.runs.clearQueue()}
    >
      +{queued} <CloseIcon />
    </button>
  );
}

export function RunButtons() {
  const { view } = useEditor();
  const open = useStored(view.panel) === "run";
  return (
    <div className="pf-runs">
      <RunOrStop />
      <button
        type="button"
        className="pf-button pf-run-more"
        aria-label="More ways to run"
        title="More ways to run"
        aria-haspopup="menu"
        aria-expanded={open}
        // The menu closes itself when the pointer goes down elsewhere; here it would only open again.
        onPointerDown={(event) => open && event.stopPropagation()}
        onClick={() => view.panel.set(open ? null : "run")}
      >
        <DownIcon />
      </button>
      <Queued />
      {open && <RunMenu />}
    </div>
  );
}

/** Runs after each edit that can change a result. */
export function AutoRun() {
  const editor = useEditor();
  const on = useTrait(editor.session.model, "options")?.auto_run === true;
  return (
    <button
      type="button"
      className="pf-button pf-auto pf-roomy-only"
      aria-label="Auto-run"
      aria-pressed={on}
      title={
        on
          ? "Auto-run is on: each edit that can change a result runs the flow. Nodes that write files wait for Run."
          : "Auto-run: run after each edit that can change a result"
      }
      onClick={() => setAutoRun(editor, !on)}
    >
      <AutoIcon />
      <span className="pf-auto-words">Auto</span>
    </button>
  );
}
