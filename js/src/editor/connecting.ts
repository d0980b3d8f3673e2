// Connecting by hand: what fits while a connection is dragged, and what an end that is let go of does.

import { Fits, mayConnect } from "../flow/connect";
import { bindingsOf, type Flow, type FlowDocument, field, readFlow, splitPort } from "../flow/document";
import { addInput, addOutput, connectPorts, removeItems } from "../flow/edits";
import { type NodeType, portAt, type Side } from "../flow/nodeType";
import { applyAll, type Operation } from "../flow/operations";
import type { PortType } from "../flow/portType";
import { FREE } from "../nodes/docks";
import type { Curve } from "../nodes/scene";
import type { Editor, End } from "./view";

export const isDock = (owner: string): boolean => owner.startsWith("dock:");

let asked: { flow: Flow; types: unknown; fits: Fits } | null = null;

/** Kept for the flow that is asked about: every port asks while a connection is dragged. */
function fitsOf(editor: Editor): Fits {
  const { flow } = editor.session.sync.snapshot();
  const types = editor.session.model.get("types");
  if (asked?.flow !== flow || asked.types !== types) asked = { flow, types, fits: new Fits(flow, types) };
  return asked.fits;
}

function inOrder(one: End, other: End): [End, End] {
  return one.side === "output" ? [one, other] : [other, one];
}

/** Null where two ends may be connected, else the reason in words. */
export function whyNotEnds(editor: Editor, one: End, other: End): string | null {
  if (one.side === other.side) {
    return `Connect an output to an input; both of these are ${one.side}s.`;
  }
  const [from, to] = inOrder(one, other);
  if (isDock(from.owner) && isDock(to.owner)) return "An input of the flow feeds a port of a node. Add a node between.";
  // What is connected already may be let go of where it is; one port may have several outputs.
  if (to.reference === FREE || isConnected(editor, from, to)) return null;
  return fitsOf(editor).whyNot(from.reference, to.reference);
}

function isConnected({ view }: Editor, from: End, to: End): boolean {
  const key = `${from.reference}>${to.reference}`;
  return (view.scene?.curves ?? []).some((curve) => curve.key === key && curve.source === from.owner);
}

/** The type of what stands at an end; null is anything. */
export function typeAtEnd(editor: Editor, end: End): PortType | null {
  const { flow } = editor.session.sync.snapshot();
  if (end.reference === FREE) return null;
  if (end.owner === "dock:inputs") return flow.inputs.find((input) => input.name === end.reference)?.type ?? null;
  if (end.owner === "dock:outputs") {
    const from = flow.outputs.find((output) => output.name === end.reference)?.from ?? "";
    return portAt(flow, editor.session.model.get("types"), from, "output")?.type ?? null;
  }
  return portAt(flow, editor.session.model.get("types"), end.reference, end.side)?.type ?? null;
}

/** The first port of a node type that an end can be connected to. */
export function fittingPort(type: NodeType, end: End, carried: PortType | null): string | null {
  const ports = end.side === "output" ? type.inputs : type.outputs;
  const fits = ports.find((port) => {
    if (carried === null) return true;
    const [from, to] = end.side === "output" ? [carried, port.type] : [port.type, carried];
    return mayConnect(from, to) === null;
  });
  return fits?.name ?? null;
}

function connectIn(document: FlowDocument, editor: Editor, one: End, other: End): Operation[] {
  const types = editor.session.model.get("types");
  const [from, to] = inOrder(one, other);
  const flow = readFlow(document);
  if (to.reference === FREE) return addOutput(document, from.reference);
  if (from.reference !== FREE) {
    const same = flow.edges.some((edge) => edge.from === from.reference && edge.to === to.reference);
    return same ? [] : connectPorts(flow, types, from.reference, to.reference);
  }
  const port = portAt(flow, types, to.reference, "input");
  const freed = removeItems(document, { edges: feedsOf(flow, to.reference) });
  return [
    ...freed,
    ...addInput(document, { name: port?.name ?? "input", type: port?.type ?? "any", feeds: [to.reference] }),
  ];
}

/** What feeds a port. */
function feedsOf(flow: Flow, to: string): { from: string; to: string }[] {
  const feeds = flow.inputs.filter((input) => input.feeds.includes(to)).map((input) => ({ from: input.name, to }));
  return [...flow.edges.filter((edge) => edge.to === to), ...feeds];
}

/** Puts steps that build on each other into one edit. */
export function inOneStep(document: FlowDocument, ...steps: ((document: FlowDocument) => Operation[])[]): Operation[] {
  const all: Operation[] = [];
  let current = document;
  for (const step of steps) {
    const operations = step(current);
    [current] = applyAll(current, operations);
    all.push(...operations);
  }
  return all;
}

/** The operations that connect two ends, as one step after others; a variable gives way to what is connected. */
export function connecting(editor: Editor, one: End, other: End): (document: FlowDocument) => Operation[] {
  return (document) => [
    ...unbound(document, inOrder(one, other)[1].reference),
    ...connectIn(document, editor, one, other),
  ];
}

function unbound(document: FlowDocument, reference: string): Operation[] {
  const { node = "", port = "" } = splitPort(reference) ?? {};
  const { [port]: own, ...rest } = bindingsOf(field(document.nodes, node));
  if (own === undefined) return [];
  return [{ op: "set_node", id: node, fields: { bindings: Object.keys(rest).length > 0 ? rest : null } }];
}

/** Moves one end of a curve elsewhere. */
export function reroute(editor: Editor, curve: Curve, from: End, to: End): Operation[] {
  const { document } = editor.session.sync.snapshot();
  // An output keeps its name and words when it is to read another port.
  if (curve.target === "dock:outputs" && to.reference === curve.to) return connectIn(document, editor, from, to);
  return inOneStep(document, (before) => removeItems(before, { edges: [curve] }), connecting(editor, from, to));
}

/** The first port of a node that fits an end, or the reason why none does. */
export function fittingPortOf(editor: Editor, end: End, node: string): { end: End } | { words: string } {
  const card = editor.view.scene?.cards.get(node);
  const side: Side = end.side === "output" ? "input" : "output";
  const rows = (card?.rows ?? []).filter((row) => row.side === side);
  const ends = rows.map((row) => ({ row, end: { owner: node, reference: row.reference, side } }));
  const reasons = ends.map((each) => ({ ...each, words: whyNotEnds(editor, end, each.end) }));
  const fitting = reasons.filter((each) => each.words === null);
  const best = fitting.find((each) => !each.row.connected) ?? fitting[0];
  if (best) return { end: best.end };
  return { words: reasons[0]?.words ?? `${card?.title ?? node} has no ${side}s.` };
}
