// Line drawings of 16 px, in the colour of the text beside them.

import type { ReactNode } from "react";

const PATHS = {
  clear: <path d="M4.5 4.5l7 7m0-7l-7 7" />,
  chevron: <path d="M4.5 6.5 8 10l3.5-3.5" />,
  up: <path d="M4.5 9.5 8 6l3.5 3.5" />,
  dice: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="2.5" />
      <g fill="currentColor" stroke="none">
        <circle cx="5.5" cy="5.5" r="1.05" />
        <circle cx="10.5" cy="5.5" r="1.05" />
        <circle cx="8" cy="8" r="1.05" />
        <circle cx="5.5" cy="10.5" r="1.05" />
        <circle cx="10.5" cy="10.5" r="1.05" />
      </g>
    </>
  ),
  shuffle: (
    <path d="M2 4.5h2.2c3.6 0 3.8 7 7.4 7H14m-2.2-2.3L14 11.5l-2.2 2.3M2 11.5h2.2c1.2 0 2-.8 2.6-1.8m1.9-3.4c.6-1 1.5-1.8 2.9-1.8H14m-2.2-2.3L14 4.5l-2.2 2.3" />
  ),
  folder: <path d="M2 12.5v-9h4l1.5 2H14v7z" />,
  write: <path d="M8 2v7.5m-3-3 3 3 3-3M2.5 11v2.5h11V11" />,
  upload: <path d="M8 10.5V3m-3 3 3-3 3 3M2.5 11v2.5h11V11" />,
  plus: <path d="M8 3v10M3 8h10" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  expand: <path d="M9.5 2.5h4v4m0-4-5 5M6.5 13.5h-4v-4m0 4 5-5" />,
  copy: <path d="M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1" />,
} satisfies Record<string, ReactNode>;

export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg className="pf-glyph" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {PATHS[name]}
    </svg>
  );
}
