import { type RefObject, useLayoutEffect, useState } from "react";

/** The width of an element, followed; 0 until it is known. */
export function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const target = element.current;
    if (!target) return;
    // A windowed notebook takes cells out of the page: they report no width then, and the last one is kept.
    const read = (next: number) => next > 0 && setWidth(Math.floor(next));
    read(target.clientWidth);
    const observer = new ResizeObserver(() => read(target.clientWidth));
    observer.observe(target);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
