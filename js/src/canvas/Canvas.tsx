// The only room that knows React Flow: what is drawn comes from a scene, what hands do goes out as edits.

import { Background, ReactFlow, type ReactFlowProps, ReactFlowProvider, SelectionMode } from "@xyflow/react";
import { type MouseEvent, memo, useId, useMemo, useState } from "react";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";
import type { Scene } from "../nodes/scene";
import type { Theme } from "../theme/theme";
import { CurveEdge, DraggedCurve } from "./CurveEdge";
import { type CanvasNode, type CurveEdge as CurveEdgeType, Deriver } from "./derive";
import { useConnectionGestures, useNodeGestures } from "./gestures";
import { nodeTypes } from "./nodeTypes";
import { Reporter } from "./Reporter";
import "@xyflow/react/dist/base.css";
import "./canvas.css";

const edgeTypes = { curve: CurveEdge };
const SNAP_RADIUS = 24;
const SMALLEST_ZOOM = 0.02;
const LARGEST_ZOOM = 2;

type Props = ReactFlowProps<CanvasNode, CurveEdgeType>;

/** What never changes, once, so that React Flow has nothing to compare. */
const FIXED: Props = {
  nodeTypes,
  edgeTypes,
  onlyRenderVisibleElements: true,
  minZoom: SMALLEST_ZOOM,
  maxZoom: LARGEST_ZOOM,
  connectionRadius: SNAP_RADIUS,
  connectOnClick: false,
  connectionLineComponent: DraggedCurve,
  selectionOnDrag: true,
  selectionMode: SelectionMode.Partial,
  selectionKeyCode: null,
  deleteKeyCode: null,
  zoomActivationKeyCode: null,
  panOnDrag: [1],
  zoomOnDoubleClick: false,
  nodesFocusable: false,
  edgesFocusable: false,
  disableKeyboardA11y: true,
  nodeDragThreshold: 0,
  connectionDragThreshold: 3,
  reconnectRadius: 12,
  proOptions: { hideAttribution: true },
};
/** The keys of React Flow are watched on the whole page: only while the editor has the focus. */
const FOCUSED_KEYS: Props = { panActivationKeyCode: "Space", multiSelectionKeyCode: ["Shift", "Control", "Meta"] };
const NO_KEYS: Props = { panActivationKeyCode: null, multiSelectionKeyCode: null };

function FlowCanvas({ scene, theme }: { scene: Scene; theme: Theme }) {
  const { session, view } = useEditor();
  const id = useId();
  const [deriver] = useState(() => new Deriver());
  const selected = useStored(session.selection);
  const selectedEdges = useStored(view.selectedEdges);
  const dragged = useStored(view.dragged);
  const focused = useStored(view.focused);
  const shown = view.readOnly ? NOTHING : selected;
  const nodes = useMemo(() => deriver.nodes(scene, shown, dragged), [deriver, scene, shown, dragged]);
  const edges = useMemo(() => deriver.edges(scene, selectedEdges), [deriver, scene, selectedEdges]);
  const nodeGestures = useNodeGestures();
  const connectionGestures = useConnectionGestures();
  const onDoubleClick = (event: MouseEvent) => {
    const onPane = (event.target as HTMLElement).classList.contains("react-flow__pane");
    if (onPane) openPaletteAt(event);
  };
  const openPaletteAt = (event: MouseEvent) => {
    const point = { x: event.clientX, y: event.clientY };
    if (view.readOnly || !view.canvas) return;
    view.palette.set({ at: view.canvas.toFlow(point), beside: point, from: null });
  };
  return (
    <ReactFlow
      {...FIXED}
      {...(focused ? FOCUSED_KEYS : NO_KEYS)}
      {...nodeGestures}
      {...(view.readOnly ? READ_ONLY : connectionGestures)}
      id={id}
      nodes={nodes}
      edges={edges}
      colorMode={theme}
      // The wheel scrolls the notebook until the editor has the focus; Ctrl and pinch always zoom.
      zoomOnScroll={focused}
      preventScrolling={focused}
      onDoubleClick={onDoubleClick}
    >
      <Background id={id} gap={22} size={2.4} color="var(--pf-dot)" />
      <Reporter scene={scene} />
    </ReactFlow>
  );
}

const NOTHING: ReadonlySet<string> = new Set();
const READ_ONLY: Props = {
  nodesDraggable: false,
  nodesConnectable: false,
  elementsSelectable: false,
  selectionOnDrag: false,
  panOnDrag: [0, 1],
};

/** A flow on an endless plane, to look at and to edit. */
export const Canvas = memo(function Canvas(props: { scene: Scene; theme: Theme }) {
  return (
    <ReactFlowProvider>
      <FlowCanvas {...props} />
    </ReactFlowProvider>
  );
});
