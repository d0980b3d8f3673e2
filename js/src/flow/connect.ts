// Whether two ports may connect, in the words of pixelflow_widgets/schema/port_types.py and flow/rules.py: the page says
// before the mouse is let go what the kernel would say after.
//
// A connection begins at "n1.image" or at an input of the flow ("prompt"; "+" for a new one), and ends at "n2.image" or at
// an output of the flow ("poster"; "+" for a new one).

import { type Flow, splitPort, titleFromName } from "./document";
import { findPort, type NodeTypes, type Port, placeholderType, type Side, typeAt } from "./nodeType";
import { isList, type PortType } from "./portType";

/** The free place of a dock. */
export const FREE = "+";

const TITLES = new Map([
  ["int", "a whole number"],
  ["float", "a number"],
  ["flag", "True or False"],
  ["any", "anything"],
]);
// A text that feeds a choice is checked when its value is known.
const CONVERSIONS = new Set(["int→float", "mask→image", "choice→text", "text→choice"]);

/** `list[image]` → `image`; a choice is called so. */
function nameOf(type: PortType): string {
  return typeof type === "string" ? type.replace(/^list\[(.*)\]$/, "$1") : "choice";
}

/** A type in words: "a list of one of screen, multiply". */
export function typeWords(type: PortType): string {
  const name = nameOf(type);
  const words = typeof type === "string" ? (TITLES.get(name) ?? name) : `one of ${type.choices.join(", ")}`;
  return isList(type) ? `a list of ${words}` : words;
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

/**
 * Null where an output of one type may feed an input of another, else the reason in words.
 *
 * A type that is not known here ("any") is the kernel's to judge.
 */
export function mayConnect(source: PortType, target: PortType): string | null {
  const [given, wanted] = [nameOf(source), nameOf(target)];
  if (given === "any" || wanted === "any") return null;
  if (given !== wanted && !CONVERSIONS.has(`${given}→${wanted}`)) {
    return `${capitalised(typeWords(source))} cannot connect to ${typeWords(target)}.`;
  }
  if (typeof source === "string" || typeof target === "string") return null;
  const fits = source.choices.every((choice) => target.choices.includes(choice));
  return fits ? null : `${typeWords(target)} is wanted; ${typeWords(source)} comes.`;
}

function join(joins: Map<string, string[]>, from: string, to: string): void {
  const known = joins.get(from);
  if (known) known.push(to);
  else joins.set(from, [to]);
}

/** Every node that a node leads to along the joins, itself among them. */
function reach(joins: ReadonlyMap<string, string[]>, start: string): Set<string> {
  const seen = new Set([start]);
  // The set grows while it is walked.
  for (const node of seen) for (const next of joins.get(node) ?? []) seen.add(next);
  return seen;
}

/** Answers many questions about one flow: on every port, while a connection is dragged. */
export class Fits {
  #flow: Flow;
  #types: NodeTypes;
  #targets = new Map<string, string[]>();
  #sources = new Map<string, string[]>();
  #joined: Set<string>;
  #before = new Map<string, Set<string>>();
  #after = new Map<string, Set<string>>();

  constructor(flow: Flow, types: NodeTypes) {
    this.#flow = flow;
    this.#types = types;
    this.#joined = new Set(flow.edges.map((edge) => `${edge.from}→${edge.to}`));
    for (const edge of flow.edges) {
      const [source, target] = [splitPort(edge.from)?.node ?? "", splitPort(edge.to)?.node ?? ""];
      join(this.#targets, source, target);
      join(this.#sources, target, source);
    }
  }

  /** Null where a connection may be made; that it takes the place of another is no reason. */
  whyNot(from: string, to: string): string | null {
    const [source, target] = [splitPort(from), splitPort(to)];
    if (!source && !target) return "An input of the flow feeds a node, and an output reads one.";
    const missing = [source, target].find((end) => end && !this.#flow.nodes.has(end.node));
    if (missing) return `There is no node '${missing.node}'.`;
    if (source && target) return this.#whyNoEdge(from, to, source.node, target.node);
    return source ? this.#whyNoOutput(from, to) : this.#whyNoFeed(from, to);
  }

  #whyNoEdge(from: string, to: string, source: string, target: string): string | null {
    if (this.#joined.has(`${from}→${to}`)) return `${from} is connected to ${to} already.`;
    if (this.#leadsTo(target, source)) {
      const words = `'${this.#title(source)}' already depends on '${this.#title(target)}'`;
      return `${from} → ${to} would close a circle: ${words}.`;
    }
    const given = this.#port(from, "output");
    if (typeof given === "string") return given;
    return given ? this.#whyNoFit(given.type, to, from) : null;
  }

  #whyNoOutput(from: string, to: string): string | null {
    const given = this.#port(from, "output");
    if (typeof given === "string") return given;
    if (to === FREE) {
      const reader = this.#flow.outputs.find((output) => output.from === from);
      return reader ? `The output '${reader.name}' reads ${from} already.` : null;
    }
    const output = this.#flow.outputs.find(({ name }) => name === to);
    if (!output) return `The flow has no output '${to}'.`;
    return output.from === from ? `The output '${to}' reads ${from} already.` : null;
  }

  #whyNoFeed(from: string, to: string): string | null {
    if (from === FREE) {
      const wanted = this.#port(to, "input");
      if (typeof wanted === "string") return wanted;
      return wanted ? null : `What ${to} takes is not known here. Install the package or run the cell that defines it.`;
    }
    const input = this.#flow.inputs.find(({ name }) => name === from);
    if (!input) return `The flow has no input '${from}'.`;
    if (input.feeds.includes(to)) return `The input '${from}' feeds ${to} already.`;
    return this.#whyNoFit(input.type, to, `Input '${from}'`);
  }

  #whyNoFit(given: PortType, to: string, who: string): string | null {
    const wanted = this.#port(to, "input");
    if (typeof wanted === "string") return wanted;
    const reason = wanted ? mayConnect(given, wanted.type) : null;
    return wanted && reason
      ? `${reason} ${who} gives ${typeWords(given)}; ${to} takes ${typeWords(wanted.type)}.`
      : null;
  }

  /** The port; words where the node type has none of that name; null for nodes of unknown type. */
  #port(reference: string, side: Side): Port | string | null {
    const type = typeAt(this.#flow, this.#types, reference);
    if (!type) return null;
    const name = splitPort(reference)?.port ?? "";
    const has = (side === "input" ? type.inputs : type.outputs).map((port) => port.name).join(", ") || "none";
    return findPort(type, side, name) ?? `'${type.title}' has no ${side} '${name}'. Its ${side}s: ${has}.`;
  }

  #title(id: string): string {
    return this.#flow.nodes.get(id)?.title || id;
  }

  /** Asked for one end and many others: what is before a source, and after a target, is found once. */
  #leadsTo(target: string, source: string): boolean {
    const known = this.#before.get(source)?.has(target) ?? this.#after.get(target)?.has(source);
    if (known !== undefined) return known;
    this.#after.set(target, reach(this.#targets, target));
    const before = reach(this.#sources, source);
    this.#before.set(source, before);
    return before.has(target);
  }
}

/** As `Fits.whyNot`, for one question. */
export function whyNot(flow: Flow, types: NodeTypes, from: string, to: string): string | null {
  return new Fits(flow, types).whyNot(from, to);
}

/** What the docks and cards call a port of a node: its title, else its name in words. */
export function portTitle(flow: Flow, types: NodeTypes, reference: string, side: Side): string {
  const { node = "", port = "" } = splitPort(reference) ?? {};
  const type = typeAt(flow, types, reference) ?? placeholderType(node, flow);
  return findPort(type, side, port)?.title || titleFromName(port);
}
