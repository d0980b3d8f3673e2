import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { DockPanel } from "../nodes/DockPanel";
import { NodeCard } from "../nodes/NodeCard";
import { useIsFar } from "./CurveEdge";
import type { CardNode, DockNode } from "./derive";

const Card = memo(function Card({ data, selected }: NodeProps<CardNode>) {
  return <NodeCard card={data.card} selected={selected} far={useIsFar()} />;
});

const Dock = memo(function Dock({ data }: NodeProps<DockNode>) {
  return <DockPanel dock={data.dock} />;
});

export const nodeTypes = { card: Card, dock: Dock };
