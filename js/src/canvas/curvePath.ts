import type { Point } from "../nodes/place";

/** A cubic that leaves and arrives level, and swings out further when it has to turn back. */
export function curvePath(from: Point, to: Point): string {
  const forward = to.x - from.x;
  const reach = forward >= 0 ? Math.max(forward / 2, 24) : Math.min(60 - forward / 3, 220);
  return `M${from.x},${from.y} C${from.x + reach},${from.y} ${to.x - reach},${to.y} ${to.x},${to.y}`;
}
