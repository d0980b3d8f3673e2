import { useEffect, useState } from "react";
import { usePlay } from "./context";

/** Where a medium can be read: null while it is on its way, "" where it cannot be. */
export function useUrl(id: string): string | null {
  const play = usePlay();
  const [known, setKnown] = useState<{ id: string; url: string } | null>(null);
  useEffect(() => {
    let gone = false;
    const keep = (url: string) => gone || setKnown({ id, url });
    play.medium(id).then(
      (medium) => keep(medium.url),
      () => keep(""),
    );
    return () => {
      gone = true;
    };
  }, [play, id]);
  return known?.id === id ? known.url : null;
}
