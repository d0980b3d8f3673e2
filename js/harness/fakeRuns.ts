// Runs that only look like runs: one at a time and the others in a queue, nodes side by side where they may be, with
// progress, previews that wait for credit, questions and results.

import type { NodeRunTrait, Problem } from "../src/bridge/protocol";
import type { TimelineNode, TimelineRun } from "../src/bridge/timelineEntries";
import { titleOf } from "../src/editor/differences";
import { nodeDepths } from "../src/flow/depths";
import { type Flow, type FlowDocument, type JsonObject, readFlow, splitPort } from "../src/flow/document";
import { findPort, findType, type NodeTypes, type Port } from "../src/flow/nodeType";
import { isList, mediumOf } from "../src/flow/portType";
import type { Draw } from "./drawing";
import { FakeResults } from "./fakeResults";
import { digestsOf, isMuted, pinHolds, whyStale } from "./freshness";
import { RunTeller, type Told } from "./runTeller";

export type { Told } from "./runTeller";

interface Asked {
  run: string;
  targets: string[] | null;
  auto: boolean;
}

/** A run while it is on. */
interface Going extends Asked {
  document: FlowDocument;
  flow: Flow;
  digests: Map<string, string>;
  failed: Set<string>;
  began: number;
  stoppedAt: number | null;
  times: Map<string, { start: number; took: number | null }>;
}

const STEPS = 8;
const ITEM_STEPS = 2;
const TRACEBACK = 'Traceback (most recent call last):\n  File "nodes.py", line 3, in always_fails\nValueError: No.';
const LOGIC = "candidates";
const MODEL_BYTES = 312e6;
const SMALL_BYTES = 24e6;

export class FakeRuns {
  /** How long a step of a node takes, in milliseconds. */
  stepTime = 120;
  /** How long the first model takes to be there, in milliseconds: until then nothing tells how far it is. */
  loading = 0;
  /** For how long a node does not hear Stop, in milliseconds. */
  stubborn = 0;
  /** Is called at the end of each run. */
  ended: () => void = () => {};
  /** What is wrong with the flow. */
  problems: () => Problem[] = () => [];
  #typesNow: () => NodeTypes;
  #document: () => FlowDocument;
  #told: Told;
  #teller: RunTeller;
  #results: FakeResults;
  #going: Going | null = null;
  #queue: Asked[] = [];
  #done = new Map<string, { digest: string; document: FlowDocument; items: number | null }>();
  #answers = new Map<string, (pick: number) => void>();
  #uncredited = new Map<string, number>();
  #seen = new Map<string, Set<string>>();
  #frame = 0;
  #last: TimelineRun[] = [];
  #closed = false;

  constructor(types: () => NodeTypes, document: () => FlowDocument, draw: Draw, told: Told) {
    this.#typesNow = types;
    this.#document = document;
    this.#told = told;
    this.#teller = new RunTeller(told);
    this.#results = new FakeResults(draw, told.tell);
  }

  get #types(): NodeTypes {
    return this.#typesNow();
  }

  /** Begins a run, or queues it where one is on; says how many wait. */
  start(run: string, targets: string[] | null, auto = false): number {
    const asked = { run, targets, auto };
    if (!this.#going) {
      this.#begin(asked);
      return 0;
    }
    // Of runs that edits ask for only the newest is wanted, and a user's own go first.
    this.#queue = this.#queue.filter((each) => !(auto && each.auto));
    const place = auto ? this.#queue.length : this.#queue.filter((each) => !each.auto).length;
    this.#queue.splice(place, 0, asked);
    if (this.#going.auto) this.stop(this.#going.run);
    this.#tellQueue();
    return place + 1;
  }

  stop(run: string, now = false): void {
    if (this.#queue.some((each) => each.run === run)) {
      this.#queue = this.#queue.filter((each) => each.run !== run);
      this.#tellQueue();
    }
    if (this.#going?.run !== run) return;
    this.#going.stoppedAt = now ? Number.NEGATIVE_INFINITY : (this.#going.stoppedAt ?? Date.now());
    for (const answer of this.#answers.values()) answer(-1);
  }

  /** Goes on with a candidate; false where nothing is asked. */
  answer(node: string, pick: number): boolean {
    const going = this.#answers.get(node);
    going?.(pick);
    return going !== undefined;
  }

  credit(node: string, frame: number): void {
    if ((this.#uncredited.get(node) ?? 0) <= frame) this.#uncredited.delete(node);
  }

  visible(client: string, nodes: string[]): void {
    this.#seen.set(client, new Set(nodes));
  }

  /** Tells a page that has come all that it has missed. */
  replay(send: (message: JsonObject, buffers: ArrayBuffer[]) => void): void {
    this.#results.replay(send);
  }

  /** Renews the trait. */
  tellState(): void {
    this.#teller.whole();
  }

  async full(node: string, port: string, item: number, full: boolean) {
    return this.#results.find(node, port, item, full);
  }

  /** Under which key a node's last result is kept. */
  keyOf(node: string): string | null {
    return this.#done.get(node)?.digest ?? null;
  }

  /** Nodes that have had a result and would run now. */
  stale(): string[] {
    const document = this.#document();
    const digests = digestsOf(document);
    return [...this.#done].flatMap(([id, { digest }]) => {
      const now = digests.get(id);
      return now === undefined || now === digest || isMuted(document, id) ? [] : [id];
    });
  }

  why(id: string): string {
    const done = this.#done.get(id);
    return done ? whyStale(done.document, this.#document(), id, this.#types) : "";
  }

  close(): void {
    this.#closed = true;
    this.#teller.close();
  }

  #tellQueue(): void {
    this.#teller.queue(this.#queue.map(({ run }) => run));
  }

  #begin(asked: Asked): void {
    const document = this.#document();
    const flow = readFlow(document);
    const order = planned(flow, asked.targets);
    const { run } = asked;
    const queue = this.#queue.map((each) => each.run);
    this.#uncredited.clear();
    const problems = this.problems().filter(({ node }) => node && order.includes(node));
    if (problems.length > 0 || order.length === 0) {
      this.#teller.begin(run, [], queue);
      this.#teller.end("failed");
      const message = problems[0]
        ? `This flow cannot run. ${problems[0].message} ${problems[0].remedy}`
        : "There is nothing to run.";
      this.#told.tell({ type: "refused", run, message, problems: problems as unknown as JsonObject[] }, []);
      this.#next();
      return;
    }
    this.#going = {
      ...asked,
      document,
      flow,
      digests: digestsOf(document),
      failed: new Set(),
      began: Date.now(),
      stoppedAt: null,
      times: new Map(),
    };
    this.#teller.begin(run, order, queue);
    void this.#work(this.#going, order);
  }

  #next(): void {
    const next = this.#queue.shift();
    if (next) this.#begin(next);
  }

  async #work(going: Going, order: string[]): Promise<void> {
    const depths = nodeDepths(going.flow);
    for (const depth of new Set(order.map((id) => depths.get(id)))) {
      const level = order.filter((id) => depths.get(id) === depth);
      await Promise.all(level.map((id) => this.#attempt(going, id)));
    }
    if (this.#closed) return;
    const { nodes } = this.#teller;
    for (const [id, { state }] of Object.entries(nodes)) {
      if (state === "waiting" || state === "running" || state === "asking")
        this.#teller.node(id, { state: "cancelled" });
    }
    const status = going.stoppedAt !== null ? "cancelled" : going.failed.size > 0 ? "failed" : "done";
    this.#last = [this.#lineOf(going, status, (Date.now() - going.began) / 1_000), ...this.#last].slice(0, 20);
    this.#going = null;
    this.#teller.end(status);
    this.ended();
    this.#next();
  }

  async #attempt(going: Going, id: string): Promise<void> {
    if (this.#isOver(going)) return;
    const before = sourcesOf(going.flow, id);
    if (before.some((source) => going.failed.has(source))) {
      going.failed.add(id);
      this.#teller.node(id, { state: "cancelled" });
      return;
    }
    const time = { start: (Date.now() - going.began) / 1_000, took: null as number | null };
    going.times.set(id, time);
    if (!(await this.#runNode(going, id))) going.failed.add(id);
    time.took = (Date.now() - going.began) / 1_000 - time.start;
  }

  #isOver({ stoppedAt }: Going): boolean {
    return this.#closed || (stoppedAt !== null && Date.now() - stoppedAt >= this.stubborn);
  }

  async #runNode(going: Going, id: string): Promise<boolean> {
    const { run, flow, document } = going;
    const digest = going.digests.get(id) ?? "";
    const done = this.#done.get(id);
    const marks = { ...(pinHolds(document, flow, id) ? { pinned: true } : {}) };
    if (isMuted(document, id)) {
      this.#teller.node(id, { state: "done", muted: true, took: 0 });
      return true;
    }
    if (done?.digest === digest) {
      const items = done.items === null ? {} : { items: done.items };
      this.#teller.node(id, { state: "done", cached: true, took: 0, ...items, ...marks });
      return true;
    }
    const type = findType(this.#types, flow.nodes.get(id)?.type ?? "");
    const items = this.#items(going, id);
    this.#teller.node(id, { state: "running" });
    if (this.loading > 0 && type?.inputs.some(({ type }) => type === "model")) await this.#load(run, id);
    if (type?.inputs.some(({ name }) => name === LOGIC)) return this.#ask(going, id, digest);
    const errors = await this.#steps(going, id, items);
    if (errors === null) return false;
    const took = (Date.now() - going.began) / 1_000 - (going.times.get(id)?.start ?? 0);
    const told: NodeRunTrait = { state: errors.length > 0 ? "failed" : "done", took };
    if (items !== null) told.items = items;
    if (errors.length > 0) {
      const error = `${errors.length} of ${items} items failed.`;
      this.#teller.node(id, { ...told, error, item_errors: errors });
      return false;
    }
    for (const port of type?.outputs ?? []) {
      const count = items ?? (isList(port.type) ? this.#length(going, id) : 1);
      await this.#results.make(id, port, { run, took }, count);
    }
    this.#done.set(id, { digest, document, items });
    this.#teller.node(id, told);
    return true;
  }

  /** Walks through the steps of all items; null where it was stopped or failed. */
  async #steps(going: Going, id: string, items: number | null): Promise<{ item: number; error: string }[] | null> {
    const { run, flow } = going;
    const name = flow.nodes.get(id)?.type ?? "";
    const outputs = findType(this.#types, name)?.outputs ?? [];
    const steps = items === null ? STEPS : ITEM_STEPS;
    const errors: { item: number; error: string }[] = [];
    for (let item = 0; item < (items ?? 1); item += 1) {
      for (let step = 1; step <= steps; step += 1) {
        await new Promise((resume) => setTimeout(resume, this.stepTime));
        if (this.#isOver(going)) return null;
        if (name === "always_fails" && step === 3) {
          this.#teller.node(id, { state: "failed", error: "ValueError: No.", traceback: TRACEBACK });
          return null;
        }
        const progress = { fraction: step / steps, note: `step ${step} of ${steps}` };
        const which = items === null ? {} : { item: [item, items] };
        this.#told.tell({ type: "progress", run, nodes: { [id]: { ...progress, ...which } } }, []);
        for (const port of outputs) if (step < steps) await this.#preview(run, id, port, progress.fraction);
      }
      if (name === "fragile" && item % 3 === 1) errors.push({ item, error: "ValueError: This picture is too dark." });
    }
    return errors;
  }

  /** Waits for a hand: the candidates are what comes in. */
  async #ask(going: Going, id: string, digest: string): Promise<boolean> {
    const { run, flow, document } = going;
    const node = flow.nodes.get(id);
    const type = findType(this.#types, node?.type ?? "");
    const source = flow.edges.find(({ to }) => to === `${id}.${LOGIC}`)?.from ?? "";
    const port = findPort(type, "input", LOGIC) as Port;
    const note = String(node?.values.note ?? findPort(type, "input", "note")?.default ?? "");
    const count = this.#results.count(source);
    const like = splitPort(source)?.node ?? id;
    await this.#results.make(id, port, { run }, count, like);
    this.#teller.node(id, { state: "asking", note, count });
    const pick = await new Promise<number>((resume) => this.#answers.set(id, resume));
    this.#answers.delete(id);
    this.#results.drop(id, LOGIC);
    if (pick < 0) return false;
    this.#teller.node(id, { state: "running" });
    for (const output of type?.outputs ?? []) await this.#results.make(id, output, { run, took: 0 }, 1, like, pick);
    this.#done.set(id, { digest, document, items: null });
    this.#teller.node(id, { state: "done", took: 0 });
    return true;
  }

  /** Over how many items a node is mapped; null where it is not. */
  #items(going: Going, id: string): number | null {
    const type = findType(this.#types, going.flow.nodes.get(id)?.type ?? "");
    const counts = going.flow.edges.flatMap(({ from, to }) => {
      const [source, target] = [splitPort(from), splitPort(to)];
      if (target?.node !== id || !source) return [];
      const port = findPort(type, "input", target.port);
      return port && !isList(port.type) ? [this.#results.count(from)] : [];
    });
    const most = Math.max(1, ...counts);
    return most > 1 ? most : null;
  }

  /** How long a list is that a node makes. */
  #length({ flow }: Going, id: string): number {
    return Number(flow.nodes.get(id)?.values.count ?? 3);
  }

  async #load(run: string, id: string): Promise<void> {
    this.#told.tell({ type: "progress", run, nodes: { [id]: { fraction: null, note: "Loading model code …" } } }, []);
    await new Promise((resume) => setTimeout(resume, this.loading));
    this.loading = 0;
  }

  /** At most one frame of a node is on its way; what nobody sees is not drawn. */
  async #preview(run: string, node: string, port: Port, fraction: number): Promise<void> {
    const isSeen = this.#seen.size === 0 || [...this.#seen.values()].some((nodes) => nodes.has(node));
    const mime = node === "chat" ? "text/plain" : mediumOf(port.type) === "image" ? "image/jpeg" : null;
    if (!mime || this.#uncredited.has(node) || !isSeen) return;
    this.#frame += 1;
    const frame = this.#frame;
    this.#uncredited.set(node, frame);
    const isText = mime === "text/plain";
    const bytes = isText ? this.#results.words(fraction) : await this.#results.preview(node, 0, fraction);
    this.#told.tell({ type: "preview", run, node, port: port.name, mime, frame }, [bytes]);
  }

  /** The run that is on and the last ones, newest first. */
  timeline(): TimelineRun[] {
    return this.#going ? [this.#lineOf(this.#going, "running", null), ...this.#last] : this.#last;
  }

  #lineOf({ run, began, times, flow }: Going, status: TimelineRun["status"], took: number | null): TimelineRun {
    const nodes = [...times].map(([node, { start, took }]): TimelineNode => {
      const { cached = false, error = "" } = this.#teller.nodes[node] ?? {};
      const drawn = findType(this.#types, flow.nodes.get(node)?.type ?? "")?.inputs.some(
        ({ type }) => type === "model",
      );
      const peak = cached ? null : drawn ? MODEL_BYTES : SMALL_BYTES;
      return { node, title: titleOf(node, flow, this.#types), start, took, cached, peak, error };
    });
    return { run, started: new Date(began).toISOString(), took, status, nodes };
  }
}

const sourcesOf = (flow: Flow, id: string): string[] =>
  flow.edges.flatMap(({ from, to }) => (splitPort(to)?.node === id ? [splitPort(from)?.node ?? ""] : []));

/** What the targets need, in an order in which each node comes after what feeds it. */
function planned(flow: Flow, targets: string[] | null): string[] {
  const depths = nodeDepths(flow);
  const ends = targets?.map(
    (name) => splitPort(flow.outputs.find((output) => output.name === name)?.from)?.node ?? name,
  );
  const needed = new Set(ends ?? flow.nodes.keys());
  // The set grows while it is walked.
  for (const id of needed) for (const source of sourcesOf(flow, id)) needed.add(source);
  const known = [...needed].filter((id) => flow.nodes.has(id));
  return known.sort((one, other) => (depths.get(one) ?? 0) - (depths.get(other) ?? 0));
}
