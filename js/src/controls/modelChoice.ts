// Which models a text and the filters offer, in which order, and what is said of each.

import type { GettingModel, ModelEntry, ModelFit } from "../bridge/protocol";
import { formatSize, isPlace } from "./values";

/** A model that is known, or a text that is taken as a Hub id, a folder or a file. */
export interface Option {
  source: string;
  model: ModelEntry | null;
}

export interface Filters {
  /** Empty is any. */
  modality: string;
  base: string;
}

export const NO_FILTERS: Filters = { modality: "", base: "" };

const kindOf = ({ kind }: ModelEntry) => kind || "model";

/** Whether it can be asked whether a model fits into memory: it is a whole one, and how large it is is known. */
export function isWeighable(model: ModelEntry | null): model is ModelEntry {
  return !!model && kindOf(model) === "model" && (model.installed || model.megabytes > 0 || !!model.memory_gb);
}

/** What is to be heeded before a run, in two words; empty where nothing is. */
export function cautionOf(fit: ModelFit | null): string {
  return fit?.how === "offload" ? "offloads" : fit?.how === "too large" ? "too large" : "";
}

/** How far a download is. */
export function partOf({ done, total }: GettingModel): string {
  return total > 0 ? `${Math.floor((100 * done) / total)} %` : "…";
}

/** The model that a sentence is about, of cards and downloads: the longest title wins, as others may begin like it. */
export function modelIn(
  words: string,
  models: readonly ModelEntry[],
  gettings: Iterable<GettingModel>,
): { name: string; title: string; command?: string } | undefined {
  const onTheirWay = [...gettings].map(({ source, title }) => ({ name: source, title: title || source }));
  const named = [...models, ...onTheirWay].filter(({ title }) => words.includes(title));
  return named.sort((one, other) => other.title.length - one.title.length)[0];
}

/** The models that do a task, or those of another kind: adapters. */
export function modelsFor(models: readonly ModelEntry[], task: unknown, kind = "model"): ModelEntry[] {
  const wanted = typeof task === "string" ? task : "";
  const fits = (model: ModelEntry) => (wanted === "" ? kindOf(model) === kind : model.tasks.includes(wanted));
  return models.filter(fits);
}

export function findModel(models: readonly ModelEntry[], text: string): ModelEntry | undefined {
  const wanted = text.trim().toLowerCase();
  return models.find((model) => [model.name, model.title].some((name) => name.toLowerCase() === wanted));
}

/** As `findModel`, also by where it comes from. */
export function modelOf(models: readonly ModelEntry[], source: string): ModelEntry | undefined {
  return findModel(models, source) ?? (source === "" ? undefined : models.find((model) => model.source === source));
}

/** What the filters can be set to, each once, in the order of the cards. */
export function filtersOf(models: readonly ModelEntry[]): { modalities: string[]; bases: string[] } {
  const each = (read: (model: ModelEntry) => string | undefined) => [
    ...new Set(models.map(read).filter((name): name is string => !!name)),
  ];
  return { modalities: each((model) => model.modality), bases: each((model) => model.base_model) };
}

/** What a text offers: the models that hold its words, those that are here first; last, the text itself. */
export function suggest(models: readonly ModelEntry[], query: string, filters = NO_FILTERS): Option[] {
  const text = query.trim();
  const words = text.toLowerCase().split(/\s+/);
  const holds = ({ title, name, base_model, source, help }: ModelEntry) => {
    const said = `${title} ${name} ${base_model} ${source ?? ""} ${help}`.toLowerCase();
    return words.every((word) => said.includes(word));
  };
  const passes = ({ modality, base_model }: ModelEntry) =>
    (filters.modality === "" || filters.modality === modality) && (filters.base === "" || filters.base === base_model);
  const found = models.filter((model) => passes(model) && holds(model));
  const sorted = [...found.filter(({ installed }) => installed), ...found.filter(({ installed }) => !installed)];
  const options = sorted.map((model) => ({ source: model.name, model }));
  return text === "" || findModel(models, text) ? options : [...options, { source: text, model: null }];
}

/** What a text means without a choice among its suggestions: null where it takes one. */
export function readModel(models: readonly ModelEntry[], text: string): string | null {
  return findModel(models, text)?.name ?? (isPlace(text.trim()) ? text.trim() : null);
}

/** Base model, size, licence, memory: what is known of it, in a line. */
export function factsOf(model: ModelEntry): string[] {
  const { base_model, megabytes, licence, memory_gb, gated } = model;
  const facts = [
    base_model,
    megabytes > 0 && formatSize(megabytes),
    licence,
    !!memory_gb && `needs about ${memory_gb < 1 ? memory_gb : Math.round(memory_gb)}\u00a0GB`,
    gated && "asks first",
  ];
  return facts.filter((fact): fact is string => !!fact);
}

/** As `factsOf`, beside the button that gets it, which names the licence, and the sentence that says what it needs. */
export function sizeFacts(model: ModelEntry, fit: ModelFit | null): string[] {
  const shown = fit ? { ...model, memory_gb: 0 } : model;
  return factsOf(model.installed || model.command ? shown : { ...shown, licence: "", gated: false });
}
