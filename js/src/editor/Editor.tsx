// One view of a flow: the frame around the canvas, and what comes in through keys, pointer and clipboard.

import {
  type ClipboardEvent,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useFlow } from "../bridge/sync";
import { useTrait } from "../bridge/traits";
import { Canvas } from "../canvas/Canvas";
import { OverBudget } from "../costs/OverBudget";
import { useTheme } from "../theme/theme";
import { Asks } from "./Asks";
import { copySelection, paste, removeSelection } from "./actions";
import { Bubble } from "./Bubble";
import { Conflict } from "./Conflict";
import { Dropped, useDrop } from "./Dropped";
import { EmptyState } from "./EmptyState";
import { HeightHandle, LEAST_HEIGHT } from "./HeightHandle";
import { Inside } from "./Inside";
import { isTextField, takeKey } from "./keys";
import { LatePanels, LateTimeline } from "./Later";
import { Lightbox } from "./Lightbox";
import { Notices } from "./Notices";
import { Palette } from "./Palette";
import { StatusLine } from "./StatusLine";
import { Toolbar } from "./Toolbar";
import { useScene } from "./useScene";
import { useEditor } from "./view";
import "./editor.css";
import "./panels.css";

const USUAL_HEIGHT = 520;

/** Keys that were taken go no further: the notebook around has other ideas of them. */
function useKeys() {
  const editor = useEditor();
  return useMemo(
    () => ({
      onKeyDown: (event: KeyboardEvent) => {
        if (!event.defaultPrevented && takeKey(editor, event.nativeEvent)) {
          event.preventDefault();
          event.stopPropagation();
        } else if (isTextField(event.target)) {
          // What is typed into a field is nobody else's either.
          event.stopPropagation();
        }
      },
    }),
    [editor],
  );
}

function usePointer() {
  const { view } = useEditor();
  return useMemo(
    () => ({
      onPointerMove: (event: PointerEvent) => {
        const onCanvas = (event.target as Element).closest?.(".react-flow");
        view.pointer = onCanvas ? { x: event.clientX, y: event.clientY } : null;
      },
      onPointerLeave: () => {
        view.pointer = null;
      },
      onPointerDown: (event: PointerEvent) => {
        const own = (event.target as Element).closest?.(
          "input, textarea, select, button, a, audio, video, [contenteditable], [tabindex]",
        );
        if (own && own !== view.root) return;
        view.root?.focus({ preventScroll: true });
        // What is chosen next are nodes, and they are what is copied.
        if (getComputedStyle(event.target as Element).userSelect === "none") getSelection()?.removeAllRanges();
      },
    }),
    [view],
  );
}

/** Words that are selected to be read, in a panel or in a result on a card, are what is copied. */
function isTextSelected({ currentTarget }: ClipboardEvent): boolean {
  const root = currentTarget.getRootNode() as Document & { getSelection?(): Selection | null };
  const selection = root.getSelection?.() ?? getSelection();
  return selection !== null && !selection.isCollapsed && currentTarget.contains(selection.anchorNode);
}

function useClipboard() {
  const editor = useEditor();
  return useMemo(() => {
    const copy = (event: ClipboardEvent): boolean => {
      const text = isTextField(event.target) || isTextSelected(event) ? null : copySelection(editor);
      if (text === null) return false;
      event.clipboardData.setData("text/plain", text);
      event.preventDefault();
      event.stopPropagation();
      return true;
    };
    return {
      onCopy: (event: ClipboardEvent) => void copy(event),
      onCut: (event: ClipboardEvent) => {
        if (copy(event)) removeSelection(editor);
      },
      onPaste: (event: ClipboardEvent) => {
        if (isTextField(event.target) || !paste(editor, event.clipboardData.getData("text/plain"))) return;
        event.preventDefault();
        event.stopPropagation();
      },
    };
  }, [editor]);
}

function useFocus() {
  const { view } = useEditor();
  return useMemo(
    () => ({
      onFocus: () => view.focused.set(true),
      onBlur: (event: FocusEvent<HTMLElement>) => {
        if (!event.currentTarget.contains(event.relatedTarget)) view.focused.set(false);
      },
    }),
    [view],
  );
}

export function EditorShell() {
  const { session, view } = useEditor();
  const root = useRef<HTMLElement>(null);
  const { flow, rev, pending, epoch, ready } = useFlow(session.sync);
  const options = useTrait(session.model, "options");
  const [preview, setPreview] = useState<number | null>(null);
  const theme = useTheme();
  const scene = useScene();
  useLayoutEffect(() => {
    view.root = root.current;
    return () => {
      view.root = null;
    };
  }, [view]);
  const keys = useKeys();
  const pointer = usePointer();
  const clipboard = useClipboard();
  const focus = useFocus();
  const drop = useDrop();
  const height = preview ?? Math.max(LEAST_HEIGHT, Number(options?.height) || USUAL_HEIGHT);
  return (
    <section
      ref={root}
      className="pf-root"
      data-pf-theme={theme}
      role="application"
      aria-label={`Flow ${flow.name}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: keys act only while the focus is inside.
      tabIndex={0}
      style={{ height }}
      data-lm-suppress-shortcuts="true"
      data-revision={rev}
      data-pending={pending}
      data-epoch={epoch}
      {...keys}
      {...pointer}
      {...clipboard}
      {...focus}
      {...drop}
    >
      <Toolbar />
      <div className="pf-stage">
        <Canvas scene={scene} theme={theme} />
        {ready && flow.nodes.size === 0 && <EmptyState />}
        {!ready && <p className="pf-waiting">Waiting for the kernel…</p>}
        <Inside theme={theme} />
        <Notices />
        <Conflict theme={theme} />
        <Dropped />
        <Asks />
        <OverBudget />
        <LatePanels />
      </div>
      <LateTimeline />
      <StatusLine />
      <HeightHandle height={height} preview={setPreview} />
      <Palette />
      <Lightbox />
      <Bubble />
    </section>
  );
}
