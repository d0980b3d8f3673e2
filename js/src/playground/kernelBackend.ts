// The kernel of a notebook: messages of a widget, in the shapes of the HTTP API. A file that is dropped stays here until a
// generation is started with it.

import { KernelLink, mint, type Transport } from "../bridge/link";
import { itemsOf } from "../controls/items";
import { isObject, type Json, type JsonObject } from "../flow/document";
import {
  type About,
  type Backend,
  type Fault,
  type Job,
  type Listener,
  type Opened,
  Refused,
  type Schema,
  type Started,
  type Values,
} from "./backend";

/** So long a kernel may take to answer before the page says that nobody does. */
const SILENT_MS = 20_000;
/** Names of files that the kernel does not have yet. */
const LOCAL = "local_";

interface Refusal {
  type: string;
  message: string;
  details?: Fault[];
}

type Told = JsonObject & { buffers: readonly DataView[] };

function refusalIn(told: Told): Refused | null {
  if (isObject(told.refused)) {
    const { type, message, details } = told.refused as unknown as Refusal;
    return new Refused(type, message, details ?? []);
  }
  return told.type === "reject" ? new Refused("refused", String(told.message ?? told.words ?? "")) : null;
}

function bytesOf(view: DataView | undefined): Uint8Array<ArrayBuffer> {
  // Copied, because the buffer may be a window into a larger message that would be kept alive by it.
  return view ? new Uint8Array(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)) : new Uint8Array();
}

export class KernelBackend implements Backend {
  #link: KernelLink;
  #files = new Map<string, File>();
  /** What the kernel calls a file of this page that was started with. */
  #taken = new Map<string, string>();
  #listeners = new Set<Listener>();

  constructor(transport: Transport) {
    this.#link = new KernelLink(transport);
  }

  async about(): Promise<About> {
    const told = await this.#ask("about");
    const { name, title, help, values, models, problems, estimate } = told as unknown as About;
    const { request, result } = told as unknown as { request: Schema; result: Schema };
    return { name, title, help, version: null, request, result, estimate, values, models, problems };
  }

  async start(values: Values, count: number): Promise<Started> {
    const buffers: ArrayBuffer[] = [];
    const sent: Values = {};
    for (const [name, value] of Object.entries(values)) sent[name] = await this.#placed(value, buffers);
    const { jobs } = (await this.#ask("start", { values: sent, count }, buffers)) as unknown as { jobs: Job[] };
    for (const [name, value] of Object.entries(values)) this.#learn(value, jobs[0]?.inputs[name]);
    // What the form showed may have been told meanwhile, without the files.
    if (buffers.length > 0) this.keep(values);
    return { jobs, refused: null };
  }

  async cancel(id: string): Promise<void> {
    await this.#ask("cancel", { id });
  }

  async jobs(): Promise<Job[]> {
    return (await this.#ask("jobs")).jobs as unknown as Job[];
  }

  async medium(id: string): Promise<Blob> {
    const file = this.#files.get(id);
    if (file) return file;
    const { medium, buffers } = await this.#ask("medium", { id });
    return new Blob([bytesOf(buffers[0])], { type: (medium as { type: string }).type });
  }

  async upload(file: File): Promise<string> {
    const id = mint(LOCAL, 12);
    this.#files.set(id, file);
    return id;
  }

  async code(values: Values): Promise<Record<string, string>> {
    const { python, builder, curl } = await this.#ask("code", { values: this.#known(values) });
    const programs = { Python: python, "Flow in Python": builder, curl };
    return Object.fromEntries(Object.entries(programs).filter((each): each is [string, string] => !!each[1]));
  }

  async estimate(values: Values): Promise<number | null> {
    return (await this.#ask("estimate", { values: this.#known(values) })).estimate as number | null;
  }

  async open(values: Values): Promise<Opened> {
    return (await this.#ask("open", { values: this.#known(values) })) as unknown as Opened;
  }

  /** Lets the kernel keep what the form shows. */
  keep(values: Values): void {
    this.#link.tell({ type: "values", values: this.#known(values) } as never);
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    const ends = [
      this.#on("job", ({ job }) => listener.job(job as unknown as Job)),
      this.#on("preview", ({ id, mime }, buffers) =>
        listener.preview(String(id), new Blob([bytesOf(buffers[0])], { type: String(mime) })),
      ),
      () => this.#listeners.delete(listener),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Tells when the flow, or the values of the form, were changed elsewhere. */
  onChanged(changed: () => void): () => void {
    return this.#on("changed", changed);
  }

  close(): void {
    this.#link.close();
  }

  #on(type: string, handler: (message: JsonObject, buffers: readonly DataView[]) => void): () => void {
    return this.#link.on(type as never, handler as never);
  }

  async #ask(type: string, message: JsonObject = {}, buffers?: ArrayBuffer[]): Promise<Told> {
    const late = setTimeout(() => this.#tellLine(false), SILENT_MS);
    const told = (await this.#link.request({ ...message, type } as never, buffers)) as unknown as Told;
    clearTimeout(late);
    this.#tellLine(true);
    const refused = refusalIn(told);
    if (refused) throw refused;
    return told;
  }

  #tellLine(isThere: boolean): void {
    for (const listener of this.#listeners) listener.line(isThere);
  }

  /** Notes under which id the kernel has a file now. */
  #learn(sent: Json, kept: Json | undefined): void {
    if (Array.isArray(sent))
      for (const [place, item] of sent.entries()) this.#learn(item, itemsOf(kept ?? null)[place]);
    else if (typeof sent === "string" && typeof kept === "string" && this.#files.has(sent)) this.#taken.set(sent, kept);
  }

  /** A value with the files that only this page has put beside it. */
  async #placed(value: Json, buffers: ArrayBuffer[]): Promise<Json> {
    if (Array.isArray(value)) {
      const items: Json[] = [];
      for (const item of value) items.push(await this.#placed(item, buffers));
      return items;
    }
    const known = this.#named(value);
    const file = typeof known === "string" ? this.#files.get(known) : undefined;
    if (!file) return known;
    buffers.push(await file.arrayBuffer());
    return { $buffer: buffers.length - 1 };
  }

  /** A value with the kernel's own names for its files. */
  #named(value: Json): Json {
    if (Array.isArray(value)) return value.map((item) => this.#named(item));
    return typeof value === "string" ? (this.#taken.get(value) ?? value) : value;
  }

  /** The values without files that the kernel does not have. */
  #known(values: Values): Values {
    const isHere = (value: Json): boolean =>
      Array.isArray(value) ? value.every(isHere) : typeof value !== "string" || !this.#files.has(value);
    const named = Object.entries(values).map(([name, value]) => [name, this.#named(value)] as const);
    return Object.fromEntries(named.filter(([, value]) => isHere(value)));
  }
}
