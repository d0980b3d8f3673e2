// Hands the rest of the editor what only React Flow knows: where the view looks, and how to make it look elsewhere.

import {
  type ReactFlowInstance,
  useOnViewportChange,
  useReactFlow,
  useStore,
  useStoreApi,
  type Viewport,
} from "@xyflow/react";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { ViewportTrait } from "../bridge/protocol";
import { setTrait } from "../bridge/traits";
import { boxOfAll } from "../editor/actions";
import { debounced } from "../editor/store";
import { type CanvasHand, type Editor, useEditor } from "../editor/view";
import type { Box } from "../nodes/place";
import type { Scene } from "../nodes/scene";
import { onTheWay, type Size } from "./glide";
import { isOverview } from "./overviewDrawing";

const MARGIN = 36;
/** Where two flows share the room. */
const SMALL_MARGIN = 14;
const SMALLEST_FIT = 0.001;
const MOVE_MS = 180;
const SETTLE_MS = 60;
const TELL_MS = 300;
/** A change of the flow so soon after an edit of this view is its own. */
const OWN_EDIT_MS = 1_500;

function isCalm(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** The viewport in which a box is seen whole, at most at its own size. */
export function viewportFor(box: Box, width: number, height: number, margin = MARGIN): Viewport {
  const scale = Math.min((width - 2 * margin) / box.width, (height - 2 * margin) / box.height, 1);
  const zoom = Math.max(SMALLEST_FIT, scale);
  return { x: width / 2 - (box.x + box.width / 2) * zoom, y: height / 2 - (box.y + box.height / 2) * zoom, zoom };
}

async function goTo({ view }: Editor, flow: ReactFlowInstance, viewport: Viewport, size: Size, duration: number) {
  if (!view.overview && isOverview(false, viewport.zoom, view.scene?.cards.size ?? 0)) {
    view.held.set(true);
    // Once the cards are out of the page.
    await new Promise(requestAnimationFrame);
  }
  const from = flow.getViewport();
  view.glide.start(isCalm() ? 0 : duration, (part) => void flow.setViewport(onTheWay(from, viewport, size, part)));
  // A way that something else cuts short never says that it has ended.
  if (view.held.get()) setTimeout(() => view.held.set(false), duration + SETTLE_MS);
}

function useHand(): CanvasHand {
  const editor = useEditor();
  const flow = useReactFlow();
  const store = useStoreApi();
  useEffect(() => () => editor.view.glide.stop(), [editor]);
  return useMemo(() => {
    const show = (ids?: Iterable<string>) => {
      const box = boxOfAll(editor, ids);
      const size = store.getState();
      if (!box) return;
      editor.view.fitted = ids === undefined;
      void goTo(editor, flow, viewportFor(box, size.width, size.height), size, MOVE_MS);
    };
    return {
      fit: show,
      reveal: (ids) => editor.view.overview && show(ids),
      zoomBy(factor) {
        editor.view.fitted = false;
        const size = store.getState();
        const before = flow.getZoom();
        const zoom = Math.min(Math.max(before * factor, size.minZoom), size.maxZoom);
        const { x, y } = flow.getViewport();
        const about = (start: number, half: number) => half - ((half - start) / before) * zoom;
        const to = { x: about(x, size.width / 2), y: about(y, size.height / 2), zoom };
        void goTo(editor, flow, to, size, MOVE_MS / 2);
      },
      toFlow: (client) => flow.screenToFlowPosition(client),
      inView() {
        const { transform, width, height } = store.getState();
        const [x, y, zoom] = transform;
        return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
      },
    };
  }, [editor, flow, store]);
}

/** Looks where the trait `viewport` says, and writes it when hands have rested. */
function useViewport(): void {
  const { session, view } = useEditor();
  const flow = useReactFlow();
  const store = useStoreApi();
  const tell = useMemo(
    () =>
      debounced(TELL_MS, () => {
        const { x, y, zoom } = flow.getViewport();
        setTrait(session.model, "viewport", { x, y, zoom, by: view.id });
      }),
    [flow, session, view],
  );
  useOnViewportChange({
    onChange: ({ zoom }) => view.zoom.set(zoom),
    onEnd: () => {
      if (!view.glide.going) view.rests.update((count) => count + 1);
      // Before anything was moved there is nothing to tell; after it, Fit is told too.
      const moved = !view.fitted || session.model.get("viewport")?.x !== undefined;
      if (!view.readOnly && moved) tell.ask();
    },
  });
  useEffect(() => {
    if (view.readOnly) return;
    const { model } = session;
    const take = () => {
      const { x, y, zoom, by }: ViewportTrait = model.get("viewport") ?? {};
      // No view follows another; code moves them all.
      if (by !== undefined) return;
      if (x === undefined || y === undefined || zoom === undefined) return view.canvas?.fit();
      view.fitted = false;
      void goTo({ session, view }, flow, { x, y, zoom }, store.getState(), 0);
    };
    model.on("change:viewport", take);
    return () => {
      model.off("change:viewport", take);
      tell.cancel();
    };
  }, [flow, session, store, tell, view]);
}

/** Where a page that was loaded again takes up what the last one saw; null is the whole flow. */
function firstViewport({ session, view }: Editor): Viewport | null {
  const { x, y, zoom, by }: ViewportTrait = session.model.get("viewport") ?? {};
  if (view.readOnly || x === undefined || y === undefined || zoom === undefined) return null;
  session.firstView ??= view.id;
  return by === undefined || session.firstView === view.id ? { x, y, zoom } : null;
}

/** What is seen whole stays so: in another height, in full screen, and when code adds to it. */
function useFit(scene: Scene): void {
  const editor = useEditor();
  const { view } = editor;
  const flow = useReactFlow();
  const width = useStore((state) => state.width);
  const height = useStore((state) => state.height);
  const begun = useRef(false);
  useLayoutEffect(() => {
    // A view that a windowed notebook took out of the page has no size, and nothing to fit into.
    if (width === 0 || height === 0) return;
    const first = begun.current ? null : firstViewport(editor);
    if (first) {
      view.fitted = false;
      void flow.setViewport(first);
    }
    const bySomeoneElse = performance.now() - view.edited > OWN_EDIT_MS;
    const box = boxOfAll(editor);
    if (view.fitted && box && scene.cards && (bySomeoneElse || !begun.current)) {
      view.glide.stop();
      void flow.setViewport(viewportFor(box, width, height, view.readOnly ? SMALL_MARGIN : MARGIN));
    }
    begun.current = true;
    view.zoom.set(flow.getZoom());
    view.held.set(false);
  }, [editor, flow, view, scene, width, height]);
  useEffect(() => {
    const { root } = view;
    const moved = (event: Event) => {
      const onCanvas = (event.target as Element).closest?.(".react-flow");
      if (onCanvas && (event.type === "wheel" || (event as PointerEvent).button <= 1)) {
        view.fitted = false;
        view.glide.stop();
      }
    };
    root?.addEventListener("wheel", moved, { passive: true });
    root?.addEventListener("pointerdown", moved);
    return () => {
      root?.removeEventListener("wheel", moved);
      root?.removeEventListener("pointerdown", moved);
    };
  }, [view]);
}

/** Tells the kernel which nodes are seen, so that it draws previews of no others. */
function useVisible(scene: Scene): void {
  const { session, view } = useEditor();
  const store = useStoreApi();
  const latest = useRef(scene);
  latest.current = scene;
  const tell = useMemo(
    () =>
      debounced(TELL_MS / 2, () => {
        const { transform, width, height } = store.getState();
        const [x, y, zoom] = transform;
        const seen = { left: -x / zoom, top: -y / zoom, right: (width - x) / zoom, bottom: (height - y) / zoom };
        const ids = [...latest.current.cards].flatMap(([id, card]) => {
          const at = latest.current.positions.get(id);
          if (!at) return [];
          const across = at.x < seen.right && at.x + card.width > seen.left;
          return across && at.y < seen.bottom && at.y + card.height > seen.top ? [id] : [];
        });
        session.show(view.id, ids);
      }),
    [session, store, view],
  );
  useEffect(() => {
    if (view.readOnly) return;
    tell.ask();
    const end = store.subscribe((state, before) => {
      if (state.transform !== before.transform || state.width !== before.width) tell.ask();
    });
    return () => {
      end();
      tell.cancel();
      session.show(view.id, null);
    };
  }, [session, store, tell, view]);
  useEffect(() => {
    if (scene.cards && !view.readOnly) tell.ask();
  }, [scene.cards, tell, view]);
}

export function Reporter({ scene }: { scene: Scene }) {
  const { view } = useEditor();
  const hand = useHand();
  useLayoutEffect(() => {
    view.canvas = hand;
    return () => {
      view.canvas = null;
    };
  }, [hand, view]);
  useViewport();
  useFit(scene);
  useVisible(scene);
  return null;
}
