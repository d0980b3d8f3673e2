import { type KeyboardEvent, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { duplicate, removeThese, run } from "../editor/actions";
import { DotsIcon } from "../editor/icons";
import { usePart, useStored } from "../editor/store";
import { type Editor, useEditor } from "../editor/view";

interface Item {
  title: string;
  keys: string;
  act(editor: Editor, id: string): void;
}

const ITEMS: Item[] = [
  { title: "Run to here", keys: "", act: (editor, id) => run(editor, [id]) },
  { title: "Duplicate", keys: "Ctrl D", act: (editor, id) => duplicate(editor, [id]) },
  { title: "Rename", keys: "F2", act: ({ view }, id) => view.renaming.set(id) },
  { title: "Delete", keys: "Del", act: (editor, id) => removeThese(editor, [id], [], null) },
];

/** Arrow keys walk through the items of a menu. */
function step(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const host = event.currentTarget.getRootNode() as Document | ShadowRoot;
  const at = items.indexOf(host.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus({ preventScroll: true });
}

const EDGE = 8;

/** A menu is as large as any other however small its card is, and wholly in view. */
function usePlace(menu: RefObject<HTMLElement | null>): { scale: number } {
  const { view } = useEditor();
  const zoom = useStored(view.zoom);
  useLayoutEffect(() => {
    const { current } = menu;
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
  }, [menu, view, zoom]);
  return { scale: 1 / zoom };
}

function Menu({ id }: { id: string }) {
  const editor = useEditor();
  const menu = useRef<HTMLDivElement>(null);
  const place = usePlace(menu);
  const { view } = editor;
  useEffect(() => {
    menu.current?.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true });
    const away = (event: Event) => {
      if (!event.composedPath().includes(menu.current as HTMLElement)) view.menu.set(null);
    };
    const root = view.root;
    root?.addEventListener("pointerdown", away, true);
    return () => root?.removeEventListener("pointerdown", away, true);
  }, [view]);
  const choose = (item: Item) => {
    view.menu.set(null);
    view.root?.focus({ preventScroll: true });
    item.act(editor, id);
  };
  return (
    <div
      ref={menu}
      className="pf-menu nodrag nopan"
      role="menu"
      tabIndex={-1}
      aria-label="Node"
      style={place}
      onKeyDown={step}
    >
      {ITEMS.map((item) => (
        <button key={item.title} type="button" role="menuitem" aria-label={item.title} onClick={() => choose(item)}>
          {item.title}
          {item.keys && <kbd>{item.keys}</kbd>}
        </button>
      ))}
    </div>
  );
}

/** The button that opens what can be done with a node. */
export function NodeMenu({ id }: { id: string }) {
  const { view } = useEditor();
  const open = usePart(view.menu, (menu) => menu === id);
  return (
    <>
      <button
        type="button"
        className="pf-more nodrag nopan"
        aria-label="More"
        aria-haspopup="menu"
        aria-expanded={open}
        // The menu closes itself when the pointer goes down elsewhere; here it would only open again.
        onPointerDown={(event) => open && event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          view.menu.set(open ? null : id);
        }}
      >
        <DotsIcon />
      </button>
      {open && <Menu id={id} />}
    </>
  );
}
