import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTrait } from "../bridge/traits";
import type { NodeTypes } from "../flow/nodeType";
import { mediumOf } from "../flow/portType";
import { PortShape } from "../nodes/PortShape";
import { addFromPalette } from "./actions";
import { fittingPort, typeAtEnd } from "./connecting";
import { SearchIcon } from "./icons";
import { type Found, searchTypes } from "./search";
import { useStored } from "./store";
import { type Editor, type PaletteRequest, useEditor } from "./view";

const WIDTH = 320;
const HEIGHT = 360;
const EDGE = 10;

function fittingTypes(editor: Editor, types: NodeTypes, { from }: PaletteRequest): NodeTypes {
  if (!from) return types;
  const carried = typeAtEnd(editor, from);
  return Object.fromEntries(Object.entries(types).filter(([, type]) => fittingPort(type, from, carried) !== null));
}

/** Beside the pointer, wholly inside the editor. */
function placeOf({ view }: Editor, { beside }: PaletteRequest): { left: number; top: number; maxHeight: number } {
  const box = view.root?.getBoundingClientRect() ?? new DOMRect(0, 0, WIDTH, HEIGHT);
  const maxHeight = Math.min(HEIGHT, box.height - 2 * EDGE);
  const wish = beside
    ? { left: beside.x - box.left + 8, top: beside.y - box.top - 22 }
    : { left: (box.width - WIDTH) / 2, top: 56 };
  return {
    left: Math.max(EDGE, Math.min(wish.left, box.width - WIDTH - EDGE)),
    top: Math.max(EDGE, Math.min(wish.top, box.height - maxHeight - EDGE)),
    maxHeight,
  };
}

/** The first thing on a new card that can be typed into. */
function focusFirstControl({ view }: Editor, id: string): void {
  const card = view.root?.querySelector(`.pf-card[data-node="${CSS.escape(id)}"]`);
  const control = card?.querySelector<HTMLElement>(
    ".pf-slot input, .pf-slot textarea, .pf-slot select, .pf-slot button",
  );
  (control ?? view.root)?.focus({ preventScroll: true });
}

function Option({ found, id, active, choose }: { found: Found; id: string; active: boolean; choose: () => void }) {
  const { type } = found;
  const medium = mediumOf(type.outputs[0]?.type ?? type.inputs[0]?.type ?? "any");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the search field's.
    // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant points here while the field has the focus.
    <div id={id} className="pf-option" role="option" aria-selected={active} onClick={choose}>
      <span className={`pf-card-icon pf-medium-${medium}`}>
        <PortShape medium={medium} />
      </span>
      <span className="pf-option-words">
        <span className="pf-option-title">
          {type.title}
          {type.family && <span className="pf-option-family">{type.family}</span>}
        </span>
        {type.help && <span className="pf-option-help">{type.help}</span>}
      </span>
    </div>
  );
}

function OpenPalette({ request }: { request: PaletteRequest }) {
  const editor = useEditor();
  const { session, view } = editor;
  const types = useTrait(session.model, "types");
  const recent = useStored(session.recent);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const scope = useId();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const fitting = useMemo(() => fittingTypes(editor, types ?? {}, request), [editor, types, request]);
  const found = useMemo(() => searchTypes(fitting, typed, recent), [fitting, typed, recent]);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  const close = () => {
    view.palette.set(null);
    view.root?.focus({ preventScroll: true });
  };
  const choose = (name: string) => {
    close();
    const id = addFromPalette(editor, name, request);
    // The card is drawn in the next frame, and handed to the page after it.
    if (id !== null) requestAnimationFrame(() => requestAnimationFrame(() => focusFirstControl(editor, id)));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1, Tab: event.shiftKey ? -1 : 1 }[event.key];
    const picked = found[at];
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && picked) choose(picked.name);
    else if (by !== undefined && found.length > 0) setAt((at + by + found.length) % found.length);
    else if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <>
      <div className="pf-veil" aria-hidden="true" onPointerDown={close} />
      <div className="pf-palette nowheel" role="dialog" aria-label="Add a node" style={placeOf(editor, request)}>
        <div className="pf-search">
          <SearchIcon />
          <input
            ref={field}
            role="combobox"
            aria-label="Search node types"
            aria-expanded="true"
            aria-controls={`${scope}list`}
            aria-activedescendant={found[at] ? `${scope}${at}` : undefined}
            placeholder={request.from ? "What fits this port?" : "What shall it do?"}
            spellCheck={false}
            value={typed}
            onKeyDown={onKeyDown}
            onChange={(event) => {
              setTyped(event.target.value);
              setAt(0);
            }}
          />
        </div>
        <div ref={list} id={`${scope}list`} className="pf-options" role="listbox" aria-label="Node types">
          {found.map((each, index) => (
            <Option
              key={each.name}
              found={each}
              id={`${scope}${index}`}
              active={index === at}
              choose={() => choose(each.name)}
            />
          ))}
        </div>
        {found.length === 0 && (
          <p className="pf-none">{typed ? `Nothing is called “${typed}”.` : "No node type fits this port."}</p>
        )}
      </div>
    </>
  );
}

/** Where a node is chosen: search, and Enter. */
export function Palette() {
  const { view } = useEditor();
  const request = useStored(view.palette);
  return request && <OpenPalette key={`${request.at?.x} ${request.at?.y}`} request={request} />;
}
