// What hands do with connections, and with the inputs and outputs of a flow, as operations.

import { FREE } from "./connect";
import {
  type Flow,
  type FlowDocument,
  field,
  isObject,
  type Json,
  type JsonObject,
  readFlow,
  splitPort,
  titleFromName,
} from "./document";
import { freeName, nameFromWords } from "./names";
import { type NodeTypes, type Port, portAt, type Side } from "./nodeType";
import { NONE, type Operation } from "./operations";
import { isList, type PortType } from "./portType";

export interface NewInput {
  /** Made from the title or the type, if not given. */
  name?: string;
  type: PortType;
  title?: string;
  default?: Json;
  limits?: JsonObject;
  feeds?: string[];
}

/** What has to go so that an input port is free: its edges and feeds. */
function freeing(flow: Flow, port: string): Operation[] {
  const edges = flow.edges.filter(({ to }) => to === port);
  const feeds = flow.inputs.filter((input) => input.feeds.includes(port));
  return [
    ...edges.map(({ from, to }) => ({ op: "disconnect", from, to })),
    ...feeds.map(({ name }) => ({ op: "unfeed", name, to: port })),
  ];
}

function isJoined(flow: Flow, from: string, to: string): boolean {
  if (splitPort(from)) return flow.edges.some((edge) => edge.from === from && edge.to === to);
  return flow.inputs.some(({ name, feeds }) => name === from && feeds.includes(to));
}

/**
 * Connects two ports, or a port and a place of a dock (see `Fits`); what fed a port of one value goes.
 *
 * Does nothing where they are connected already; whether they fit is asked of `whyNot`.
 */
export function connectPorts(flow: Flow, types: NodeTypes, from: string, to: string): Operation[] {
  if (!splitPort(to)) return readPort(flow, from, to);
  if (isJoined(flow, from, to)) return [];
  const port = portAt(flow, types, to, "input");
  const steps = port && isList(port.type) ? [] : freeing(flow, to);
  if (splitPort(from)) return [...steps, { op: "connect", from, to }];
  if (from !== FREE) return [...steps, { op: "feed", name: from, to }];
  const value = flow.nodes.get(splitPort(to)?.node ?? "")?.values;
  const input = inputFor(port ?? { name: splitPort(to)?.port ?? "", type: "any" }, to, value ?? {});
  return [...steps, ...newInput(flow, input)];
}

/** An input of the flow for a port: its type, its words, the value that is in force, and the limits of its control. */
function inputFor(port: Port, to: string, values: JsonObject): NewInput {
  const value = field(values, port.name) ?? port.default ?? null;
  // A seed may be "random" in a node; an input of the flow wants a number.
  const initial = port.control?.kind === "seed" && value === "random" ? 0 : value;
  const limits = limitsOf(port);
  return {
    name: port.name,
    type: port.type,
    feeds: [to],
    ...(port.title ? { title: port.title } : {}),
    ...(initial === null ? {} : { default: initial }),
    ...(limits ? { limits } : {}),
  };
}

/** The limits of a number's control; those of a seed are text, past what JavaScript counts. */
function limitsOf({ type, control }: Port): JsonObject | null {
  if (typeof type !== "string" || !/^(list\[)?(int|float)\]?$/.test(type)) return null;
  const bounds = (["min", "max"] as const).filter((name) => typeof control?.[name] === "number");
  return bounds.length === 0 ? null : Object.fromEntries(bounds.map((name) => [name, control?.[name] ?? null]));
}

function readPort(flow: Flow, from: string, to: string): Operation[] {
  if (to === FREE) return newOutput(flow, from, splitPort(from)?.port ?? "output");
  const output = flow.outputs.find(({ name }) => name === to);
  return output?.from === from ? [] : [{ op: "set_output", name: to, fields: { from } }];
}

function newInput(flow: Flow, { name: wanted, title, ...input }: NewInput): Operation[] {
  const base = wanted ?? nameFromWords(title ?? "", typeof input.type === "string" ? input.type : "choice");
  const name = freeName(base, (taken) => flow.inputs.some((entry) => entry.name === taken));
  // "Prompt" twice would not tell the two apart: the second is called by its name, "Prompt 2".
  const own = title && title !== titleFromName(name) && !(wanted && name !== plain(wanted)) ? { title } : {};
  return [{ op: "add_input", input: { feeds: [], ...input, name, ...own } as unknown as JsonObject }];
}

const plain = (name: string): string => freeName(name, () => false);

function newOutput(flow: Flow, from: string, wanted: string): Operation[] {
  const name = freeName(wanted, (taken) => flow.outputs.some((entry) => entry.name === taken));
  return [{ op: "add_output", output: { name, from } }];
}

/** Takes away all that leads into an input port, or out of an output port. */
export function disconnectPort(flow: Flow, port: string, side: Side = "input"): Operation[] {
  if (side === "input") return freeing(flow, port);
  const edges = flow.edges.filter(({ from }) => from === port);
  const outputs = flow.outputs.filter(({ from }) => from === port);
  return [
    ...edges.map(({ from, to }) => ({ op: "disconnect", from, to })),
    ...outputs.map(({ name }) => ({ op: "remove_output", name })),
  ];
}

export function addInput(document: FlowDocument, input: NewInput): Operation[] {
  return newInput(readFlow(document), input);
}

export function addOutput(document: FlowDocument, from: string, name?: string): Operation[] {
  return newOutput(readFlow(document), from, name ?? splitPort(from)?.port ?? "output");
}

export type Word = "input" | "output";

/** An input or output as the document holds it, and its place. */
function placeOf(document: FlowDocument, word: Word, name: string): [number, JsonObject] | null {
  const index = document[`${word}s`].findIndex((entry) => isObject(entry) && field(entry, "name") === name);
  const entry = document[`${word}s`][index];
  return isObject(entry) ? [index, entry] : null;
}

export function entryOf(document: FlowDocument, word: Word, name: string): JsonObject | null {
  return placeOf(document, word, name)?.[1] ?? null;
}

function put(word: Word, before: string, entry: JsonObject, index: number): Operation[] {
  return [
    { op: `remove_${word}`, name: before },
    { op: `add_${word}`, [word]: entry, index },
  ];
}

/** Calls an entry of the signature otherwise: its name is made from the words, its place and all else stay. */
function rename(document: FlowDocument, word: Word, name: string, words: string): Operation[] {
  const [index, entry] = placeOf(document, word, name) ?? [];
  const title = words.trim();
  if (!entry || index === undefined || title === "" || title === (entry.title || titleFromName(name))) return [];
  const next = freeName(nameFromWords(title, name), (taken) => taken !== name && isTaken(document, word, taken));
  const own = titleFromName(next) === title ? null : title;
  if (next === name) return [{ op: `set_${word}`, name, fields: { title: own } }];
  const { title: _, ...rest } = entry;
  return put(word, name, { ...rest, name: next, ...(own === null ? {} : { title: own }) }, index);
}

export function isTaken(document: FlowDocument, word: Word, name: string): boolean {
  return placeOf(document, word, name) !== null;
}

export function renameInput(document: FlowDocument, name: string, words: string): Operation[] {
  return rename(document, "input", name, words);
}

export function renameOutput(document: FlowDocument, name: string, words: string): Operation[] {
  return rename(document, "output", name, words);
}

/** Lets callers call an entry just so: its title, its place and all else stay. */
export function nameEntry(document: FlowDocument, word: Word, name: string, next: string): Operation[] {
  const [index, entry] = placeOf(document, word, name) ?? [];
  return entry && index !== undefined && next !== name ? put(word, name, { ...entry, name: next }, index) : [];
}

/** Puts an entry at another place among its like. */
export function moveEntry(document: FlowDocument, word: Word, name: string, to: number): Operation[] {
  const [index, entry] = placeOf(document, word, name) ?? [];
  const last = document[`${word}s`].length - 1;
  const place = Math.max(0, Math.min(to, last));
  return entry && index !== place ? put(word, name, entry, place) : [];
}

/** Says something else of an entry; null takes a field away, and what stands so already is left out. */
export function setEntry(document: FlowDocument, word: Word, name: string, fields: JsonObject): Operation[] {
  const entry = entryOf(document, word, name);
  const isNews = ([key, value]: [string, Json]) =>
    JSON.stringify(field(entry ?? {}, key) ?? null) !== JSON.stringify(value);
  const changed = Object.entries(fields).filter(isNews);
  return entry && changed.length > 0 ? [{ op: `set_${word}`, name, fields: Object.fromEntries(changed) }] : [];
}

/** Sets one limit of an input beside its others; null takes it away. */
export function setLimit(document: FlowDocument, name: string, limit: string, value: Json): Operation[] {
  const limits = field(entryOf(document, "input", name) ?? {}, "limits");
  const { [limit]: _, ...others } = isObject(limits) ? limits : {};
  const after = value === null ? others : { ...others, [limit]: value };
  return setEntry(document, "input", name, { limits: Object.keys(after).length > 0 ? after : null });
}

/** Sets what an input is when nobody says otherwise; null makes it required, as `NONE` does. */
export function setInputDefault(document: FlowDocument, name: string, value: Json | null): Operation[] {
  const isNone = JSON.stringify(value) === JSON.stringify(NONE);
  return setEntry(document, "input", name, { default: isNone ? null : value });
}

export function removeInput(_document: FlowDocument, name: string): Operation[] {
  return [{ op: "remove_input", name }];
}

export function removeOutput(_document: FlowDocument, name: string): Operation[] {
  return [{ op: "remove_output", name }];
}
