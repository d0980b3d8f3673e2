// From a scene to what React Flow wants. An object keeps its identity while nothing about it changed, because React Flow
// draws a node again when its object is another.

import { type Edge, type Node, type NodeHandle, Position } from "@xyflow/react";
import type { Card, Row } from "../nodes/card";
import type { Dock } from "../nodes/docks";
import type { Point } from "../nodes/place";
import type { Curve, Scene } from "../nodes/scene";

export type CardNode = Node<{ card: Card }, "card">;
export type DockNode = Node<{ dock: Dock }, "dock">;
export type CanvasNode = CardNode | DockNode;
export type CurveEdge = Edge<{ curve: Curve }, "curve">;

/** A port can be taken hold of within this square; its shape is smaller. */
export const HANDLE = 22;

/** A handle's name in the page; a port's name may hold any character, and React Flow puts it into a selector. */
export const handleName = (reference: string): string => encodeURIComponent(reference);
export const referenceOf = (handle: string | null | undefined): string => decodeURIComponent(handle ?? "");

function handlesOf(rows: readonly Row[], width: number): NodeHandle[] {
  return rows.map((row) => ({
    id: handleName(row.reference),
    type: row.side === "input" ? "target" : "source",
    position: row.side === "input" ? Position.Left : Position.Right,
    x: (row.side === "input" ? 0 : width) - HANDLE / 2,
    y: row.y - HANDLE / 2,
    width: HANDLE,
    height: HANDLE,
  }));
}

export class Deriver {
  #nodes = new Map<string, CanvasNode>();
  #edges = new Map<string, CurveEdge>();
  #nodeList: CanvasNode[] = [];
  #edgeList: CurveEdge[] = [];

  nodes(scene: Scene, selected: ReadonlySet<string>, dragged: ReadonlyMap<string, Point> | null): CanvasNode[] {
    const cards = [...scene.cards].map(([id, card]) => {
      const position = dragged?.get(id) ?? (scene.positions.get(id) as Point);
      return this.#card(card, position, selected.has(id));
    });
    const next = [...scene.docks.map((dock) => this.#dock(dock)), ...cards];
    if (!isSameList(this.#nodeList, next)) {
      this.#nodeList = next;
      this.#nodes = new Map(next.map((node) => [node.id, node]));
    }
    return this.#nodeList;
  }

  edges(scene: Scene, selected: ReadonlySet<string>): CurveEdge[] {
    const next = scene.curves.map((curve) => this.#edge(curve, selected.has(curve.key)));
    if (!isSameList(this.#edgeList, next)) {
      this.#edgeList = next;
      this.#edges = new Map(next.map((edge) => [edge.id, edge]));
    }
    return this.#edgeList;
  }

  #card(card: Card, position: Point, selected: boolean): CardNode {
    const before = this.#nodes.get(card.id) as CardNode | undefined;
    const sameCard = before?.data.card === card;
    const samePlace = before?.position.x === position.x && before.position.y === position.y;
    if (before && sameCard && samePlace && before.selected === selected) return before;
    const { width, height } = card;
    return {
      id: card.id,
      type: "card",
      position,
      data: sameCard ? before.data : { card },
      width,
      height,
      measured: { width, height },
      handles: sameCard && before.handles ? before.handles : handlesOf(card.rows, width),
      selected,
    };
  }

  #dock(dock: Dock): DockNode {
    const before = this.#nodes.get(dock.id) as DockNode | undefined;
    if (before?.data.dock === dock) return before;
    const { id, x, y, width, height } = dock;
    return {
      id,
      type: "dock",
      position: { x, y },
      data: { dock },
      width,
      height,
      measured: { width, height },
      handles: handlesOf(dock.rows, width),
      selectable: false,
      draggable: false,
    };
  }

  #edge(curve: Curve, selected: boolean): CurveEdge {
    const before = this.#edges.get(curve.key);
    if (before?.data?.curve === curve && before.selected === selected) return before;
    return {
      id: curve.key,
      type: "curve",
      source: curve.source,
      target: curve.target,
      sourceHandle: handleName(curve.from),
      targetHandle: handleName(curve.to),
      data: { curve },
      selected,
    };
  }
}

function isSameList<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
