import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { setTrait } from "../bridge/traits";
import { useEditor } from "./view";

export const LEAST_HEIGHT = 240;
const MOST_HEIGHT = 2400;
const STEP = 40;

interface Props {
  height: number;
  /** Shows a height while it is being dragged; null is over. */
  preview: (height: number | null) => void;
}

/** The lower border of the editor, to be dragged. */
export function HeightHandle({ height, preview }: Props) {
  const { session } = useEditor();
  const start = useRef<{ y: number; height: number } | null>(null);
  const clamp = (wish: number) => Math.round(Math.max(LEAST_HEIGHT, Math.min(wish, MOST_HEIGHT)));
  const keep = (wish: number) => {
    setTrait(session.model, "options", { ...session.model.get("options"), height: clamp(wish) });
    preview(null);
  };
  const heightAt = (event: PointerEvent) =>
    clamp((start.current?.height ?? height) + event.clientY - (start.current?.y ?? 0));
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { y: event.clientY, height };
  };
  const onPointerUp = (event: PointerEvent) => {
    if (start.current) keep(heightAt(event));
    start.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: STEP, ArrowUp: -STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    keep(height + by);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line that can be dragged is no <hr>.
    <div
      className="pf-height"
      role="separator"
      aria-label="Height of the editor"
      aria-orientation="horizontal"
      aria-valuenow={height}
      aria-valuemin={LEAST_HEIGHT}
      aria-valuemax={MOST_HEIGHT}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={(event) => start.current && preview(heightAt(event))}
      onPointerUp={onPointerUp}
      onKeyDown={onKeyDown}
    />
  );
}
