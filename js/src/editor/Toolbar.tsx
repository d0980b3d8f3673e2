import type { ReactNode } from "react";
import { useRuns } from "../bridge/runs";
import { useFlow } from "../bridge/sync";
import { run } from "./actions";
import { FileState } from "./FileState";
import { useFullScreen } from "./fullScreen";
import {
  AddIcon,
  FitIcon,
  FullIcon,
  LeaveFullIcon,
  MinusIcon,
  RedoIcon,
  RunIcon,
  StopIcon,
  UndoIcon,
  VersionsIcon,
} from "./icons";
import { useStored } from "./store";
import { useEditor } from "./view";
import "./toolbar.css";

interface ButtonProps {
  name: string;
  keys?: string;
  icon: ReactNode;
  disabled?: boolean;
  pressed?: boolean;
  act: () => void;
}

function Button({ name, keys, icon, disabled = false, pressed, act }: ButtonProps) {
  return (
    <button
      type="button"
      className="pf-button"
      aria-label={name}
      aria-pressed={pressed}
      title={keys ? `${name} (${keys})` : name}
      disabled={disabled}
      onClick={act}
    >
      {icon}
    </button>
  );
}

/** Run and Stop stand in one place: what can be done now is what is there. */
function RunButton() {
  const editor = useEditor();
  const { session } = editor;
  const { status, stopping } = useRuns(session.runs);
  const nodes = useFlow(session.sync).flow.nodes.size;
  if (status === "running") {
    return (
      <button
        type="button"
        className="pf-button pf-run pf-stop"
        aria-label="Stop"
        title={stopping ? "The kernel was asked to stop." : "Stop the run"}
        onClick={() => session.runs.stop()}
      >
        <StopIcon />
        <span className="pf-run-words">{stopping ? "Stopping…" : "Stop"}</span>
      </button>
    );
  }
  return (
    <button
      type="button"
      className="pf-button pf-run"
      aria-label="Run"
      title="Run (Ctrl Enter)"
      disabled={nodes === 0}
      onClick={() => run(editor, null)}
    >
      <RunIcon />
      <span className="pf-run-words">Run</span>
    </button>
  );
}

function ZoomButtons() {
  const { view } = useEditor();
  const zoom = useStored(view.zoom);
  return (
    <div className="pf-zoom">
      <Button name="Zoom out" icon={<MinusIcon />} act={() => view.canvas?.zoomBy(1 / 1.25)} />
      <span className="pf-percent" title="Zoom">
        {Math.round(zoom * 100)} %
      </span>
      <Button name="Zoom in" icon={<AddIcon />} act={() => view.canvas?.zoomBy(1.25)} />
    </div>
  );
}

export function Toolbar() {
  const { session, view } = useEditor();
  const { canUndo, canRedo, ready } = useFlow(session.sync);
  const panel = useStored(view.panel);
  const full = useFullScreen();
  const openPalette = () => view.palette.set({ at: null, beside: null, from: null });
  return (
    <div className="pf-toolbar" role="toolbar" aria-label="Flow">
      <RunButton />
      <Button name="Add a node" keys="Tab" icon={<AddIcon />} disabled={!ready} act={openPalette} />
      <span className="pf-divider" />
      <Button name="Undo" keys="Ctrl Z" icon={<UndoIcon />} disabled={!canUndo} act={() => session.sync.undo()} />
      <Button name="Redo" keys="Shift Ctrl Z" icon={<RedoIcon />} disabled={!canRedo} act={() => session.sync.redo()} />
      <FileState />
      <Button
        name="Versions"
        icon={<VersionsIcon />}
        pressed={panel === "versions"}
        act={() => view.panel.set(panel === "versions" ? null : "versions")}
      />
      <span className="pf-divider pf-wide-only" />
      <ZoomButtons />
      <Button name="Fit" keys="Home" icon={<FitIcon />} act={() => view.canvas?.fit()} />
      <Button
        name="Full screen"
        icon={full.on ? <LeaveFullIcon /> : <FullIcon />}
        pressed={full.on}
        act={() => full.toggle()}
      />
    </div>
  );
}
