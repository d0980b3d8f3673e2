// A kernel that lives in the page: it orders edits, answers requests and runs flows as pixelflow_widgets/widget does, so
// that the editor can be looked at and tested without Jupyter.

import type { ConflictTrait, EditorTraits } from "../src/bridge/protocol";
import {
  bindingsOf,
  type FlowDocument,
  isObject,
  type Json,
  type JsonObject,
  readFlow,
  splitPort,
} from "../src/flow/document";
import { findType } from "../src/flow/nodeType";
import { type Operation, OperationRejected } from "../src/flow/operations";
import { type Draw, drawBytes, encode } from "./drawing";
import { FakeCosts } from "./fakeCosts";
import { FakeModels } from "./fakeModels";
import { FakePrompts } from "./fakePrompts";
import { FakePublishing } from "./fakePublishing";
import type { Found } from "./fakeResults";
import { FakeRuns } from "./fakeRuns";
import { settingsOf } from "./freshness";
import { type Accepted, History } from "./history";
import { findProblems } from "./problems";
import type { Scene } from "./scenes";
import { type Request, Sequencer } from "./sequencer";
import { Shelf } from "./shelf";

/** The way to one page. */
export interface Line {
  send(message: JsonObject, buffers: ArrayBuffer[]): void;
  trait(name: keyof EditorTraits): void;
}

type Answered = JsonObject | null;

export class MemoryKernel {
  readonly epoch = Math.random().toString(16).slice(2, 10);
  readonly traits: EditorTraits;
  readonly runs: FakeRuns;
  readonly models: FakeModels;
  readonly publishing: FakePublishing;
  readonly prompts: FakePrompts;
  readonly costs: FakeCosts;
  /** The module of the panels and its style sheet, as the build made them. */
  panels: { js: string; css: string } | null = null;
  /** How long a message is on its way, in milliseconds. */
  delay = 0;
  /** After how long a pause the trait `document` is renewed. */
  quiet = 2_000;
  /** Refuses edits in words, as a rule would; for tests. */
  refuse: ((operations: Operation[]) => string | null) | null = null;
  #history: History;
  #lines = new Set<Line>();
  #pages = new Map<string, Sequencer>();
  #shelf: Shelf;
  #lost = 0;
  #autoRuns = 0;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(scene: Scene, draw: Draw = drawBytes) {
    this.#history = new History(scene.flow, scene.types);
    this.traits = {
      document: { epoch: this.epoch, rev: 0, flow: scene.flow },
      types: this.#history.types,
      models: scene.models,
      selection: [],
      viewport: {},
      run_state: { run: null, status: "idle", nodes: {} },
      problems: [],
      stale: [],
      conflict: {},
      asks: [],
      options: {},
      status: { file: `${scene.flow.name}.flow.json`, saved: true, draft: false, note: "" },
    };
    this.#shelf = new Shelf({
      document: () => this.document,
      replace: (document) => this.#tell(this.#history.accept([{ op: "replace", document }]), "restore", null),
      conflict: (conflict) => this.set("conflict", conflict),
      saved: (file) => {
        this.set("status", { file, saved: true, draft: false, note: "" });
        this.#renew();
      },
    });
    this.runs = new FakeRuns(
      () => this.#history.types,
      () => this.document,
      draw,
      {
        state: (state) => this.set("run_state", state),
        tell: (message, buffers) => this.broadcast(message, buffers),
      },
    );
    this.models = new FakeModels(
      scene.models,
      () => readFlow(this.document),
      () => this.#history.types,
      {
        tell: (message) => this.broadcast(message, []),
        changed: (models) => {
          this.set("models", models);
          this.set("problems", this.#problems());
        },
      },
    );
    this.costs = new FakeCosts(() => readFlow(this.document));
    this.prompts = new FakePrompts(
      () => readFlow(this.document),
      () => this.#history.types,
    );
    this.publishing = new FakePublishing(
      () => this.document,
      () => findProblems(this.document, this.#history.types),
      () => this.set("problems", this.#problems()),
    );
    this.traits.problems = this.#problems();
    this.runs.problems = () => this.#problems();
    this.runs.ended = () => this.set("stale", this.runs.stale());
  }

  get document(): FlowDocument {
    return this.#history.document;
  }

  #problems() {
    const found = [...findProblems(this.document, this.#history.types), ...this.models.problems()];
    return [...found, ...this.publishing.hints()];
  }

  get rev(): number {
    return this.#history.rev;
  }

  /** Adds a page; the function that is returned takes it away again. */
  join(line: Line): () => void {
    this.#lines.add(line);
    return () => this.#lines.delete(line);
  }

  /** Loses the next messages, either way. */
  lose(count = 1): void {
    this.#lost += count;
  }

  /** Whether a message is to be lost now. */
  loses(): boolean {
    if (this.#lost === 0) return false;
    this.#lost -= 1;
    return true;
  }

  /** Edits as code does; throws OperationRejected. */
  edit(operations: Operation[], source = "python"): void {
    this.#tell(this.#history.accept(operations), source, null);
  }

  /** Shows a conflict: `aside` is what the hands had, where code made the live flow, or what the file holds. */
  conflict(kind: ConflictTrait["kind"], aside: FlowDocument): void {
    this.#shelf.conflict(kind, aside);
  }

  set<Name extends keyof EditorTraits>(name: Name, value: EditorTraits[Name], by?: Line): void {
    this.traits[name] = value;
    for (const line of this.#lines) if (line !== by) line.trait(name);
  }

  /** Hears a page. */
  hear(content: unknown, buffers: ArrayBuffer[], line: Line): void {
    const request = content as Request;
    if (request.type === "credit") this.runs.credit(String(request.node), Number(request.frame));
    else if (request.type === "visible") this.runs.visible(request.client, request.nodes as string[]);
    else {
      const page = this.#pages.get(request.client) ?? new Sequencer();
      this.#pages.set(request.client, page);
      const again = (reply: { message: JsonObject; buffers: ArrayBuffer[] }) => line.send(reply.message, reply.buffers);
      const handle = (next: Request, attached: ArrayBuffer[]) => this.#handle(next, attached, page, line);
      page.take(request, buffers, handle, again);
    }
  }

  /** Ends all timers. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.runs.close();
    this.models.close();
  }

  #handle(request: Request, buffers: ArrayBuffer[], page: Sequencer, line: Line): void {
    const { client, seq } = request;
    const answer = (message: JsonObject, attached: ArrayBuffer[] = []) => {
      const reply = { message: { type: "ack", ...message, client, seq }, buffers: attached };
      page.keep(seq, reply);
      line.send(reply.message, reply.buffers);
    };
    try {
      const message = this.#do(request, buffers, page, answer, line);
      if (message) answer(message);
    } catch (error) {
      if (!(error instanceof OperationRejected)) throw error;
      answer({ type: "reject", message: error.message });
    }
  }

  /** Returns the answer, or null where it is given otherwise: by a change, or later. */
  #do(
    request: Request,
    buffers: ArrayBuffer[],
    page: Sequencer,
    answer: (message: JsonObject, buffers?: ArrayBuffer[]) => void,
    line: Line,
  ): Answered {
    const by = { request, page };
    switch (request.type) {
      case "hello":
        queueMicrotask(() => this.runs.replay((message, attached) => line.send(message, attached)));
        return this.#welcome(request.have as { epoch: string; rev: number } | null);
      case "ops":
        return this.#edit(request, by);
      case "undo":
      case "redo": {
        const change = request.type === "undo" ? this.#history.undo() : this.#history.redo();
        if (change) this.#tell(change, request.type, by);
        return change ? null : { did: false };
      }
      case "pin":
        return this.#pin(String(request.node), request.on === true, by);
      case "media":
        return this.#shelf.keepMedium(String(request.name), buffers[0]);
      case "look":
        return this.#shelf.look(String(request.name), buffers[0]);
      case "panels":
        if (!this.panels) throw new OperationRejected("There are no panels here.");
        answer({}, [encode(this.panels.js), encode(this.panels.css)]);
        return null;
      case "variables":
        return { variables: [{ name: "poster", kind: "text", size: "12 letters" }] };
      case "bind": {
        const { node, port } = splitPort(String(request.port)) ?? { node: "", port: "" };
        const bindings = { ...bindingsOf(this.document.nodes[node]), [port]: request.variable as Json };
        this.#tell(this.#history.accept([{ op: "set_node", id: node, fields: { bindings } }]), request.client, by);
        return null;
      }
      case "want":
        void this.#find(request).then((found) =>
          found
            ? answer({ mime: found.mime, file: fileOf(request, found), ...found.about }, [found.bytes])
            : answer({ type: "reject", message: "There is no result yet. Run it." }),
        );
        return null;
      default:
        return this.#aboutRuns(request) ?? this.#aside(request) ?? this.#shelf.answer(request);
    }
  }

  #aside(request: Request): Answered {
    return (
      this.models.answer(request) ??
      this.prompts.answer(request) ??
      this.costs.answer(request) ??
      this.publishing.answer(request)
    );
  }

  /** Answers what is asked about running; null where it is about something else. */
  #aboutRuns(request: Request): Answered {
    switch (request.type) {
      case "run":
        if (request.over_budget !== true && this.#refuse(String(request.run))) return { queued: 0 };
        return { queued: this.runs.start(String(request.run), request.targets as string[] | null) };
      case "stop":
        this.runs.stop(String(request.run), request.now === true);
        return {};
      case "run_state":
        this.runs.tellState();
        return {};
      case "answer":
        if (this.runs.answer(String(request.node), Number(request.pick))) return {};
        throw new OperationRejected("This question is answered already.");
      case "why":
        return { text: this.runs.why(String(request.node)) };
      case "timeline":
        return { runs: this.runs.timeline() as unknown as Json };
      default:
        return null;
    }
  }

  /** Refuses a run that would exceed a budget; false where it would not. */
  #refuse(run: string): boolean {
    const over = this.costs.over();
    const message = over.map(({ reason }) => reason).join(" ");
    const refusal = { type: "refused", run, message, problems: [], over: over as unknown as Json };
    if (over.length > 0) queueMicrotask(() => this.broadcast(refusal, []));
    return over.length > 0;
  }

  /** Pins a result as it is for the node's present settings. */
  #pin(node: string, on: boolean, by: By): Answered {
    const key = this.runs.keyOf(node);
    if (on && key === null) throw new OperationRejected("There is no result to pin yet. Run the node first.");
    const pinned = on ? { key, of: settingsOf(readFlow(this.document), node) } : null;
    this.#tell(this.#history.accept([{ op: "set_node", id: node, fields: { pinned } }]), by.request.client, by);
    return null;
  }

  #edit(request: Request, by: By): Answered {
    if (request.epoch !== this.epoch) throw new OperationRejected("The flow was opened anew. Make the edit again.");
    if ("kind" in this.traits.conflict && this.traits.conflict.kind === "code") {
      throw new OperationRejected("First say which flow to keep.");
    }
    const operations = request.ops as Operation[];
    const words = this.refuse?.(operations);
    if (words) throw new OperationRejected(words);
    const merge = typeof request.merge === "string" ? request.merge : null;
    this.#tell(this.#history.accept(operations, merge), request.client, by);
    return null;
  }

  #welcome(have: { epoch: string; rev: number } | null): JsonObject {
    const { rev, canUndo: undo, canRedo: redo } = this.#history;
    const changes = have?.epoch === this.epoch ? this.#history.since(have.rev) : null;
    const news = changes ? { changes: changes as unknown as Json } : { flow: this.document };
    return { type: "welcome", epoch: this.epoch, rev, undo, redo, ...news };
  }

  /** Tells every page of an edit; for its own page that is the answer. */
  #tell({ rev, ops }: Accepted, source: string, by: By | null): void {
    const { canUndo: undo, canRedo: redo } = this.#history;
    const [client, seq] = by ? [by.request.client, by.request.seq] : [null, null];
    const message: JsonObject = { type: "change", epoch: this.epoch, rev, ops, client, seq, source, undo, redo };
    by?.page.keep(by.request.seq, { message, buffers: [] });
    this.broadcast(message, []);
    if (this.traits.types !== this.#history.types) this.set("types", this.#history.types);
    const { file } = { file: "", ...this.traits.status };
    this.set("status", { file, saved: false, draft: false, note: "" });
    this.#later("problems", 300, () => {
      this.set("problems", this.#problems());
      this.set("stale", this.runs.stale());
    });
    if (ops.some(mayMatter)) this.#later("auto", 300, () => this.#autoRun());
    this.#later("document", this.quiet, () => this.#renew());
  }

  /** Runs what an edit may have changed; never what writes files. */
  #autoRun(): void {
    const wrong = this.traits.problems.some(({ severity }) => severity !== "hint");
    if (this.traits.options.auto_run !== true || wrong) return;
    const { types } = this.#history;
    const flow = readFlow(this.document);
    const isPure = (id: string) => findType(types, flow.nodes.get(id)?.type ?? "")?.pure !== false;
    const pure = [...flow.nodes.keys()].filter(isPure);
    const feeding = new Set(
      flow.edges.flatMap(({ from, to }) => {
        const [source, target] = [splitPort(from)?.node, splitPort(to)?.node];
        return source && target && isPure(target) ? [source] : [];
      }),
    );
    const targets = pure.filter((id) => !feeding.has(id));
    this.#autoRuns += 1;
    if (targets.length > 0) this.runs.start(`auto${this.#autoRuns}`, targets, true);
  }

  #renew(): void {
    this.set("document", { epoch: this.epoch, rev: this.rev, flow: this.document });
    this.set("status", { file: "", draft: false, note: "", ...this.traits.status, saved: true });
  }

  async #find(request: Request): Promise<Found | null> {
    if (typeof request.media === "string") return this.#shelf.medium(request.media);
    return this.runs.full(String(request.node), String(request.port), Number(request.item ?? 0), request.full === true);
  }

  /** Tells every page; tests tell what no flow here makes. */
  broadcast(message: JsonObject, buffers: ArrayBuffer[]): void {
    for (const line of this.#lines) line.send(message, buffers);
  }

  #later(name: string, wait: number, what: () => void): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.set(name, setTimeout(what, wait));
  }
}

/** Whether an operation can change a result: where things stand and what they are called does not. */
function mayMatter(operation: Operation): boolean {
  if (operation.op === "move_nodes") return false;
  const fields = operation.op === "set_node" && isObject(operation.fields) ? Object.keys(operation.fields) : null;
  return fields === null || fields.some((name) => !["title", "note", "size", "collapsed"].includes(name));
}

/** The real kernel writes the record into one of them; here the name tells them apart. */
function fileOf({ node, port, item, as }: Request, { mime }: Found): string {
  return `${node}.${port}-${item}${as === "bare file" ? "-bare" : ""}.${mime.split("/")[1]}`;
}

interface By {
  request: Request;
  page: Sequencer;
}
