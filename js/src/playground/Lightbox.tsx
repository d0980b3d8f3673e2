// A picture as large as the window.

import { useEffect, useRef } from "react";
import { useStored } from "../editor/store";
import { usePlay } from "./context";
import { fileName, save } from "./files";
import { Icon } from "./icons";
import { firstPicture } from "./Outputs";
import type { Seen } from "./play";
import { useUrl } from "./useUrl";

/** Small pictures are not blown up to a few dots. */
const LARGEST_SCALE = 8;

function Large({ seen }: { seen: Seen }) {
  const play = usePlay();
  const dialog = useRef<HTMLDialogElement>(null);
  const { medium, title } = seen;
  const url = useUrl(medium.id);
  useEffect(() => dialog.current?.showModal(), []);
  const pictures = play.shown.get().flatMap((id) => {
    const job = play.job(id);
    return (job && firstPicture(job)) ?? [];
  });
  const place = pictures.findIndex(({ id }) => id === medium.id);
  const go = (by: number) => {
    const next = pictures[place + by];
    if (place >= 0 && next) play.large.set({ medium: next, title });
  };
  const keys = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  };
  const most = (medium.width ?? 512) * LARGEST_SCALE;
  return (
    <dialog
      ref={dialog}
      className="pp-large"
      aria-label={title}
      onClose={() => play.large.set(null)}
      onKeyDown={keys}
      onClick={({ target, currentTarget }) => target === currentTarget && currentTarget.close()}
    >
      {url && (
        <img
          src={url}
          alt={title}
          data-small={(medium.width ?? 512) < 160 || undefined}
          style={{ maxWidth: `min(92vw, ${most}px)` }}
        />
      )}
      <div className="pp-large-bar">
        {place >= 0 && pictures.length > 1 && (
          <>
            <button type="button" className="pp-quiet" disabled={place === 0} onClick={() => go(-1)}>
              Before
            </button>
            <span>
              {place + 1} of {pictures.length}
            </span>
            <button type="button" className="pp-quiet" disabled={place === pictures.length - 1} onClick={() => go(1)}>
              Next
            </button>
          </>
        )}
        <span>
          {medium.width} × {medium.height}
        </span>
        <button
          type="button"
          className="pp-quiet"
          onClick={() => url && save(fileName(`${play.about.name}-${medium.id.slice(-6)}`, medium.type), url)}
        >
          <Icon name="save" /> Save
        </button>
        <button type="button" className="pp-icon" aria-label="Close" onClick={() => dialog.current?.close()}>
          <Icon name="close" />
        </button>
      </div>
    </dialog>
  );
}

export function Lightbox() {
  const seen = useStored(usePlay().large);
  return seen && <Large seen={seen} />;
}
