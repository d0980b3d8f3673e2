// 16 px line drawings, as the editor's.

import type { ReactNode } from "react";

const PATHS = {
  clock: <path d="M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 5v3.2l2 1.3" />,
  save: <path d="M8 2.5v7M5 7l3 3 3-3M2.8 10.5v1.7a1.3 1.3 0 0 0 1.3 1.3h7.8a1.3 1.3 0 0 0 1.3-1.3v-1.7" />,
  into: <path d="M13 3v6.5H4M7 6.2 3.6 9.5 7 12.8" />,
  back: <path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3" />,
  copy: <path d="M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1" />,
  check: <path d="m3.5 8.5 3 3 6-7" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  alert: <path d="M8 2.2 14.3 13H1.7zM8 6.5v3M8 11.2v.1" />,
  swap: <path d="M2.5 5.5h10m-3-3 3 3-3 3M13.5 10.5h-10m3-3-3 3 3 3" />,
  lock: <path d="M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5" />,
  stop: <path d="M4 4h8v8H4z" />,
  play: <path d="M4.5 2.6a.8.8 0 0 1 1.2-.7l7.6 5.4a.8.8 0 0 1 0 1.4l-7.6 5.4a.8.8 0 0 1-1.2-.7z" />,
  key: <path d="M9.2 6.8a3.2 3.2 0 1 0-2.4 2.4L8 10.5h1.5V12H11v1.5h2.5V11z" />,
  book: <path d="M3 3h4.2c.5 0 .8.3.8.8v9.2c0-.6-.4-1-1-1H3zM13 3H8.8c-.5 0-.8.3-.8.8v9.2c0-.6.4-1 1-1h4z" />,
  flow: <path d="M2.5 3h4v4h-4zM9.5 9h4v4h-4zM6.5 5h3a2 2 0 0 1 2 2v2" />,
  sound: <path d="M2.5 6v4M5.3 4v8M8 2.5v11M10.7 4.5v7M13.5 6.5v3" />,
  film: <path d="M2.5 3.5h11v9h-11zM5 3.5v9M11 3.5v9M2.5 6.5H5M2.5 9.5H5M11 6.5h2.5M11 9.5h2.5" />,
  picture: <path d="M2.5 3h11v10h-11zM2.8 11.5 6 8l2.5 2.5 2-2 2.7 2.7M10.2 5.7v.1" />,
  words: <path d="M3 4h10M3 7h10M3 10h6" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="pf-glyph" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {PATHS[name]}
    </svg>
  );
}
