import { curvePath } from "../canvas/curvePath";
import type { Card } from "./card";

/** What a muted node does: it passes on what comes in. */
export function PassThrough({ card }: { card: Card }) {
  const { width, height, passes } = card;
  return (
    <svg className="pf-passes" width={width} height={height} aria-hidden="true">
      {passes.map(({ from, to, medium }) => (
        <path key={to} className={`pf-medium-${medium}`} d={curvePath({ x: 0, y: from }, { x: width, y: to })} />
      ))}
    </svg>
  );
}
