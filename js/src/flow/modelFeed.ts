// Where the model of a node comes from, and which prompts it is used with.

import { type Flow, type FlowDocument, field, isObject, type Json, readFlow, splitPort } from "./document";
import { setInputDefault, setValue } from "./edits";
import { findType, type NodeType, type NodeTypes, type Port } from "./nodeType";
import { applyAll, type Operation } from "./operations";
import { mediumOf } from "./portType";

/** The source that a value names: a card's name, a Hub id, a folder; empty where it names none. */
export function modelSource(value: Json | undefined): string {
  if (typeof value === "string") return value;
  const model = isObject(value) ? value.$model : undefined;
  return isObject(model) && typeof model.source === "string" ? model.source : "";
}

/** The input that says which model: the handle that comes in, else the text that names one. */
function modelInput(type: NodeType | undefined): Port | undefined {
  const inputs = type?.inputs ?? [];
  return inputs.find((port) => port.type === "model") ?? inputs.find((port) => port.control?.kind === "model");
}

/** The source of the model that a node works with, through all that adds to it; empty where nobody knows. */
export function sourceOfModel(flow: Flow, types: NodeTypes, id: string): string {
  const seen = new Set([id]);
  // The set grows while it is walked: upstream, one node after another.
  for (const at of seen) {
    const node = flow.nodes.get(at);
    const port = modelInput(findType(types, node?.type ?? ""));
    if (!node || !port) return "";
    const reference = `${at}.${port.name}`;
    const before = splitPort(flow.edges.find(({ to }) => to === reference)?.from);
    const input = flow.inputs.find(({ feeds }) => feeds.includes(reference));
    if (!before) return modelSource(input ? input.default : (field(node.values, port.name) ?? port.default));
    seen.add(before.node);
  }
  return "";
}

/** The nodes that work with the model that a node gives on, themselves or through others. */
function usersOfModel(flow: Flow, types: NodeTypes, id: string): string[] {
  const seen = new Set([id]);
  for (const at of seen) {
    const gives = findType(types, flow.nodes.get(at)?.type ?? "")?.outputs ?? [];
    const models = new Set(gives.filter((port) => port.type === "model").map((port) => `${at}.${port.name}`));
    for (const { from, to } of flow.edges) {
      const next = splitPort(to)?.node;
      if (models.has(from) && next !== undefined) seen.add(next);
    }
  }
  return [...seen];
}

/** Where the text of a prompt is written: a port of a node, or an input of the flow. */
type Place = { node: string; port: string } | { input: string };

const isPrompt = ({ control }: Port) => control?.kind === "prompt" && control.negative !== true;

/** Follows a text port to where it is typed; null where a node makes it. */
function writtenAt(flow: Flow, types: NodeTypes, node: string, port: string, depth = 0): Place | null {
  const reference = `${node}.${port}`;
  const input = flow.inputs.find(({ feeds }) => feeds.includes(reference));
  if (input) return { input: input.name };
  const edge = flow.edges.find(({ to }) => to === reference);
  if (!edge) return { node, port };
  const before = splitPort(edge.from)?.node ?? "";
  const inputs = findType(types, flow.nodes.get(before)?.type ?? "")?.inputs ?? [];
  const texts = inputs.filter(({ type }) => mediumOf(type) === "text");
  const own = inputs.find(isPrompt) ?? (texts.length === 1 ? texts[0] : undefined);
  return own && depth < 20 ? writtenAt(flow, types, before, own.name, depth + 1) : null;
}

/** Where the prompts are written that the model of a node is used with, each once. */
export function promptsOf(flow: Flow, types: NodeTypes, id: string): Place[] {
  const places = usersOfModel(flow, types, id).flatMap((user) => {
    // The first one: others are for a second encoder, or for what a chat is to be like.
    const prompt = findType(types, flow.nodes.get(user)?.type ?? "")?.inputs.find(isPrompt);
    return (prompt && writtenAt(flow, types, user, prompt.name)) ?? [];
  });
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

/** A prompt with words that it has not yet, before the others: there they weigh most. */
export function withWords(prompt: string, words: string): string {
  const has = prompt.toLowerCase().includes(words.toLowerCase());
  return has ? prompt : [words, prompt.trim()].filter(Boolean).join(", ");
}

/** Puts words into every prompt that the model of a node is used with; null where there is no such prompt. */
export function insertWords(document: FlowDocument, types: NodeTypes, id: string, words: string): Operation[] | null {
  const flow = readFlow(document);
  const places = promptsOf(flow, types, id);
  if (places.length === 0) return null;
  const operations: Operation[] = [];
  let current = document;
  for (const place of places) {
    const steps = "input" in place ? intoInput(current, place.input, words) : intoNode(current, types, place, words);
    [current] = applyAll(current, steps);
    operations.push(...steps);
  }
  return operations;
}

function intoInput(document: FlowDocument, name: string, words: string): Operation[] {
  const value = readFlow(document).inputs.find((input) => input.name === name)?.default;
  return setInputDefault(document, name, withWords(typeof value === "string" ? value : "", words));
}

function intoNode(
  document: FlowDocument,
  types: NodeTypes,
  { node, port }: { node: string; port: string },
  words: string,
): Operation[] {
  const entry = readFlow(document).nodes.get(node);
  const preset = findType(types, entry?.type ?? "")?.inputs.find(({ name }) => name === port)?.default;
  const value = field(entry?.values ?? {}, port) ?? preset;
  return setValue(document, node, port, withWords(typeof value === "string" ? value : "", words), types);
}

/** The nodes with a model that what is written into a port comes to: its own, or the first ones on the ways of its text. */
function readersOf(flow: Flow, types: NodeTypes, nodes: Iterable<string>): string[] {
  const seen = new Set(nodes);
  const found: string[] = [];
  for (const at of seen) {
    const type = findType(types, flow.nodes.get(at)?.type ?? "");
    if (modelInput(type)) {
      found.push(at);
      continue;
    }
    const texts = (type?.outputs ?? []).filter((port) => mediumOf(port.type) === "text");
    const from = new Set(texts.map((port) => `${at}.${port.name}`));
    for (const edge of flow.edges) {
      const next = from.has(edge.from) ? splitPort(edge.to)?.node : undefined;
      if (next !== undefined) seen.add(next);
    }
  }
  return found;
}

/** Which models read a prompt, in words that change when they do: the kernel knows which they are, this is when to ask. */
export function modelsReading(flow: Flow, types: NodeTypes, place: Place): string {
  const feeds = "input" in place ? (flow.inputs.find(({ name }) => name === place.input)?.feeds ?? []) : [];
  const nodes = "input" in place ? feeds.flatMap((to) => splitPort(to)?.node ?? []) : [place.node];
  const sources = readersOf(flow, types, nodes).map((id) => sourceOfModel(flow, types, id));
  return [...new Set(sources)].filter(Boolean).sort().join("\n");
}
