import { useFlow } from "../bridge/sync";
import { Button } from "./Button";
import { FileState } from "./FileState";
import { useFullScreen } from "./fullScreen";
import {
  AddIcon,
  ExportIcon,
  FitIcon,
  FullIcon,
  LeaveFullIcon,
  MinusIcon,
  ModelsIcon,
  PublishIcon,
  RedoIcon,
  TimelineIcon,
  UndoIcon,
  VersionsIcon,
} from "./icons";
import { AutoRun, RunButtons } from "./RunButtons";
import { useStored } from "./store";
import { useEditor } from "./view";
import "./toolbar.css";

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
  const timeline = useStored(view.timeline);
  const full = useFullScreen();
  const openPalette = () => view.palette.set({ at: null, beside: null, from: null });
  return (
    <div className="pf-toolbar" role="toolbar" aria-label="Flow">
      <RunButtons />
      <AutoRun />
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
      <Button
        name="Timeline"
        className="pf-roomy-only"
        icon={<TimelineIcon />}
        pressed={timeline}
        act={() => view.timeline.set(!timeline)}
      />
      <Button
        name="Models"
        className="pf-roomy-only"
        icon={<ModelsIcon />}
        pressed={panel === "models"}
        act={() => view.panel.set(panel === "models" ? null : "models")}
      />
      <Button
        name="Export"
        className="pf-roomy-only"
        icon={<ExportIcon />}
        pressed={panel === "export"}
        act={() => {
          if (view.form.get().includes(" ")) view.form.set("script");
          view.panel.set(panel === "export" ? null : "export");
        }}
      />
      <Button
        name="Publish"
        className="pf-roomy-only"
        icon={<PublishIcon />}
        pressed={panel === "publish"}
        act={() => view.panel.set(panel === "publish" ? null : "publish")}
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
