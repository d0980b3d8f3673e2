// The only room that knows React Flow: what is drawn comes from a scene, what hands do goes out as edits.

import { Background, ReactFlow, type ReactFlowProps, ReactFlowProvider, SelectionMode, useStore } from "@xyflow/react";
import { type MouseEvent, memo, useId, useLayoutEffect, useMemo, useRef, useState } from "react";
import { boxOfScene } from "../editor/actions";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";
import type { Scene } from "../nodes/scene";
import type { Theme } from "../theme/theme";
import { CurveEdge, DraggedCurve } from "./CurveEdge";
import { type CanvasNode, type CurveEdge as CurveEdgeType, Deriver } from "./derive";
import { useConnectionGestures, useNodeGestures } from "./gestures";
import { nodeTypes } from "./nodeTypes";
import { Overview } from "./Overview";
import { cardAt, isOverview } from "./overviewDrawing";
import { OverviewHand } from "./overviewHand";
import { Reporter, viewportFor } from "./Reporter";
import "@xyflow/react/dist/base.css";
import "./canvas.css";

const edgeTypes = { curve: CurveEdge };
const SNAP_RADIUS = 24;
/** A larger flow can be seen whole all the same. */
const SMALLEST_ZOOM = 0.05;
const LARGEST_ZOOM = 2;

type Props = ReactFlowProps<CanvasNode, CurveEdgeType>;

/** What never changes, once, so that React Flow has nothing to compare. */
const FIXED: Props = {
  nodeTypes,
  edgeTypes,
  onlyRenderVisibleElements: true,
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

/** In the overview React Flow has nothing to select: that is the overview's own. */
const OVERVIEW: Props = { selectionOnDrag: false, elementsSelectable: false };
const NO_NODES: CanvasNode[] = [];
const NO_EDGES: CurveEdgeType[] = [];

/** How far out a hand may zoom: until the whole flow is seen, and a little further. */
function useSmallestZoom(scene: Scene): number {
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  return useMemo(() => {
    const box = boxOfScene(scene);
    return box && width && height ? Math.min(SMALLEST_ZOOM, viewportFor(box, width, height).zoom * 0.8) : SMALLEST_ZOOM;
  }, [scene, width, height]);
}

/** Whether so much is in view that it is drawn on one canvas. */
function useIsOverview(scene: Scene): boolean {
  const { view } = useEditor();
  const before = useRef(false);
  // React Flow hears of a zoom before it hears that it has no nodes any more, and would draw all that comes into view.
  const held = useStored(view.held);
  const overview = useStore(({ transform }) => isOverview(before.current, held ? 0 : transform[2], scene.cards.size));
  useLayoutEffect(() => {
    before.current = overview;
    view.overview = overview;
  }, [overview, view]);
  return overview;
}

/** What a pointer does in the overview, and how that is drawn. */
function useOverviewHand() {
  const editor = useEditor();
  const [draw] = useState(() => ({ now: null as (() => void) | null }));
  return useMemo(() => {
    const hand = new OverviewHand(editor, () => draw.now?.());
    const onReady = (ready: (() => void) | null) => {
      draw.now = ready;
    };
    const pointer: Props = {
      onPointerDown: (event) => hand.down(event),
      onPointerMove: (event) => hand.move(event),
      onPointerUp: () => hand.up(),
      onPointerCancel: () => hand.cancel(),
    };
    return { hand, onReady, pointer: editor.view.readOnly ? {} : pointer };
  }, [draw, editor]);
}

function FlowCanvas({ scene, theme }: { scene: Scene; theme: Theme }) {
  const { session, view } = useEditor();
  const id = useId();
  const [deriver] = useState(() => new Deriver());
  const selected = useStored(session.selection);
  const selectedEdges = useStored(view.selectedEdges);
  const dragged = useStored(view.dragged);
  const focused = useStored(view.focused);
  const shown = view.readOnly ? NOTHING : selected;
  const overview = useIsOverview(scene);
  const { hand, onReady, pointer } = useOverviewHand();
  const nodes = useMemo(
    () => (overview ? NO_NODES : deriver.nodes(scene, shown, dragged)),
    [deriver, overview, scene, shown, dragged],
  );
  const edges = useMemo(
    () => (overview ? NO_EDGES : deriver.edges(scene, selectedEdges)),
    [deriver, overview, scene, selectedEdges],
  );
  const nodeGestures = useNodeGestures();
  const connectionGestures = useConnectionGestures();
  const onDoubleClick = (event: MouseEvent) => {
    const onPane = (event.target as HTMLElement).classList.contains("react-flow__pane");
    const at = overview ? view.canvas?.toFlow({ x: event.clientX, y: event.clientY }) : null;
    const node = at ? cardAt(scene, at) : null;
    if (node !== null) view.canvas?.fit([node]);
    else if (onPane || at) openPaletteAt(event);
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
      {...(overview ? { ...OVERVIEW, ...pointer } : {})}
      minZoom={useSmallestZoom(scene)}
      id={id}
      nodes={nodes}
      edges={edges}
      colorMode={theme}
      // The wheel scrolls the notebook until the editor has the focus; Ctrl and pinch always zoom.
      zoomOnScroll={focused}
      preventScrolling={focused}
      onDoubleClick={onDoubleClick}
    >
      {overview ? (
        <Overview scene={scene} theme={theme} hand={hand} onReady={onReady} />
      ) : (
        <Background id={id} gap={22} size={2.4} color="var(--pf-dot)" />
      )}
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
