import { useMemo, useRef } from "react";
import type { ViewDocument } from "../bridge/model";
import type { Results } from "../bridge/results";
import { NodeCard } from "../nodes/NodeCard";
import type { Theme } from "../theme/theme";
import { Curves } from "./Curves";
import { DockPanel } from "./DockPanel";
import { layOutScene, type Scene } from "./scene";
import { useWidth } from "./width";

/** Below this, port names are no longer legible: a wide flow scrolls instead. */
const SMALLEST_SCALE = 0.5;

function fitToWidth(scene: Scene, width: number): { scale: number; offset: number } {
  const scale = Math.max(SMALLEST_SCALE, Math.min(1, width / scene.width));
  return { scale, offset: Math.max(0, (width - scene.width * scale) / 2) };
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

interface Props {
  view: ViewDocument;
  results: Results;
  theme: Theme;
}

/** The picture of a flow, fitted to the width of the cell. */
export function FlowView({ view, results, theme }: Props) {
  const root = useRef<HTMLElement>(null);
  const width = useWidth(root);
  const scene = useMemo(() => layOutScene(view), [view]);
  const { scale, offset } = fitToWidth(scene, width || scene.width);
  const { name } = view.flow;
  const summary = countOf(scene.cards.length, "node");
  return (
    <figure ref={root} className="pf-root" data-pf-theme={theme} aria-label={`Flow ${name}, ${summary}`}>
      <figcaption className="pf-caption">
        <strong>{name}</strong>
        <span>{summary}</span>
      </figcaption>
      {scene.cards.length + scene.docks.length === 0 ? (
        <p className="pf-empty">This flow has no nodes yet.</p>
      ) : (
        <div className="pf-viewport" style={{ height: scene.height * scale }}>
          <div
            className="pf-stage"
            style={{ width: scene.width, height: scene.height, transform: `translateX(${offset}px) scale(${scale})` }}
          >
            <Curves curves={scene.curves} width={scene.width} height={scene.height} />
            {scene.docks.map((dock) => (
              <DockPanel key={dock.side} dock={dock} />
            ))}
            {scene.cards.map((card) => (
              <NodeCard key={card.id} card={card} results={results} />
            ))}
          </div>
        </div>
      )}
    </figure>
  );
}
