import { useId } from "react";
import type { Curve, Point } from "./scene";

/** A cubic that leaves and arrives level, and swings out further when it has to turn back. */
export function curvePath(from: Point, to: Point): string {
  const forward = to.x - from.x;
  const reach = forward >= 0 ? Math.max(forward / 2, 24) : Math.min(60 - forward / 3, 220);
  return `M${from.x},${from.y} C${from.x + reach},${from.y} ${to.x - reach},${to.y} ${to.x},${to.y}`;
}

export function Curves({ curves, width, height }: { curves: Curve[]; width: number; height: number }) {
  const scope = useId();
  return (
    <svg className="pf-curves" width={width} height={height} aria-hidden="true">
      {curves.map((curve, index) => {
        const gradient = `${scope}${index}`;
        const path = curvePath(curve.from, curve.to);
        const { from, to } = curve;
        return (
          <g key={curve.key}>
            {/* In user space: a level curve has a box without height, in which a relative gradient is not drawn. */}
            <linearGradient id={gradient} gradientUnits="userSpaceOnUse" x1={from.x} y1={from.y} x2={to.x} y2={to.y}>
              <stop className={`pf-medium-${from.medium}`} offset="0" stopColor="currentColor" />
              <stop className={`pf-medium-${to.medium}`} offset="1" stopColor="currentColor" />
            </linearGradient>
            <path className="pf-curve-halo" d={path} />
            <path className="pf-curve" d={path} stroke={`url(#${gradient})`} />
          </g>
        );
      })}
    </svg>
  );
}
