// One of the models that do a task, by its title; or any other, by a Hub id or a folder.

import { type KeyboardEvent, useId, useRef, useState } from "react";
import type { ModelEntry } from "../bridge/protocol";
import { field } from "../flow/document";
import { isComposing } from "./draft";
import { Icon } from "./icons";
import type { ControlProps } from "./props";
import { Suggestions } from "./Suggestions";
import { formatSize, isPlace, modelSource, withSource } from "./values";

/** A model that is known, or a text that is taken as a Hub id or a folder. */
export interface Option {
  source: string;
  model: ModelEntry | null;
}

export function modelsFor(models: readonly ModelEntry[], task: unknown): ModelEntry[] {
  return models.filter((model) => typeof task !== "string" || task === "" || model.tasks.includes(task));
}

export function findModel(models: readonly ModelEntry[], text: string): ModelEntry | undefined {
  const wanted = text.trim().toLowerCase();
  return models.find((model) => [model.name, model.title].some((name) => name.toLowerCase() === wanted));
}

/** What a text offers: the models that hold its words; last, the text itself. */
export function suggest(models: readonly ModelEntry[], query: string): Option[] {
  const text = query.trim();
  const words = text.toLowerCase().split(/\s+/);
  const holds = ({ title, name, base_model }: ModelEntry) => {
    const said = `${title} ${name} ${base_model}`.toLowerCase();
    return words.every((word) => said.includes(word));
  };
  const found = models.filter(holds).map((model) => ({ source: model.name, model }));
  return text === "" || findModel(models, text) ? found : [...found, { source: text, model: null }];
}

/** What a text means without a choice among its suggestions: null where it takes one. */
export function readModel(models: readonly ModelEntry[], text: string): string | null {
  return findModel(models, text)?.name ?? (isPlace(text.trim()) ? text.trim() : null);
}

function Note({ model }: { model: ModelEntry | undefined }) {
  if (!model) return null;
  const size = formatSize(model.megabytes);
  return (
    <span className="pf-model-note" title={model.installed ? model.help : `${model.help} Not here yet: ${size}.`}>
      {model.installed ? <Icon name="check" /> : size}
    </span>
  );
}

export function ModelPicker(props: ControlProps) {
  const { id, port, value, disabled, label, models, onChange } = props;
  const known = modelsFor(models, field(port.control ?? {}, "task"));
  const source = modelSource(value);
  const current = findModel(models, source);
  const [query, setQuery] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<number | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const frame = useRef<HTMLSpanElement>(null);
  const list = useId();

  const options = suggest(known, query ?? "");
  const own = query === null ? options.findIndex((option) => option.source === current?.name) : 0;
  const active = picked ?? (query !== null && isPlace(query.trim()) ? options.length - 1 : own);

  const end = () => {
    setQuery(null);
    setPicked(null);
    setProblem(null);
    setOpen(false);
  };
  const choose = (next: string | null) => {
    end();
    if (next !== source) onChange(next === null ? null : withSource(value, next), "final");
  };
  const commit = () => {
    setOpen(false);
    if (query === null) return;
    const text = query.trim();
    const read = readModel(known, text);
    if (text === "" || read !== null) choose(read);
    else setProblem(`There is no model “${text}”. Pick one, or write a Hub id (owner/name) or a folder.`);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setOpen(true);
      if (open && options.length > 0) setPicked((active + move + options.length) % options.length);
    } else if (event.key === "Enter") {
      const option = open && (query !== null || picked !== null) ? options[active] : undefined;
      if (option && query?.trim() !== "") choose(option.source);
      else commit();
    } else if (event.key === "Escape" && (open || query !== null)) {
      event.preventDefault();
      end();
    }
  };

  return (
    <span ref={frame} className="pf-field pf-model">
      <input
        id={id}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={open}
        aria-controls={list}
        aria-activedescendant={open && options[active] ? `${list}-${active}` : undefined}
        aria-autocomplete="list"
        aria-invalid={problem !== null}
        title={problem ?? port.help}
        autoComplete="off"
        spellCheck={false}
        disabled={disabled}
        placeholder={port.optional ? "auto" : "Choose a model"}
        value={query ?? current?.title ?? source}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => setOpen(true)}
        onChange={(event) => {
          setQuery(event.target.value);
          setPicked(null);
          setProblem(null);
          setOpen(true);
        }}
        onBlur={commit}
        onKeyDown={onKeyDown}
      />
      {query === null && <Note model={current} />}
      <Icon name="chevron" />
      {problem && !open && (
        <span className="pf-field-problem" role="alert">
          {problem}
        </span>
      )}
      {open && <Suggestions id={list} frame={frame} options={options} active={active} onChoose={choose} />}
    </span>
  );
}
