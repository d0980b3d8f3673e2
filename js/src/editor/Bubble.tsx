import { useEffect } from "react";
import { useStored } from "./store";
import { useEditor } from "./view";

const SHOWN_MS = 3_000;
const WIDTH = 280;
const EDGE = 8;
/** Room that words take above the pointer, at most. */
const HEIGHT = 96;

/** Words where the pointer is, gone after a moment or with the next thing that is done. */
export function Bubble() {
  const { view } = useEditor();
  const bubble = useStored(view.bubble);
  useEffect(() => {
    const { root } = view;
    if (!bubble || !root) return;
    const end = () => view.bubble.set(null);
    const timer = bubble.node === undefined ? setTimeout(end, SHOWN_MS) : undefined;
    root.addEventListener("pointerdown", end, true);
    root.addEventListener("keydown", end, true);
    root.addEventListener("wheel", end, { capture: true, passive: true });
    return () => {
      clearTimeout(timer);
      root.removeEventListener("pointerdown", end, true);
      root.removeEventListener("keydown", end, true);
      root.removeEventListener("wheel", end, true);
    };
  }, [bubble, view]);
  const box = view.root?.getBoundingClientRect();
  if (!bubble || !box) return null;
  const [x, y] = [bubble.at.x - box.left, bubble.at.y - box.top];
  const width = Math.min(WIDTH, box.width - 2 * EDGE);
  const left = Math.max(EDGE, Math.min(x + 14, box.width - width - EDGE));
  const below = y < HEIGHT + EDGE;
  return (
    // The notice says the same to screen readers.
    <div
      className="pf-bubble"
      role="tooltip"
      aria-hidden="true"
      style={{ left, maxWidth: width, ...(below ? { top: y + 18 } : { bottom: box.height - y + 10 }) }}
    >
      {bubble.words}
    </div>
  );
}
