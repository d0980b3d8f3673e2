import { type ConnectionLineComponentProps, type EdgeProps, useStore } from "@xyflow/react";
import { memo, useId } from "react";
import { usePart } from "../editor/store";
import { useEditor } from "../editor/view";
import { curvePath } from "./curvePath";
import { type CanvasNode, type CurveEdge as CurveEdgeType, HANDLE, referenceOf } from "./derive";

/** A curve from port to port, in the colours of what leaves and what arrives. */
export const CurveEdge = memo(function CurveEdge(props: EdgeProps<CurveEdgeType>) {
  const gradient = useId();
  const { data, selected, sourceX, sourceY, targetX, targetY } = props;
  if (!data) return null;
  const { fromMedium, toMedium, lost } = data.curve;
  // React Flow ends an edge at the rim of the handle; a curve ends in the middle of the port's shape.
  const from = { x: sourceX - HANDLE / 2, y: sourceY };
  const to = { x: targetX + HANDLE / 2, y: targetY };
  const path = curvePath(from, to);
  const plain = fromMedium === toMedium;
  return (
    <g
      className={`pf-curve-group pf-medium-${fromMedium}`}
      data-selected={selected || undefined}
      data-lost={lost || undefined}
    >
      {!plain && (
        /* In user space: a level curve has a box without height, in which a relative gradient is not drawn. */
        <linearGradient id={gradient} gradientUnits="userSpaceOnUse" x1={from.x} y1={from.y} x2={to.x} y2={to.y}>
          <stop className={`pf-medium-${fromMedium}`} offset="0" stopColor="currentColor" />
          <stop className={`pf-medium-${toMedium}`} offset="1" stopColor="currentColor" />
        </linearGradient>
      )}
      <path className="pf-curve-reach react-flow__edge-interaction" d={path} />
      <path className="pf-curve-halo" d={path} />
      <path className="pf-curve" d={path} stroke={plain ? "currentColor" : `url(#${gradient})`} />
    </g>
  );
});

/** The curve while it is being dragged. */
export function DraggedCurve(props: ConnectionLineComponentProps<CanvasNode>) {
  const { fromHandle, fromX, fromY, toX, toY, connectionStatus } = props;
  const { view } = useEditor();
  const end = usePart(view.connecting, (connecting) => connecting);
  const rows =
    view.scene?.cards.get(end?.owner ?? "")?.rows ?? view.scene?.docks.find((dock) => dock.id === end?.owner)?.rows;
  const reference = referenceOf(fromHandle.id);
  const row = rows?.find((each) => each.reference === reference && each.side === end?.side);
  const [here, there] = [
    { x: fromX, y: fromY },
    { x: toX, y: toY },
  ];
  const path = fromHandle.type === "source" ? curvePath(here, there) : curvePath(there, here);
  return (
    <g className={`pf-dragged pf-medium-${row?.medium ?? "any"}`} data-status={connectionStatus ?? "open"}>
      <path className="pf-curve" d={path} stroke="currentColor" />
      <circle cx={toX} cy={toY} r="4" fill="currentColor" />
    </g>
  );
}

/** Below this, words on cards are too small to be read. */
const FAR = 0.45;

/** Whether the canvas is so far away that cards show only what can be recognised. */
export function useIsFar(): boolean {
  return useStore((state) => state.transform[2] < FAR);
}
