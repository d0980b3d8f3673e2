import { type CSSProperties, type KeyboardEvent, type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { useEditor } from "./view";

export interface MenuItem {
  title: string;
  keys?: string;
  disabled?: boolean;
  /** It is switched on or off. */
  checked?: boolean;
  act(): void;
}

interface Props {
  label: string;
  className?: string;
  items: readonly MenuItem[];
  style?: CSSProperties;
  close(): void;
  place?: Ref<HTMLDivElement | null>;
}

/** The element that has the focus, also in a shadow root. */
const focusedIn = (element: HTMLElement) => (element.getRootNode() as Document | ShadowRoot).activeElement;
const liveItems = (menu: HTMLElement) => [...menu.querySelectorAll<HTMLElement>("button:not(:disabled)")];

/** The focus goes to the first item, once there is one, and the menu ends where the pointer goes down elsewhere. */
function useOpening(menu: { current: HTMLDivElement | null }, close: () => void): () => void {
  const { view } = useEditor();
  const latest = useRef(close);
  latest.current = close;
  const opener = useRef<Element | null>(null);
  // Items may come later, with any drawing.
  useEffect(() => {
    const { current } = menu;
    if (!current) return;
    const focused = focusedIn(current);
    if (!current.contains(focused)) {
      // Once it was here, the focus is not fetched back.
      if (opener.current) return;
      opener.current = focused;
    }
    if (!current.contains(focused) || focused === current)
      (liveItems(current)[0] ?? current).focus({ preventScroll: true });
  });
  useEffect(() => {
    const away = (event: Event) => {
      if (!event.composedPath().includes(menu.current as HTMLElement)) latest.current();
    };
    const root = view.root;
    root?.addEventListener("pointerdown", away, true);
    return () => root?.removeEventListener("pointerdown", away, true);
  }, [menu, view]);
  return () => {
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
  };
}

/** What can be done with something; it closes when one of it is done, on Escape, and when the pointer goes down elsewhere. */
export function Menu({ label, className = "", items, style, close, place }: Props) {
  const { view } = useEditor();
  const menu = useRef<HTMLDivElement>(null);
  useImperativeHandle(place, () => menu.current as HTMLDivElement);
  const goBack = useOpening(menu, close);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined) {
      const live = liveItems(event.currentTarget);
      const at = live.indexOf(focusedIn(event.currentTarget) as HTMLElement);
      live[(at + by + live.length) % live.length]?.focus({ preventScroll: true });
    } else if (event.key === "Escape" || event.key === "Tab") {
      goBack();
      close();
      // From where it was opened, Tab goes on.
      if (event.key === "Tab") return event.stopPropagation();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = (item: MenuItem) => {
    close();
    view.root?.focus({ preventScroll: true });
    item.act();
  };
  return (
    <div
      ref={menu}
      className={`pf-menu nodrag nopan ${className}`}
      role="menu"
      tabIndex={-1}
      aria-label={label}
      style={style}
      onKeyDown={onKeyDown}
    >
      {items.map((item) => (
        <button
          key={item.title}
          type="button"
          {...(item.checked === undefined
            ? { role: "menuitem" }
            : { role: "menuitemcheckbox", "aria-checked": item.checked })}
          aria-label={item.title}
          disabled={item.disabled}
          onClick={() => choose(item)}
        >
          {item.title}
          {item.checked && <span aria-hidden="true">✓</span>}
          {item.keys && <kbd>{item.keys}</kbd>}
        </button>
      ))}
    </div>
  );
}
