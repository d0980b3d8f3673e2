// Endpoints as the kernel in the page has them: versions, keys and webhooks in memory, and a server that nobody can call.

import type { Problem } from "../src/bridge/protocol";
import type { Delivery, Difference, PublishedVersion, ServedKey, Webhook } from "../src/bridge/publishing";
import {
  type FlowDocument,
  field,
  isObject,
  type Json,
  type JsonObject,
  readFlow,
  titleFromName,
} from "../src/flow/document";
import { OperationRejected } from "../src/flow/operations";
import type { Request } from "./sequencer";

const URL = "http://127.0.0.1:8484";
const CAPS = { work: 400_000_000, pixels: 16_777_216, seconds: 600 };
const EVENTS = ["job.started", "node.finished", "job.finished"];

interface Kept {
  document: FlowDocument;
  version: PublishedVersion;
}

export class FakePublishing {
  #document: () => FlowDocument;
  #problems: () => Problem[];
  #changed: () => void;
  #versions: Kept[] = [];
  #serves = false;
  #keys: ServedKey[] = [];
  #hooks: Webhook[] = [];
  #name = "";
  #made = 0;
  /** For tests and for looking at. */
  deliveries: Delivery[] = [];
  usage: JsonObject[] = [];

  constructor(document: () => FlowDocument, problems: () => Problem[], changed: () => void) {
    this.#document = document;
    this.#problems = problems;
    this.#changed = changed;
  }

  /** Hints that callers would miss an input or output. */
  hints(): Problem[] {
    const current = this.#current();
    if (!current) return [];
    return (["input", "output"] as const).flatMap((word) => {
      const names = (document: FlowDocument) => readFlow(document)[`${word}s`].map(({ name }) => name);
      const now = names(this.#document());
      const missed = names(current.document).filter((name) => !now.includes(name));
      return missed.map((name) => ({
        code: `published-${word}`,
        severity: "hint",
        node: null,
        port: name,
        message: `Version ${current.version.number} of the endpoint '${this.#name}' takes '${name}', an ${word} that the flow has no longer.`,
        remedy: "That version stays as it is. Whoever calls the next one has to be told; or rename it back.",
      }));
    });
  }

  /** Answers what is about publishing; null where it is about something else. */
  answer(request: Request): JsonObject | null {
    const of = String(request.id ?? "");
    switch (request.type) {
      case "signature":
        return { signature: this.#signature() };
      case "publishing":
        return { publishing: this.#publishing(String(request.name)) };
      case "publish":
        return this.#publish(request);
      case "roll_back":
        for (const { version } of this.#versions) version.is_current = version.number === request.number;
        this.#changed();
        return {};
      case "unpublish":
        for (const { version } of this.#versions.filter((kept) => kept.version.number === request.number))
          Object.assign(version, { is_published: false, is_current: false });
        this.#changed();
        return {};
      case "serving":
        return { serving: this.#serving() };
      case "serve":
        this.#serves = true;
        return this.#keys.length > 0 ? {} : { key: this.#makeKey("notebook", "*") };
      case "stop_serving":
        this.#serves = false;
        return {};
      case "make_key":
        return { key: this.#makeKey(String(request.title), String(request.scope)) };
      case "rotate_key":
        return { key: secretOf(of) };
      case "revoke_key":
        this.#keys = this.#keys.filter(({ id }) => id !== of);
        return {};
      default:
        return this.#aboutHooks(request, of);
    }
  }

  #aboutHooks(request: Request, of: string): JsonObject | null {
    switch (request.type) {
      case "webhooks":
        return {
          webhooks: asJson({ hooks: this.#hooks, deliveries: this.deliveries, keys: this.#keys, events: EVENTS }),
        };
      case "add_webhook": {
        const url = String(request.url);
        if (!url.startsWith("https://")) throw new OperationRejected(`${url} is no address that webhooks are sent to.`);
        const key = this.#keys.find(({ id }) => id === request.key)?.title ?? "";
        this.#hooks.push({ id: `wh_${++this.#made}`, url, events: request.events as string[], key });
        return { secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" };
      }
      case "remove_webhook":
        this.#hooks = this.#hooks.filter(({ id }) => id !== of);
        return { did: true };
      case "replay":
        for (const each of this.deliveries)
          if (each.id === of) Object.assign(each, { state: "waiting", last_error: null });
        return {};
      case "usage":
        return { usage: this.usage };
      default:
        return null;
    }
  }

  #signature(): JsonObject {
    const { inputs, outputs } = readFlow(this.#document());
    const raw = this.#document().inputs.filter(isObject);
    const told = inputs.map((input) => {
      const entry = raw.find((each) => each.name === input.name) ?? {};
      const words = { title: input.title ?? titleFromName(input.name), help: String(entry.help ?? "") };
      const bounds = Object.entries(input.limits).map(([name, value]) => `, ${name.replace("_", " ")} ${value}`);
      const takes = (input.choices ? `one of ${input.choices.join(", ")}` : String(input.type)) + bounds.join("");
      const given = input.default === null ? {} : { default: input.default };
      const cost = { affects_cost: entry.affects_cost === true, is_required: input.default === null };
      return { name: input.name, type: input.type, ...words, takes, limits: input.limits, ...given, ...cost };
    });
    const properties = Object.fromEntries(
      told.map(({ name, title, default: value }) => [
        name,
        { title, ...(value === undefined ? {} : { default: value }) },
      ]),
    );
    const required = told.filter(({ is_required }) => is_required).map(({ name }) => name);
    const request = { type: "object", properties, required, additionalProperties: false };
    const given = outputs.map(({ name, title }) => ({
      name,
      title: title ?? titleFromName(name),
      help: "",
      type: "image",
    }));
    return asJson({ inputs: told, outputs: given, request, result: { type: "object" } });
  }

  #current(): Kept | undefined {
    return this.#versions.find(({ version }) => version.is_current);
  }

  #publishing(asked: string): JsonObject {
    const name = asked || this.#name || this.#document().name;
    const known = name === this.#name;
    const current = known ? this.#current() : undefined;
    const changes = current ? differences(current.document, this.#document()) : null;
    const versions = known ? this.#versions.map(({ version }) => version) : [];
    const others = this.#name && !known ? [this.#name] : [];
    return asJson({ name, versions, others, changes, reasons: this.#reasons(), caps: CAPS });
  }

  #reasons(): Problem[] {
    const flow = readFlow(this.#document());
    const idle = flow.inputs.filter(({ feeds }) => feeds.length === 0);
    const found = this.#problems().filter(({ severity }) => severity !== "hint");
    const about = { node: null, code: "idle-input" };
    const told = idle.map(({ name }) => ({
      ...about,
      port: name,
      message: `The input '${name}' feeds nothing that an output needs.`,
      remedy: "Connect it, or remove it.",
    }));
    const none = { node: null, port: null, message: "The flow has no output.", remedy: "Give it one." };
    return [...found, ...told, ...(flow.outputs.length === 0 ? [none] : [])];
  }

  #publish({ name, note, seeds, caps }: Request): JsonObject {
    const reasons = this.#reasons();
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(String(name))) {
      const message = `'${name}' cannot name an endpoint: it stands in a URL.`;
      reasons.push({ node: null, port: null, message, remedy: "Use small letters, digits, - and _." });
    }
    if (reasons.length > 0) return { reasons: asJson(reasons) };
    if (name !== this.#name) this.#versions = [];
    this.#name = String(name);
    const before = this.#versions[0];
    const document = this.#document();
    if (before && JSON.stringify(before.document) === JSON.stringify(document))
      return { published: before.version.id, did: false };
    for (const { version } of this.#versions) version.is_current = false;
    const number = this.#versions.length + 1;
    const version = {
      id: `${name}-v${number}`,
      number,
      note: String(note),
      published_at: Date.now() / 1000,
      is_current: true,
      is_published: true,
      seeds: seeds as PublishedVersion["seeds"],
      caps: { ...CAPS, ...(caps as Record<string, number>) },
      changes: before ? differences(before.document, document) : null,
    };
    this.#versions.unshift({ document, version });
    this.#changed();
    return { published: version.id, did: true };
  }

  #serving(): JsonObject {
    const name = this.#name || this.#document().name;
    const about = `${URL}/v1/flows/${name}`;
    const snippets = {
      curl: `curl ${about}/jobs \\\n  -H "x-api-key: $PIXELFLOW_KEY" \\\n  -H "prefer: wait=60" \\\n  --json '{"prompt": "a red circle"}'`,
      python: `import os\nimport pixelflow_widgets as pf\n\nclient = pf.Client("${URL}", os.environ["PIXELFLOW_KEY"])\nprint(client.${name}(prompt="a red circle"))`,
      typescript: `const answer = await fetch("${about}/jobs", { method: "POST" });`,
    };
    const called = this.#versions.length > 0 ? { about, play: `${URL}/play/${name}`, snippets } : {};
    return asJson({ name, keys: this.#keys, ...(this.#serves ? { url: URL, docs: `${URL}/docs`, ...called } : {}) });
  }

  #makeKey(title: string, scope: string): string {
    const id = `k${String(++this.#made).padStart(7, "0")}`;
    this.#keys.push({ id, title, scopes: [scope], created_at: Date.now() / 1000, last_used_at: null });
    return secretOf(id);
  }
}

const asJson = <Value>(value: Value) => structuredClone(value) as unknown as JsonObject;
const secretOf = (id: string) => `pf_${id}_${"Qm3x".repeat(10)}x7k`;

function differences(before: FlowDocument, after: FlowDocument): Difference[] {
  const entries = ({ inputs }: FlowDocument) => inputs.filter(isObject);
  const named = (list: JsonObject[], name: Json | undefined) => list.find((each) => each.name === name);
  const gone = entries(before).filter(({ name }) => !named(entries(after), name));
  const told: Difference[] = gone.map(({ name }) => ({ words: `The input ${name} is gone`, breaks: true }));
  for (const entry of entries(after)) {
    const former = named(entries(before), entry.name);
    const now = JSON.stringify(field(entry, "default"));
    if (!former) told.push({ words: `${entry.name} is a new input`, breaks: field(entry, "default") === undefined });
    else if (JSON.stringify(field(former, "default")) !== now)
      told.push({ words: `${entry.name} is ${now} by default, was ${JSON.stringify(former.default)}`, breaks: false });
  }
  return told;
}
