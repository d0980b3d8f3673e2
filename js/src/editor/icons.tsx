// Drawn here, so that no icon font has to be loaded. 16 px, strokes in the colour of the text.

import type { ReactNode } from "react";

function icon(content: ReactNode, filled = false) {
  return function Icon() {
    return (
      <svg
        className="pf-sign"
        viewBox="0 0 16 16"
        width="16"
        height="16"
        aria-hidden="true"
        fill={filled ? "currentColor" : "none"}
        stroke={filled ? "none" : "currentColor"}
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        {content}
      </svg>
    );
  };
}

export const RunIcon = icon(
  <path d="M4.5 2.6a.8.8 0 0 1 1.2-.7l7.6 5.4a.8.8 0 0 1 0 1.4l-7.6 5.4a.8.8 0 0 1-1.2-.7z" />,
  true,
);
export const StopIcon = icon(<rect x="3.5" y="3.5" width="9" height="9" rx="1.8" />, true);
export const PauseIcon = icon(<path d="M4.5 3h2.4v10H4.5zM9.1 3h2.4v10H9.1z" />, true);
export const AddIcon = icon(<path d="M8 3v10M3 8h10" />);
export const UndoIcon = icon(<path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3" />);
export const RedoIcon = icon(<path d="M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M13 6.5l-3-3M13 6.5l-3 3" />);
export const FitIcon = icon(
  <path d="M2.5 6V3.5a1 1 0 0 1 1-1H6M10 2.5h2.5a1 1 0 0 1 1 1V6M13.5 10v2.5a1 1 0 0 1-1 1H10M6 13.5H3.5a1 1 0 0 1-1-1V10" />,
);
export const FullIcon = icon(<path d="M9.5 6.5 13.5 2.5M10 2.5h3.5V6M6.5 9.5 2.5 13.5M6 13.5H2.5V10" />);
export const LeaveFullIcon = icon(<path d="M13.5 2.5 9.5 6.5M9.5 3v3.5H13M2.5 13.5l4-4M6.5 13V9.5H3" />);
export const VersionsIcon = icon(<path d="M2.6 6.2A5.7 5.7 0 1 1 2.3 9M2.3 3.2v3h3M8 5v3.2l2.2 1.4" />);
export const SaveIcon = icon(
  <path d="M8 2.5v7M5 7l3 3 3-3M2.8 10.5v1.7a1.3 1.3 0 0 0 1.3 1.3h7.8a1.3 1.3 0 0 0 1.3-1.3v-1.7" />,
);
export const DotsIcon = icon(
  <>
    <circle cx="3.5" cy="8" r="1.3" />
    <circle cx="8" cy="8" r="1.3" />
    <circle cx="12.5" cy="8" r="1.3" />
  </>,
  true,
);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const ChevronIcon = icon(<path d="m6 4 4 4-4 4" />);
export const AlertIcon = icon(<path d="M8 2.2 14.3 13H1.7zM8 6.5v3M8 11.2v.1" />);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.2" />
    <path d="m10.2 10.2 3.3 3.3" />
  </>,
);
export const MinusIcon = icon(<path d="M3 8h10" />);
export const DownIcon = icon(<path d="m4.5 6.2 3.5 3.6 3.5-3.6" />);
export const UpIcon = icon(<path d="m4.5 9.8 3.5-3.6 3.5 3.6" />);
export const AutoIcon = icon(
  <path d="M13.4 7.2A5.5 5.5 0 0 0 3.2 5.4M2.6 8.8a5.5 5.5 0 0 0 10.2 1.8M3 2.4v3.2h3.2M13 13.6v-3.2H9.8" />,
);
export const TimelineIcon = icon(<path d="M2.5 4h5M5 8h6M8.5 12h5" />);
export const ExportIcon = icon(<path d="M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5" />);
export const PinIcon = icon(<path d="M6 2.2h4M6.7 2.2v4L4.5 8.9h7L9.3 6.2v-4M8 8.9v4.9" />);
export const ModelsIcon = icon(<path d="M8 2.2 13.2 5v6L8 13.8 2.8 11V5zM2.8 5 8 7.8 13.2 5M8 7.8v6" />);
export const PublishIcon = icon(
  <path d="M8 9.5v-7M5 5l3-3 3 3M2.6 8.2a5.6 5.6 0 0 0 .5 3.6 2.6 2.6 0 0 0 2.3 1.4h5.2a2.6 2.6 0 0 0 2.3-1.4 5.6 5.6 0 0 0 .5-3.6" />,
);
export const EditIcon = icon(<path d="m3 13 .6-3L10.8 2.8a1.4 1.4 0 0 1 2 0l.4.4a1.4 1.4 0 0 1 0 2L6 12.4z" />);
