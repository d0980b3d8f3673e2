// A value that moves while the pointer is down (a slider, a colour): shown at once, told in steps, ended on release.

import { useCallback, useRef, useState } from "react";
import type { Json } from "../flow/document";
import type { ControlProps } from "./props";
import { same } from "./values";

/** Between two values that are told while the pointer moves. */
const STEP_MS = 60;

export interface Sweep {
  /** Where it is while it moves. */
  moving: Json | undefined;
  move(value: Json): void;
  /** Goes back to what was there; says whether it moved. */
  cancel(): boolean;
  /** For the element: the browser's own `change` comes on release, where React's comes with every step. */
  ref(element: HTMLInputElement | null): (() => void) | undefined;
}

export function useSweep({ value, preset, onChange }: Pick<ControlProps, "value" | "preset" | "onChange">): Sweep {
  const [moving, setMoving] = useState<Json | undefined>(undefined);
  const state = useRef({
    before: null as Json,
    moving: undefined as Json | undefined,
    last: undefined as Json | undefined,
    told: 0,
  }).current;
  const tell = useRef(onChange);
  tell.current = onChange;

  const stop = useCallback(
    (last: Json | undefined) => {
      if (state.moving === undefined) return false;
      state.moving = undefined;
      setMoving(undefined);
      if (last === undefined) return true;
      // The last value belongs to the same step of undo as those before it.
      if (!same(last, state.last)) tell.current(last, "typing");
      tell.current(last, "final");
      return true;
    },
    [state],
  );

  return {
    moving,
    move(next) {
      if (state.moving === undefined) Object.assign(state, { before: preset ? null : value, last: undefined });
      state.moving = next;
      setMoving(next);
      const now = performance.now();
      if (now - state.told < STEP_MS) return;
      state.told = now;
      state.last = next;
      tell.current(next, "typing");
    },
    cancel: () => stop(state.before),
    ref: useCallback(
      (element) => {
        if (!element) return;
        const release = () => stop(state.moving);
        element.addEventListener("change", release);
        return () => element.removeEventListener("change", release);
      },
      [state, stop],
    ),
  };
}
