import { type RefObject, useLayoutEffect } from "react";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";

const EDGE = 8;

/** What hangs on a card is as large as anywhere else however small the card is, and wholly in view. */
export function useInView(part: RefObject<HTMLElement | null>, changes: unknown = null): { scale: number } {
  const { view } = useEditor();
  const zoom = useStored(view.zoom);
  const rests = useStored(view.rests);
  // biome-ignore lint/correctness/useExhaustiveDependencies: where the canvas rests, and what is in there, decide the place.
  useLayoutEffect(() => {
    const place = () => {
      const { current } = part;
      const stage = view.root?.querySelector(".pf-stage")?.getBoundingClientRect();
      if (!current || !stage) return;
      current.style.translate = "none";
      const box = current.getBoundingClientRect();
      const shift = (low: number, high: number, from: number, to: number) =>
        (from < low ? low - from : Math.min(0, high - to)) / zoom;
      const across = shift(stage.left + EDGE, stage.right - EDGE, box.left, box.right);
      // Notices lie over the canvas and all that is in it.
      const notices = view.root?.querySelector(".pf-notices")?.getBoundingClientRect();
      const floor = Math.min(stage.bottom, notices && notices.height > 0 ? notices.top : stage.bottom);
      const down = shift(stage.top + EDGE, floor - EDGE, box.top, box.bottom);
      current.style.translate = `${across}px ${down}px`;
    };
    place();
    // On its way to another zoom the canvas draws a moment after it has said so.
    const frame = requestAnimationFrame(place);
    return () => cancelAnimationFrame(frame);
  }, [part, view, zoom, rests, changes]);
  return { scale: 1 / zoom };
}
