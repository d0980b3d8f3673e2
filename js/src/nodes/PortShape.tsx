// A port's shape tells its medium as its colour does: circle text, square image, triangle audio, wide rectangle video.

import type { ReactNode } from "react";
import type { Medium } from "../flow/portType";

const SHAPES: Record<Medium, ReactNode> = {
  text: <circle cx="7" cy="7" r="4.5" />,
  image: <rect x="2.75" y="2.75" width="8.5" height="8.5" rx="1.5" />,
  mask: <path d="M2.75 2.75h8.5v8.5z" />,
  audio: <path d="M3.5 2.25 11.5 7l-8 4.75z" />,
  video: <rect x="1.75" y="3.75" width="10.5" height="6.5" rx="3" />,
  latents: <path d="M7 1.75 11.6 4.4v5.2L7 12.25 2.4 9.6V4.4z" />,
  model: <path d="M7 1.5 12.5 7 7 12.5 1.5 7z" />,
  table: <path d="M2.5 2.5h9v3.5h-9zM2.5 8h9v3.5h-9z" />,
  number: <circle cx="7" cy="7" r="3.5" />,
  flag: <path d="M3.5 2h7v10L7 9.25 3.5 12z" />,
  any: <circle cx="7" cy="7" r="3.5" />,
};

interface Props {
  medium: Medium;
  /** Draws the same shape twice, one behind the other. */
  list?: boolean;
  /** Only its outline: nothing is connected. */
  hollow?: boolean;
}

export function PortShape({ medium, list = false, hollow = false }: Props) {
  const look = hollow ? "pf-shape pf-shape-hollow" : "pf-shape";
  return (
    <svg className={`${look} pf-medium-${medium}`} viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">
      {list && (
        <g transform="translate(3 -3)" opacity="0.55">
          {SHAPES[medium]}
        </g>
      )}
      {SHAPES[medium]}
    </svg>
  );
}
