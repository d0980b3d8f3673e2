// What React Flow tells of hands, and what it means.

import type { Connection, EdgeChange, FinalConnectionState, NodeChange, ReactFlowProps } from "@xyflow/react";
import { useMemo } from "react";
import { edit, moveTo, removeThese } from "../editor/actions";
import { connecting, fittingPortOf, inOneStep, isDock, reroute, whyNotEnds } from "../editor/connecting";
import { isTextField } from "../editor/keys";
import { type Editor, type End, useEditor } from "../editor/view";
import { FREE } from "../nodes/docks";
import type { Point } from "../nodes/place";
import type { Curve } from "../nodes/scene";
import { type CanvasNode, type CurveEdge, referenceOf } from "./derive";

type Gestures = ReactFlowProps<CanvasNode, CurveEdge>;

function selectionAfter(before: ReadonlySet<string>, changes: { id: string; selected: boolean }[]): Set<string> {
  const after = new Set(before);
  for (const { id, selected } of changes) {
    if (selected) after.add(id);
    else after.delete(id);
  }
  return after;
}

function isSelect<Change extends { type: string }>(change: Change): change is Change & { type: "select" } {
  return change.type === "select";
}

function takeNodeChanges({ session, view }: Editor, changes: NodeChange<CanvasNode>[]): void {
  const moved = changes.flatMap((change): [string, Point][] =>
    change.type === "position" && change.position && change.dragging ? [[change.id, change.position]] : [],
  );
  if (moved.length > 0) view.dragged.set(new Map([...(view.dragged.get() ?? []), ...moved]));
  const chosen = changes.filter(isSelect);
  if (chosen.length === 0) return;
  session.select(selectionAfter(session.selection.get(), chosen));
  if (chosen.some((change) => change.selected)) view.selectedEntry.set(null);
}

function takeEdgeChanges({ view }: Editor, changes: EdgeChange<CurveEdge>[]): void {
  const chosen = changes.filter(isSelect);
  if (chosen.length === 0) return;
  view.selectedEdges.set(selectionAfter(view.selectedEdges.get(), chosen));
  if (chosen.some((change) => change.selected)) view.selectedEntry.set(null);
}

export function useNodeGestures(): Gestures {
  const editor = useEditor();
  return useMemo((): Gestures => {
    const { view } = editor;
    return {
      onNodesChange: (changes) => takeNodeChanges(editor, changes),
      onEdgesChange: (changes) => takeEdgeChanges(editor, changes),
      // Places are local while a drag is on; what comes of it is one edit.
      onNodeDragStop: () => {
        const moved = view.dragged.get();
        if (moved) moveTo(editor, moved);
        view.dragged.set(null);
      },
      onPaneClick: () => view.selectedEntry.set(null),
      onNodeContextMenu: (event, node) => {
        if (node.type !== "card" || view.readOnly || isTextField(event.target)) return;
        event.preventDefault();
        event.stopPropagation();
        view.menu.set(node.id);
      },
    };
  }, [editor]);
}

function endsOf({ source, sourceHandle, target, targetHandle }: Connection | CurveEdge): [End, End] {
  return [
    { owner: source, reference: referenceOf(sourceHandle), side: "output" },
    { owner: target, reference: referenceOf(targetHandle), side: "input" },
  ];
}

function pointOf(event: globalThis.MouseEvent | TouchEvent): Point {
  const at = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}

/** What lies under the pointer where a connection was let go of. */
function elementAt(editor: Editor, point: Point): Element | null {
  const host = (editor.view.root?.getRootNode() ?? document) as Document | ShadowRoot;
  return host.elementFromPoint(point.x, point.y);
}

/** Where the eyes are, and at the bottom, where it stays for longer and is read out. */
function refuse({ session, view }: Editor, at: Point, words: string): void {
  view.bubble.set({ at, words });
  session.say({ kind: "refused connection", words, tone: "alert", polite: true });
}

/** The port that a drop is meant for: on the body of a card or dock, the first that fits. */
function endBelow(editor: Editor, from: End, below: Element | null): { end: End } | { words: string } | null {
  const card = below?.closest<HTMLElement>(".pf-card")?.dataset.node;
  if (card !== undefined) return card === from.owner ? null : fittingPortOf(editor, from, card);
  const dock = below?.closest<HTMLElement>(".pf-dock")?.dataset.dock;
  if (dock === undefined || isDock(from.owner)) return null;
  const end: End = { owner: `dock:${dock}`, reference: FREE, side: dock === "inputs" ? "output" : "input" };
  const words = whyNotEnds(editor, from, end);
  return words === null ? { end } : { words };
}

function dropped(editor: Editor, from: End, point: Point, state: FinalConnectionState, curve: Curve | null): void {
  const connect = (end: End) => {
    const { document } = editor.session.sync.snapshot();
    if (!curve) return edit(editor, inOneStep(document, connecting(editor, from, end)));
    return edit(
      editor,
      reroute(editor, curve, ...(from.side === "output" ? ([from, end] as const) : ([end, from] as const))),
    );
  };
  if (state.isValid === false && state.toHandle) {
    const to: End = {
      owner: state.toHandle.nodeId,
      reference: referenceOf(state.toHandle.id),
      side: state.toHandle.type === "source" ? "output" : "input",
    };
    refuse(editor, point, whyNotEnds(editor, from, to) ?? "These two ports cannot be connected.");
    return;
  }
  const below = elementAt(editor, point);
  const meant = endBelow(editor, from, below);
  if (meant && "words" in meant) {
    refuse(editor, point, meant.words);
  } else if (meant) {
    connect(meant.end);
  } else if (curve) {
    removeThese(editor, [], [curve], null);
  } else if (below?.classList.contains("react-flow__pane")) {
    const at = editor.view.canvas?.toFlow(point) ?? null;
    editor.view.palette.set({ at, beside: point, from });
  }
}

export function useConnectionGestures(): Gestures {
  const editor = useEditor();
  return useMemo((): Gestures => {
    const { view, session } = editor;
    // The curve whose end is being dragged; null while a new one is.
    let held: Curve | null = null;
    let done = false;
    return {
      isValidConnection: (connection) => {
        const [from, to] = endsOf(connection as Connection);
        return whyNotEnds(editor, from, to) === null;
      },
      onConnectStart: (_, { nodeId, handleId, handleType }) => {
        done = false;
        session.unsay("refused connection");
        const side = handleType === "source" ? "output" : "input";
        view.connecting.set({ owner: nodeId ?? "", reference: referenceOf(handleId), side });
      },
      onReconnectStart: (_, edge) => {
        held = edge.data?.curve ?? null;
      },
      onConnect: (connection) => {
        const { document } = session.sync.snapshot();
        done = true;
        edit(editor, inOneStep(document, connecting(editor, ...endsOf(connection))));
      },
      onReconnect: (edge, connection) => {
        done = true;
        const [from, to] = endsOf(connection);
        const curve = edge.data?.curve;
        if (!curve || (curve.from === from.reference && curve.to === to.reference && curve.source === from.owner))
          return;
        edit(editor, reroute(editor, curve, from, to));
      },
      onConnectEnd: (event, state) => {
        const from = view.connecting.get();
        const curve = held;
        view.connecting.set(null);
        held = null;
        if (from && !done && !state.isValid) dropped(editor, from, pointOf(event), state, curve);
      },
    };
  }, [editor]);
}
