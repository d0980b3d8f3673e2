// Full screen, by the browser where the page's host allows it, else as a layer over everything.

import { useEffect, useState } from "react";
import { useEditor } from "./view";

const LAYER = "pf-full-layer";

export function useFullScreen(): { on: boolean; toggle: () => void } {
  const { view } = useEditor();
  const [on, setOn] = useState(false);
  useEffect(() => {
    const root = view.root;
    const changed = () => {
      const host = root?.getRootNode() as Document | ShadowRoot | undefined;
      setOn(root !== null && (host?.fullscreenElement === root || root.classList.contains(LAYER)));
    };
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, [view]);
  const layer = (shown: boolean) => {
    view.root?.classList.toggle(LAYER, shown);
    setOn(shown);
  };
  const toggle = () => {
    const { root } = view;
    if (!root) return;
    if (!on) {
      const asked = root.requestFullscreen?.() ?? Promise.reject(new Error("not allowed here"));
      asked.then(() => setOn(true)).catch(() => layer(true));
    } else if (root.classList.contains(LAYER)) {
      layer(false);
    } else {
      void document.exitFullscreen();
    }
    root.focus({ preventScroll: true });
  };
  return { on, toggle };
}
