// What one playground knows: its form, its jobs, and what is looked at. No React: views listen to its stores.

import { Store } from "../editor/store";
import type { Json } from "../flow/document";
import { type About, type Backend, isOver, type Job, type Medium, Refused, Unreachable, type Values } from "./backend";
import { asForm, asValues, type FormField, fieldsOf } from "./fields";

export interface Notice {
  words: string;
  tone: "alert" | "info";
}

/** Keeps a form that was not sent over a reload of the page. */
export interface Keep {
  read(): Values | null;
  write(values: Values): void;
}

export interface Seen {
  medium: Medium;
  title: string;
}

/** Words for what went wrong. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The input that a JSON pointer is about: "prompt" of "/prompt" and of "/prompt/3". */
export function inputAt(pointer: string): string {
  return (pointer.split("/")[1] ?? "").replace(/~1/g, "/").replace(/~0/g, "~");
}

function newestFirst(one: Job, other: Job): number {
  return other.created_at - one.created_at;
}

export class Play {
  readonly fields: FormField[];
  readonly values: Store<Values>;
  /** What is wrong with an input, by its name. */
  readonly faults = new Store<Record<string, string>>({});
  readonly notice = new Store<Notice | null>(null);
  readonly count = new Store(1);
  /** Newest first. */
  readonly jobs = new Store<readonly Job[]>([]);
  /** The jobs whose results are looked at. */
  readonly shown = new Store<readonly string[]>([]);
  readonly previews = new Store<Readonly<Record<string, string>>>({});
  readonly starting = new Store(false);
  readonly isThere = new Store(true);
  /** The picture that is looked at in full. */
  readonly large = new Store<Seen | null>(null);
  #media = new Map<string, Promise<{ bytes: Blob; url: string }>>();
  #end: () => void;

  constructor(
    readonly backend: Backend,
    readonly about: About,
    keep: Keep | null = null,
  ) {
    this.fields = fieldsOf(about.request);
    this.values = new Store(keep?.read() ?? asForm(this.fields, about.values));
    this.values.subscribe(() => keep?.write(this.values.get()));
    this.#end = backend.listen({
      job: (job) => this.#put([job]),
      preview: (id, picture) => this.#preview(id, picture),
      line: (isThere) => this.isThere.set(isThere),
    });
  }

  close(): void {
    this.#end();
    for (const url of Object.values(this.previews.get())) URL.revokeObjectURL(url);
    for (const known of this.#media.values())
      known.then(
        ({ url }) => URL.revokeObjectURL(url),
        () => null,
      );
  }

  /** Reads what was made earlier, and shows the newest of it. */
  async readHistory(): Promise<void> {
    const jobs = await this.backend.jobs();
    this.#put(jobs);
    const [newest] = jobs.toSorted(newestFirst);
    if (newest && this.shown.get().length === 0) this.shown.set([newest.id]);
  }

  field(name: string): FormField | undefined {
    return this.fields.find((field) => field.name === name);
  }

  job(id: string): Job | undefined {
    return this.jobs.get().find((job) => job.id === id);
  }

  /** null is "back to the default". */
  set(name: string, value: Json | null): void {
    this.values.update(({ [name]: _, ...others }) => (value === null ? others : { ...others, [name]: value }));
    this.faults.update(({ [name]: _, ...others }) => others);
  }

  reset(): void {
    this.values.set({});
    this.faults.set({});
  }

  request(): Values {
    return asValues(this.fields, this.values.get());
  }

  /** Starts as many generations as are asked for, and looks at them. */
  async generate(): Promise<void> {
    if (this.starting.get()) return;
    this.starting.set(true);
    this.faults.set({});
    this.notice.set(null);
    const count = this.seed ? this.count.get() : 1;
    try {
      const { jobs, refused } = await this.backend.start(this.request(), count);
      this.#put(jobs);
      this.shown.set(jobs.map((job) => job.id));
      if (refused) this.say(`${jobs.length} of ${count} were taken. ${refused.message}`);
    } catch (error) {
      this.#refused(error);
    } finally {
      this.starting.set(false);
    }
  }

  async cancel(id: string): Promise<void> {
    await this.backend.cancel(id).catch((error) => this.say(wordsOf(error)));
  }

  /** The input of which each of several generations gets its own. */
  get seed(): FormField | undefined {
    return this.fields.find((field) => field.isSeed);
  }

  /** The seed that was used last. */
  lastSeed(name: string): Json | null {
    const job = this.jobs.get().find((each) => each.status === "succeeded");
    return job?.seeds?.[name] ?? job?.inputs[name] ?? null;
  }

  /** Brings the inputs of a job back into the form, with the seeds that it used. */
  bringBack(job: Job): void {
    const seeds = Object.fromEntries(Object.entries(job.seeds ?? {}).filter(([, seed]) => seed !== null));
    this.values.set(asForm(this.fields, { ...job.inputs, ...seeds }));
    this.faults.set({});
  }

  /** A medium, and where it can be read. */
  medium(id: string): Promise<{ bytes: Blob; url: string }> {
    const fetched = async () => {
      const bytes = await this.backend.medium(id);
      return { bytes, url: URL.createObjectURL(bytes) };
    };
    const known = this.#media.get(id) ?? fetched();
    this.#media.set(id, known);
    known.catch(() => this.#media.delete(id));
    return known;
  }

  /** Makes a result the value of an input. */
  async use(medium: Medium, name: string): Promise<void> {
    const field = this.field(name);
    if (!field) return;
    try {
      const { bytes } = await this.medium(medium.id);
      const file = new File([bytes], medium.id, { type: medium.type });
      const taken: Json = { $media: await this.backend.upload(file) };
      const before = this.values.get()[name];
      this.set(name, field.many ? [...(Array.isArray(before) ? before : []), taken] : taken);
      this.say(`“${field.title}” is this result now.`, "info");
    } catch (error) {
      this.say(wordsOf(error));
    }
  }

  say(words: string, tone: Notice["tone"] = "alert"): void {
    this.notice.set({ words, tone });
  }

  #put(told: readonly Job[]): void {
    const jobs = new Map(this.jobs.get().map((job) => [job.id, job]));
    for (const job of told) {
      // An answer that was overtaken by the end of its job is old.
      const known = jobs.get(job.id);
      if (!known || !isOver(known) || isOver(job)) jobs.set(job.id, job);
      if (isOver(job)) this.#forget(job.id);
    }
    this.jobs.set([...jobs.values()].sort(newestFirst));
  }

  #preview(id: string, picture: Blob): void {
    const job = this.job(id);
    if (!job || isOver(job) || !picture.type.startsWith("image/")) return;
    const before = this.previews.get()[id];
    this.previews.update((urls) => ({ ...urls, [id]: URL.createObjectURL(picture) }));
    if (before) URL.revokeObjectURL(before);
  }

  #forget(id: string): void {
    const { [id]: url, ...others } = this.previews.get();
    if (url === undefined) return;
    this.previews.set(others);
    URL.revokeObjectURL(url);
  }

  #refused(error: unknown): void {
    if (error instanceof Unreachable) return; // the banner says it
    const faults: Record<string, string> = {};
    const others: string[] = [];
    for (const { at, message } of error instanceof Refused ? error.faults : []) {
      const name = inputAt(at);
      if (this.field(name)) faults[name] = faults[name] ?? message;
      else others.push(message);
    }
    this.faults.set(faults);
    if (Object.keys(faults).length === 0 && others.length === 0) others.push(wordsOf(error));
    if (others.length > 0) this.say(others.join(" "));
  }
}
