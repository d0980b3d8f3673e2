// A combobox of models: one by its title; or any other, by a Hub id, a folder or a file.

import { type FocusEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { type ModelDesk, useAbout, useFit, useGettings } from "../bridge/models";
import type { GettingModel, ModelEntry } from "../bridge/protocol";
import { isComposing } from "./draft";
import { Icon } from "./icons";
import { ModelList } from "./ModelList";
import { cautionOf, isWeighable, modelOf, NO_FILTERS, partOf, readModel, suggest } from "./modelChoice";
import { formatSize, isPlace } from "./values";

interface Props {
  id: string;
  label: string;
  hint: string | undefined;
  placeholder: string;
  disabled: boolean;
  /** What is chosen; empty is nothing. */
  source: string;
  known: readonly ModelEntry[];
  desk: ModelDesk;
  /** null takes the choice away. */
  onChoose(source: string | null): void;
}

/** What gets a model that is not here, or how far that is. */
function getWords({ megabytes, command }: ModelEntry, getting: GettingModel | undefined): string {
  if (command) return "pip install";
  if (getting?.state === "getting") return partOf(getting);
  return megabytes > 0 ? `Get ${formatSize(megabytes)}` : "Get";
}

/** Whether the chosen model is here and fits into memory; what is not here can be got. */
function Note({ model, desk, onOpen }: { model: ModelEntry | null; desk: ModelDesk; onOpen(): void }) {
  const getting = useGettings(desk).get(model?.name ?? "");
  const fit = useFit(desk, isWeighable(model) ? model.name : "");
  if (!model) return null;
  const caution = cautionOf(fit);
  if (model.installed && !caution) {
    return (
      <span className="pf-model-note" title={`${model.help} It is on this machine.`.trim()}>
        <Icon name="check" />
      </span>
    );
  }
  return (
    <button
      type="button"
      className={`pf-model-note pf-model-${model.installed ? "caution" : "get"}`}
      title={model.installed ? fit?.sentence : `${model.title} is not on this machine yet.`}
      tabIndex={-1}
      // The list says more; the field keeps the focus.
      onMouseDown={(event) => event.preventDefault()}
      onClick={onOpen}
    >
      {model.installed ? caution : getWords(model, getting)}
    </button>
  );
}

export function ModelField(props: Props) {
  const { id, label, disabled, source, known, desk, onChoose } = props;
  const card = modelOf(known, source) ?? null;
  const about = useAbout(desk, card ? "" : source);
  const current = card ?? (typeof about === "object" ? about : null);
  const [query, setQuery] = useState<string | null>(null);
  const [filters, setFilters] = useState(NO_FILTERS);
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const frame = useRef<HTMLSpanElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();

  const options = suggest(known, query ?? "", filters);
  if (query === null && source !== "" && !card) options.push({ source, model: current });
  const own = query === null ? options.findIndex((option) => option.source === (card?.name ?? source)) : 0;
  const active = picked ?? (query !== null && isPlace(query.trim()) ? options.length - 1 : own);

  const end = () => {
    setQuery(null);
    setPicked(null);
    setProblem(null);
    setOpen(false);
  };
  const show = () => {
    // What is free changes with all that a machine does.
    if (!open) desk.weighAnew();
    setOpen(true);
  };
  const choose = (next: string | null) => {
    end();
    if (next !== source) onChoose(next);
  };
  /** What is not here yet stays pointed at, so that it can be got. */
  const pick = (next: string) => {
    choose(next);
    if (modelOf(known, next)?.installed === false) setOpen(true);
  };
  const commit = () => {
    setOpen(false);
    if (query === null) return;
    const text = query.trim();
    const read = readModel(known, text);
    if (text === "" || read !== null) choose(read);
    else setProblem(`There is no model “${text}”. Pick one, or write a Hub id (owner/name), a folder or a file.`);
  };
  const onBlur = (event: FocusEvent) => {
    if (!frame.current?.contains(event.relatedTarget)) commit();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      show();
      if (open && options.length > 0) setPicked((active + move + options.length) % options.length);
    } else if (event.key === "Enter") {
      const option = open && (query !== null || picked !== null) ? options[active] : undefined;
      if (option && query?.trim() !== "") pick(option.source);
      else commit();
    }
  };
  const onEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !(open || query !== null)) return;
    event.preventDefault();
    end();
    input.current?.focus({ preventScroll: true });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only hears Escape of what stands in it.
    <span ref={frame} className="pf-field pf-model" onBlur={onBlur} onKeyDown={onEscape}>
      <input
        ref={input}
        id={id}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={list}
        aria-activedescendant={open && options[active] ? `${list}-${active}` : undefined}
        aria-describedby={open ? `${list}-about` : undefined}
        aria-autocomplete="list"
        aria-invalid={problem !== null}
        title={problem ?? props.hint}
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        placeholder={props.placeholder}
        value={query ?? current?.title ?? source}
        onFocus={(event) => event.currentTarget.select()}
        onClick={show}
        onChange={(event) => {
          setQuery(event.target.value);
          setPicked(null);
          setProblem(null);
          show();
        }}
        onKeyDown={onKeyDown}
      />
      {query === null && (
        <Note
          model={current}
          desk={desk}
          onOpen={() => {
            input.current?.focus({ preventScroll: true });
            show();
          }}
        />
      )}
      <Icon name="chevron" />
      {problem && !open && (
        <span className="pf-field-problem" role="alert">
          {problem}
        </span>
      )}
      {open && (
        <ModelList
          id={list}
          frame={frame}
          known={known}
          options={options}
          active={active}
          filters={filters}
          desk={desk}
          onFilter={(next) => {
            setFilters(next);
            setPicked(null);
          }}
          onChoose={pick}
        />
      )}
    </span>
  );
}
