// What the kernel in the page knows of models: adapters that do not fit, downloads that take a second, a worker's memory.

import type { AboutModel, GettingModel, ModelEntry, ModelFit, Problem, ResidentModel } from "../src/bridge/protocol";
import { readLoras } from "../src/controls/loras";
import { modelOf } from "../src/controls/modelChoice";
import { type Flow, type FlowNode, field, type JsonObject } from "../src/flow/document";
import { sourceOfModel } from "../src/flow/modelFeed";
import { findType, type NodeTypes } from "../src/flow/nodeType";
import { OperationRejected } from "../src/flow/operations";
import type { Request } from "./sequencer";

const STEPS = 10;

export interface Teller {
  tell(message: JsonObject): void;
  /** The cards have changed. */
  changed(models: ModelEntry[]): void;
}

export class FakeModels {
  /** How long a download takes, in milliseconds. */
  time = 1_500;
  /** Refuses every download in words; for tests. */
  fails = "";
  /** How much memory is free, in GB; null while that cannot be said. */
  free: number | null = 64;
  #models: ModelEntry[];
  #flow: () => Flow;
  #types: () => NodeTypes;
  #teller: Teller;
  #gettings = new Map<string, GettingModel>();
  #timers = new Map<string, ReturnType<typeof setInterval>>();
  #freed = new Set<string>();

  constructor(models: ModelEntry[], flow: () => Flow, types: () => NodeTypes, teller: Teller) {
    this.#models = models;
    this.#flow = flow;
    this.#types = types;
    this.#teller = teller;
  }

  /** Answers what is asked about models; null where it is about something else. */
  answer(request: Request): JsonObject | null {
    const source = String(request.source ?? "");
    switch (request.type) {
      case "about_model":
        return { about: this.#about(source) as unknown as JsonObject };
      case "model_fit":
        return this.free === null ? {} : { fit: this.#fit(source, this.free) as unknown as JsonObject };
      case "missing_models":
        return { missing: this.#missing() as unknown as JsonObject[] };
      case "get_model":
        this.#get(source);
        return {};
      case "stop_getting":
        this.#end(source, "stopped", "Stopped. What is here is kept.");
        return {};
      case "resident_models":
        return { resident: this.#resident() as unknown as JsonObject[] };
      case "free_model":
        for (const { source: each } of this.#resident())
          if (request.source === null || each === source) this.#freed.add(each);
        return { freed: 1e6 };
      default:
        return null;
    }
  }

  close(): void {
    for (const timer of this.#timers.values()) clearInterval(timer);
  }

  /** Models that are not here, and adapters for another base model, at the nodes that use them. */
  problems(): Problem[] {
    const flow = this.#flow();
    return [...flow.nodes].flatMap(([id, node]): Problem[] => {
      const type = findType(this.#types(), node.type);
      if (!type?.inputs.some((port) => port.type === "model")) return [];
      const title = node.title ?? type.title;
      const base = modelOf(this.#models, sourceOfModel(flow, this.#types(), id));
      const at = { node: id, port: "model", severity: "error" };
      // Both are said where they enter.
      const comes = (port: string) => flow.edges.some(({ to }) => to === `${id}.${port}`);
      const missing = base && !base.installed && !comes("model");
      const found: Problem[] = missing
        ? [
            {
              ...at,
              code: "missing-model",
              message: `'${title}': ${base.title} is not on this machine.`,
              remedy: `Get it with: ${base.command ?? `pixelflow models get ${base.name}`}`,
            },
          ]
        : [];
      const wrong = this.#adapters(node).find((adapter) => base && adapter.base_model !== base.base_model);
      if (!wrong || !base) return found;
      const message = `'${title}': the adapter ${wrong.title} was made for ${wrong.base_model}; the model here is ${base.base_model}.`;
      const remedy = `Choose an adapter for ${base.base_model}.`;
      const port = field(node.values, "lora") === undefined ? "loras" : "lora";
      return [...found, { ...at, code: "adapter", port, message, remedy }];
    });
  }

  /** The adapters that a node lays onto its model. */
  #adapters({ values }: FlowNode): ModelEntry[] {
    const [one, many] = [field(values, "lora"), field(values, "loras")];
    const stack = readLoras(typeof many === "string" ? many : "").filter(({ on }) => on);
    const names = [...(typeof one === "string" ? [one] : []), ...stack.map(({ source }) => source)];
    return names.flatMap((name) => modelOf(this.#models, name) ?? []);
  }

  #about(source: string): AboutModel {
    const known = modelOf(this.#models, source);
    if (known) return { ...known, name: source };
    if (!/\.safetensors$/.test(source)) throw new OperationRejected(`There is no model '${source}' here.`);
    const about = { name: source, title: source.replace(/^.*\//, ""), kind: "lora", base_model: "SDXL", rank: 16 };
    return { ...about, tasks: [], installed: true, megabytes: 18, help: "", trigger_words: ["inkwash", "sumi-e"] };
  }

  #fit(source: string, free: number): ModelFit {
    const { title, megabytes, memory_gb } = this.#about(source);
    if (this.#resident().some((model) => model.source === source))
      return { how: "resident", sentence: `${title} is in memory.` };
    const needed = memory_gb || megabytes / 1_000;
    const how = needed <= free ? "fits" : needed <= 2 * free ? "offload" : "too large";
    const means = {
      fits: "fits",
      offload: "will offload, which is slower",
      "too large": "will be very slow, or fail; choose a smaller model or half precision",
    }[how];
    const sentence = `${title} needs about ${needed.toFixed(1)} GB, ${free.toFixed(1)} GB free: ${means}.`;
    return { how, sentence };
  }

  #missing(): AboutModel[] {
    const flow = this.#flow();
    const sources = [...flow.nodes.keys()].map((id) => sourceOfModel(flow, this.#types(), id));
    const found = [...new Set(sources)].flatMap((source) => modelOf(this.#models, source) ?? []);
    return found.filter(({ installed }) => !installed);
  }

  #resident(): ResidentModel[] {
    const all: ResidentModel[] = [
      {
        source: "starter",
        title: "Starter",
        bytes: 23.1e6,
        device: "cpu",
        in_use: false,
        components: [
          { name: "unet", bytes: 17.1e6 },
          { name: "text_encoder_2", bytes: 3.4e6 },
          { name: "vae", bytes: 1.7e6, shared: true },
          { name: "text_encoder", bytes: 0.9e6 },
        ],
      },
    ];
    return all.filter(({ source }) => !this.#freed.has(source));
  }

  #get(source: string): void {
    const model = modelOf(this.#models, source);
    const total = (model?.megabytes ?? 100) * 1e6;
    const begun: GettingModel = { source, state: "getting", done: 0, total, words: "", title: model?.title ?? source };
    this.#gettings.set(source, begun);
    if (this.fails) {
      this.#end(source, "failed", this.fails);
      return;
    }
    let step = 0;
    const timer = setInterval(() => {
      step += 1;
      this.#gettings.set(source, { ...begun, done: (total * step) / STEPS });
      if (step < STEPS) this.#tell();
      else this.#end(source, "done", "");
    }, this.time / STEPS);
    this.#timers.set(source, timer);
    this.#tell();
  }

  #end(source: string, state: GettingModel["state"], words: string): void {
    clearInterval(this.#timers.get(source));
    const getting = this.#gettings.get(source);
    if (getting) this.#gettings.set(source, { ...getting, state, words });
    if (state === "done") {
      const here = (model: ModelEntry) => (model.name === source ? { ...model, installed: true } : model);
      this.#models = this.#models.map(here);
      this.#teller.changed(this.#models);
    }
    this.#tell();
  }

  #tell(): void {
    this.#teller.tell({ type: "getting", models: [...this.#gettings.values()] as unknown as JsonObject[] });
  }
}
