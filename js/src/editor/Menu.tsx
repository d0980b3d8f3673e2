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

/** Arrow keys walk through the items of a menu. */
function step(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("button:not(:disabled)")];
  const host = event.currentTarget.getRootNode() as Document | ShadowRoot;
  const at = items.indexOf(host.activeElement as HTMLElement);
  items[(at + by + items.length) % items.length]?.focus({ preventScroll: true });
}

interface Props {
  label: string;
  className?: string;
  items: readonly MenuItem[];
  style?: CSSProperties;
  close(): void;
  place?: Ref<HTMLDivElement | null>;
}

/** What can be done with something; it closes when one of it is done, and when the pointer goes down elsewhere. */
export function Menu({ label, className = "", items, style, close, place }: Props) {
  const { view } = useEditor();
  const menu = useRef<HTMLDivElement>(null);
  useImperativeHandle(place, () => menu.current as HTMLDivElement);
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    menu.current?.querySelector<HTMLElement>("button:not(:disabled)")?.focus({ preventScroll: true });
    const away = (event: Event) => {
      if (!event.composedPath().includes(menu.current as HTMLElement)) latest.current();
    };
    const root = view.root;
    root?.addEventListener("pointerdown", away, true);
    return () => root?.removeEventListener("pointerdown", away, true);
  }, [view]);
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
      onKeyDown={step}
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
