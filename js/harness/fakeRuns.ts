// Runs that only look like runs: nodes one after the other, with progress, previews that wait for credit, and results.

import type { NodeRunTrait, RunStateTrait, RunStatus } from "../src/bridge/protocol";
import { nodeDepths } from "../src/flow/depths";
import { type Flow, type FlowDocument, type JsonObject, readFlow, splitPort } from "../src/flow/document";
import { findType, type NodeTypes, type Port } from "../src/flow/nodeType";
import { isList, mediumOf } from "../src/flow/portType";
import { type Draw, encode, makeTone } from "./drawing";
import { findProblems } from "./problems";

export interface Told {
  state(state: RunStateTrait): void;
  tell(message: JsonObject, buffers: ArrayBuffer[]): void;
}

interface Kept {
  message: JsonObject;
  bytes: ArrayBuffer;
}

const STEPS = 8;
const TRACEBACK = 'Traceback (most recent call last):\n  File "nodes.py", line 3, in always_fails\nValueError: No.';

export class FakeRuns {
  /** How long a step of a node takes, in milliseconds. */
  stepTime = 120;
  /** How long the first model takes to be there, in milliseconds: until then nothing tells how far it is. */
  loading = 0;
  #types: NodeTypes;
  #draw: Draw;
  #told: Told;
  #run: string | null = null;
  #status: RunStatus = "idle";
  #nodes: Record<string, NodeRunTrait> = {};
  #stopped = new Set<string>();
  #results = new Map<string, Kept>();
  #done = new Map<string, string>();
  #uncredited = new Map<string, number>();
  #seen = new Map<string, Set<string>>();
  #frame = 0;
  #closed = false;

  constructor(types: NodeTypes, draw: Draw, told: Told) {
    this.#types = types;
    this.#draw = draw;
    this.#told = told;
  }

  start(run: string, targets: string[] | null, document: FlowDocument): void {
    const flow = readFlow(document);
    const order = planned(flow, targets);
    this.#run = run;
    this.#uncredited.clear();
    const problems = findProblems(document, this.#types).filter(({ node }) => node && order.includes(node));
    if (problems.length > 0 || order.length === 0) {
      this.#nodes = {};
      this.#tellState("failed");
      const message = problems[0]
        ? `This flow cannot run. ${problems[0].message} ${problems[0].remedy}`
        : "There is nothing to run.";
      this.#told.tell({ type: "refused", run, message, problems: problems as unknown as JsonObject[] }, []);
      return;
    }
    this.#nodes = Object.fromEntries(order.map((id) => [id, { state: "waiting" }]));
    this.#tellState("running");
    void this.#work(run, order, flow);
  }

  stop(run: string): void {
    this.#stopped.add(run);
  }

  credit(node: string, frame: number): void {
    if ((this.#uncredited.get(node) ?? 0) <= frame) this.#uncredited.delete(node);
  }

  visible(client: string, nodes: string[]): void {
    this.#seen.set(client, new Set(nodes));
  }

  /** Sends all results again, to a page that knows of none. */
  replay(send: (message: JsonObject, buffers: ArrayBuffer[]) => void): void {
    for (const { message, bytes } of this.#results.values()) send(message, [bytes]);
  }

  /** A result as it is, larger than it was shown. */
  async full(node: string, port: string, item: number): Promise<{ mime: string; bytes: ArrayBuffer } | null> {
    const kept = this.#results.get(`${node}.${port}`);
    if (!kept) return null;
    const mime = String(kept.message.mime);
    if (mime !== "image/png") return { mime, bytes: kept.bytes };
    return { mime, bytes: await this.#draw({ hue: hueOf(node, item), fraction: 1, side: 1024, mime }) };
  }

  close(): void {
    this.#closed = true;
  }

  async #work(run: string, order: string[], flow: Flow): Promise<void> {
    const failed = new Set<string>();
    for (const id of order) {
      if (this.#ended(run)) break;
      const before = flow.edges.filter((edge) => splitPort(edge.to)?.node === id);
      if (before.some((edge) => failed.has(splitPort(edge.from)?.node ?? ""))) {
        failed.add(id);
        this.#tellNode(id, { state: "cancelled" });
      } else if (!(await this.#runNode(run, id, flow))) {
        failed.add(id);
      }
    }
    if (this.#closed || this.#run !== run) return;
    const isStopped = this.#stopped.has(run);
    for (const [id, { state }] of Object.entries(this.#nodes)) {
      if (state === "waiting" || state === "running") this.#nodes = { ...this.#nodes, [id]: { state: "cancelled" } };
    }
    this.#tellState(isStopped ? "cancelled" : failed.size > 0 ? "failed" : "done");
  }

  #ended(run: string): boolean {
    return this.#closed || this.#run !== run || this.#stopped.has(run);
  }

  async #runNode(run: string, id: string, flow: Flow): Promise<boolean> {
    const node = flow.nodes.get(id);
    const type = findType(this.#types, node?.type ?? "");
    const made = JSON.stringify([node, flow.edges.filter((edge) => edge.to.startsWith(`${id}.`)), flow.inputs]);
    if (this.#done.get(id) === made) {
      this.#tellNode(id, { state: "done", cached: true, took: 0 });
      return true;
    }
    this.#tellNode(id, { state: "running" });
    if (this.loading > 0 && type?.inputs.some(({ type }) => type === "model")) await this.#load(run, id);
    for (let step = 1; step <= STEPS; step += 1) {
      await new Promise((resume) => setTimeout(resume, this.stepTime));
      if (this.#ended(run)) return false;
      if (node?.type === "always_fails" && step === 3) {
        this.#tellNode(id, { state: "failed", error: "ValueError: No.", traceback: TRACEBACK });
        return false;
      }
      const fraction = step / STEPS;
      this.#told.tell({ type: "progress", run, nodes: { [id]: { fraction, note: `step ${step} of ${STEPS}` } } }, []);
      for (const port of type?.outputs ?? []) if (step < STEPS) await this.#preview(run, id, port, fraction);
    }
    for (const port of type?.outputs ?? []) await this.#result(run, id, port);
    this.#done.set(id, made);
    this.#tellNode(id, { state: "done", took: (STEPS * this.stepTime) / 1_000 });
    return true;
  }

  async #load(run: string, id: string): Promise<void> {
    this.#told.tell({ type: "progress", run, nodes: { [id]: { fraction: null, note: "Loading model code …" } } }, []);
    await new Promise((resume) => setTimeout(resume, this.loading));
    this.loading = 0;
  }

  /** At most one frame of a node is on its way; what nobody sees is not drawn. */
  async #preview(run: string, node: string, port: Port, fraction: number): Promise<void> {
    const isSeen = this.#seen.size === 0 || [...this.#seen.values()].some((nodes) => nodes.has(node));
    if (mediumOf(port.type) !== "image" || this.#uncredited.has(node) || !isSeen) return;
    this.#frame += 1;
    const frame = this.#frame;
    this.#uncredited.set(node, frame);
    const mime = "image/jpeg" as const;
    const bytes = await this.#draw({ hue: hueOf(node, 0), fraction, side: 256, mime });
    this.#told.tell({ type: "preview", run, node, port: port.name, mime, frame }, [bytes]);
  }

  async #result(run: string, node: string, port: Port): Promise<void> {
    const medium = mediumOf(port.type);
    const mime =
      medium === "image" || medium === "mask" ? "image/png" : medium === "audio" ? "audio/wav" : "text/plain";
    const bytes =
      mime === "image/png"
        ? await this.#draw({ hue: hueOf(node, 0), fraction: 1, side: 512, mime })
        : mime === "audio/wav"
          ? makeTone()
          : encode(medium === "number" ? "0.5" : "A lighthouse at night, flat colours, screen print.");
    const size = mime === "image/png" ? { size: [512, 512] } : {};
    const count = isList(port.type) ? 3 : 1;
    const took = (STEPS * this.stepTime) / 1_000;
    const message: JsonObject = { type: "result", run, node, port: port.name, mime, count, took, ...size };
    this.#results.set(`${node}.${port.name}`, { message, bytes });
    this.#told.tell(message, [bytes]);
  }

  #tellNode(id: string, node: NodeRunTrait): void {
    this.#nodes = { ...this.#nodes, [id]: node };
    this.#tellState("running");
  }

  #tellState(status: RunStatus): void {
    this.#status = status;
    this.#told.state({ run: this.#run, status: this.#status, nodes: this.#nodes });
  }
}

function hueOf(node: string, item: number): number {
  const sum = [...node].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return ((sum * 37 + item * 80) % 360) / 360;
}

/** What the targets need, in an order in which each node comes after what feeds it. */
function planned(flow: Flow, targets: string[] | null): string[] {
  const depths = nodeDepths(flow);
  const ends = targets?.map(
    (name) => splitPort(flow.outputs.find((output) => output.name === name)?.from)?.node ?? name,
  );
  const needed = new Set(ends ?? flow.nodes.keys());
  // The set grows while it is walked.
  for (const id of needed) {
    for (const edge of flow.edges) if (splitPort(edge.to)?.node === id) needed.add(splitPort(edge.from)?.node ?? id);
  }
  const known = [...needed].filter((id) => flow.nodes.has(id));
  return known.sort((one, other) => (depths.get(one) ?? 0) - (depths.get(other) ?? 0));
}
