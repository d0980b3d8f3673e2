// What opens below a field of models: filters, the list, and what is known of the one that is pointed at.

import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { type ModelDesk, useFit } from "../bridge/models";
import type { ModelEntry, ModelFit } from "../bridge/protocol";
import { GetModel } from "./GetModel";
import { Icon } from "./icons";
import { cautionOf, type Filters, factsOf, filtersOf, isWeighable, type Option, sizeFacts } from "./modelChoice";
import { formatSize } from "./values";

const MARGIN = 4;
const WIDTH = 320;

interface Props {
  id: string;
  frame: RefObject<HTMLElement | null>;
  known: readonly ModelEntry[];
  options: readonly Option[];
  active: number;
  filters: Filters;
  desk: ModelDesk;
  onFilter(filters: Filters): void;
  onChoose(source: string): void;
}

/** Keeps a box below another one, or above it where there is more room, wherever pan and zoom carry that. */
function follow(box: HTMLElement, frame: HTMLElement): void {
  const { left, top, bottom } = frame.getBoundingClientRect();
  const above = innerHeight - bottom < box.offsetHeight + MARGIN && top > innerHeight - bottom;
  box.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - box.offsetWidth - MARGIN))}px`;
  box.style.top = `${above ? Math.max(MARGIN, top - box.offsetHeight - MARGIN) : bottom + MARGIN}px`;
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

interface FilterProps {
  name: string;
  any: string;
  values: readonly string[];
  value: string;
  onChange(value: string): void;
}

function Filter({ name, any, values, value, onChange }: FilterProps) {
  if (values.length < 2) return null;
  return (
    <span className="pf-field pf-select">
      <select aria-label={name} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{any}</option>
        {values.map((each) => (
          <option key={each} value={each}>
            {capital(each)}
          </option>
        ))}
      </select>
      <Icon name="chevron" />
    </span>
  );
}

function Entry({ source, model }: Option) {
  if (!model) return <span className="pf-suggestion-title">Use “{source}”: a Hub id, a folder or a file</span>;
  return (
    <>
      <span className="pf-suggestion-title">{model.title}</span>
      <span className="pf-suggestion-state">
        {model.installed && <Icon name="check" />}
        {model.installed ? "here" : model.megabytes > 0 && formatSize(model.megabytes)}
      </span>
      <span className="pf-suggestion-note">
        {factsOf({ ...model, megabytes: 0 }).join(" · ") || (source === model.title ? "" : source)}
      </span>
    </>
  );
}

/** Whether a model fits into memory; loud only where a run would be slow, or fail. */
export function Fit({ fit }: { fit: ModelFit | null }) {
  return (
    fit && (
      <p className="pf-fit" data-caution={cautionOf(fit) || undefined}>
        {fit.sentence}
      </p>
    )
  );
}

/** What is known of a model before it is taken: its words, licence and size, whether it fits, and the way to get it. */
function About({ id, model, desk }: { id: string; model: ModelEntry | null; desk: ModelDesk }) {
  const fit = useFit(desk, isWeighable(model) ? model.name : "");
  if (!model) return <div id={id} hidden />;
  return (
    <div id={id} className="pf-model-about">
      {model.help && <p>{model.help}</p>}
      <p className="pf-suggestion-note">{sizeFacts(model, fit).join(" · ")}</p>
      <Fit fit={fit} />
      <GetModel model={model} desk={desk} />
    </div>
  );
}

/** It is drawn in the page's top layer, which no card cuts off and no zoom makes small. */
export function ModelList(props: Props) {
  const { id, frame, known, options, active, filters, onFilter, onChoose } = props;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    element?.showPopover?.();
    if (element) element.style.width = `${WIDTH}px`;
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
  const { modalities, bases } = filtersOf(known);
  const filtered = modalities.length > 1 || bases.length > 1;
  const firstAway = options.findIndex(({ model }) => model && !model.installed);
  return (
    <div ref={box} popover="manual" className="pf-suggestions nowheel nodrag">
      {filtered && (
        <div className="pf-model-filters">
          <Filter
            name="What it makes"
            any="Makes anything"
            values={modalities}
            value={filters.modality}
            onChange={(modality) => onFilter({ ...filters, modality })}
          />
          <Filter
            name="Base model"
            any="Any base model"
            values={bases}
            value={filters.base}
            onChange={(base) => onFilter({ ...filters, base })}
          />
        </div>
      )}
      <div id={id} className="pf-model-options" role="listbox" aria-label="Models">
        {options.map((option, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the combobox's.
          <div
            key={`${option.model ? "" : "="}${option.source}`}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className="pf-suggestion"
            data-first-away={(index > 0 && index === firstAway) || undefined}
            // The field keeps the focus, whose loss would end typing.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => onChoose(option.source)}
          >
            <Entry {...option} />
          </div>
        ))}
        {options.length === 0 && <div className="pf-suggestion-note">No model for this is known.</div>}
      </div>
      <About id={`${id}-about`} model={options[active]?.model ?? null} desk={props.desk} />
    </div>
  );
}
