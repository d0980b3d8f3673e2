import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { Icon } from "./icons";
import type { Option } from "./ModelPicker";
import { formatSize } from "./values";

const MARGIN = 4;

interface Props {
  id: string;
  frame: RefObject<HTMLElement | null>;
  options: readonly Option[];
  active: number;
  onChoose(source: string): void;
}

/** Keeps a box below another one, or above it where there is more room, wherever pan and zoom carry that. */
function follow(box: HTMLElement, frame: HTMLElement): void {
  const { left, top, bottom, width } = frame.getBoundingClientRect();
  box.style.minWidth = `${Math.max(width, 230)}px`;
  const above = innerHeight - bottom < box.offsetHeight + MARGIN && top > innerHeight - bottom;
  box.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - box.offsetWidth - MARGIN))}px`;
  box.style.top = `${above ? top - box.offsetHeight - MARGIN : bottom + MARGIN}px`;
}

function Entry({ source, model }: Option) {
  if (!model) return <span className="pf-suggestion-title">Use “{source}”: a Hub id or a folder</span>;
  const state = model.installed ? "here" : formatSize(model.megabytes);
  return (
    <>
      <span className="pf-suggestion-title">{model.title}</span>
      <span className="pf-suggestion-state">
        {model.installed && <Icon name="check" />}
        {state}
      </span>
      <span className="pf-suggestion-note">{[model.base_model, model.help].filter(Boolean).join(" · ")}</span>
    </>
  );
}

/** The list below a combobox. It is drawn in the page's top layer, which no card cuts off and no zoom makes small. */
export function Suggestions({ id, frame, options, active, onChoose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    element?.showPopover?.();
    let request = 0;
    const keep = () => {
      if (element && frame.current) follow(element, frame.current);
      request = requestAnimationFrame(keep);
    };
    keep();
    return () => cancelAnimationFrame(request);
  }, [frame]);
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [id, active]);
  return (
    <div ref={box} popover="manual" className="pf-suggestions nowheel">
      <div id={id} role="listbox" aria-label="Suggestions">
        {options.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the combobox's.
          <div
            key={`${option.model ? "" : "="}${option.source}`}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className="pf-suggestion"
            // The field keeps the focus, whose loss would end typing.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onChoose(option.source)}
          >
            <Entry {...option} />
          </div>
        ))}
        {options.length === 0 && <div className="pf-suggestion-note">No model for this is known.</div>}
      </div>
    </div>
  );
}
