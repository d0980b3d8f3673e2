// The canvas as it is seen from far away: drawn by hand, with React Flow left empty beneath it for moving and zooming.

import { useStoreApi } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useEditor } from "../editor/view";
import { MEDIA, type Medium } from "../flow/portType";
import type { Scene } from "../nodes/scene";
import type { Theme } from "../theme/theme";
import { drawOverview, type Look } from "./overviewDrawing";
import type { OverviewHand } from "./overviewHand";
import { Thumbnails } from "./thumbnails";

/** Colours as a canvas takes them: variables of the style sheet are resolved by an element that has them. */
function readLook(beside: HTMLElement): Look {
  const probe = beside.appendChild(document.createElement("span"));
  const read = (colour: string) => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const colour = (name: string) => read(`var(--pf-${name})`);
  const look = {
    surface: colour("surface"),
    ink: colour("ink"),
    line: colour("line"),
    brand: colour("brand"),
    bad: colour("bad"),
    warn: colour("warn"),
    medium: Object.fromEntries(MEDIA.map((medium) => [medium, colour(medium)])) as Record<Medium, string>,
  };
  probe.remove();
  return look;
}

interface Props {
  scene: Scene;
  theme: Theme;
  hand: OverviewHand;
  /** Is called with what draws again. */
  onReady: (draw: (() => void) | null) => void;
}

export function Overview({ scene, theme, hand, onReady }: Props) {
  const { session, view } = useEditor();
  const store = useStoreApi();
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ scene, look: null as Look | null });
  const [ask] = useState(() => ({ frame: 0 }));
  const draw = useMemo(() => {
    const soon = () => {
      ask.frame ||= requestAnimationFrame(() => {
        ask.frame = 0;
        const { current: element } = canvas;
        const { look } = latest.current;
        const context = element?.getContext("2d");
        if (!element || !context || !look) return;
        const { transform, width, height } = store.getState();
        const scale = devicePixelRatio || 1;
        const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
        if (element.width !== wide) element.width = wide;
        if (element.height !== high) element.height = high;
        const { runs } = session;
        const state = { selected: session.selection.get(), dragged: view.dragged.get(), lasso: hand.lasso };
        const nodes = view.readOnly ? new Map() : runs.snapshot().nodes;
        const drawn = { ...state, scene: latest.current.scene, transform, width, height, runs: nodes };
        drawOverview(context, { ...drawn, thumbnail }, look, scale);
      });
    };
    const thumbnails = new Thumbnails(session.results, soon);
    const thumbnail = (reference: string) =>
      view.resultless.has(reference.slice(0, reference.indexOf("."))) ? null : thumbnails.of(reference);
    return { soon, thumbnails };
  }, [ask, hand, session, store, view]);
  useEffect(() => {
    latest.current.scene = scene;
    draw.soon();
  }, [draw, scene]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme has other colours.
  useEffect(() => {
    if (canvas.current) latest.current.look = readLook(canvas.current.parentElement ?? document.body);
    draw.soon();
  }, [draw, theme]);
  useEffect(() => {
    const { soon } = draw;
    onReady(soon);
    const ends = [
      store.subscribe((state, before) => {
        const moved = state.transform !== before.transform;
        if (moved || state.width !== before.width || state.height !== before.height) soon();
      }),
      session.selection.subscribe(soon),
      session.runs.subscribe(soon),
      session.results.subscribe(soon),
      view.dragged.subscribe(soon),
    ];
    return () => {
      onReady(null);
      for (const end of ends) end();
      cancelAnimationFrame(ask.frame);
      ask.frame = 0;
      hand.cancel();
    };
  }, [ask, draw, hand, onReady, session, store, view]);
  useEffect(() => () => draw.thumbnails.close(), [draw]);
  return (
    <canvas
      ref={canvas}
      className="pf-overview"
      role="img"
      aria-label={`Overview of ${scene.cards.size} nodes. Zoom in to edit them.`}
    />
  );
}
