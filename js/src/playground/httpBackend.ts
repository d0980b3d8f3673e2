// A published flow, over HTTP. Jobs are followed by their events, a few at a time, because a browser holds six lines to a
// server; the others are asked about.

import type { JsonObject } from "../flow/document";
import {
  type About,
  type Backend,
  type Fault,
  isOver,
  type Job,
  type Listener,
  Refused,
  type Schema,
  type Started,
  Unreachable,
  type Values,
} from "./backend";
import { withSeeds } from "./seeds";
import { readEvents, type ServerEvent } from "./serverEvents";

const ASK_MS = 700;
/** Between two tries to reach a server that does not answer. */
const RETRY_MS = 2_000;
const PREVIEW_MS = 250;
const MOST_STREAMS = 3;
const HISTORY = 60;

interface Told {
  name: string;
  title: string;
  help: string;
  version: number;
  request: Schema;
  result: Schema;
  estimate: number | null;
}

async function refusalOf(answer: Response): Promise<Refused> {
  const told = await answer.json().catch(() => null);
  const { type = "fault", message = `The server answered ${answer.status}.`, at, details } = told?.error ?? {};
  const faults: Fault[] = details ?? (typeof at === "string" && at.startsWith("/") ? [{ at, message }] : []);
  return new Refused(type, message, faults);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class HttpBackend implements Backend {
  #listeners = new Set<Listener>();
  /** Jobs that have not ended. */
  #open = new Map<string, Job>();
  #streams = new Map<string, AbortController>();
  #previewed = new Map<string, number>();
  #told: Told | null = null;
  #asks = false;
  #isThere = true;
  #closed = new AbortController();

  constructor(
    readonly name: string,
    readonly key: string,
    readonly server = "",
  ) {}

  async about(): Promise<About> {
    const told: Told = await this.#json(`/v1/flows/${this.name}`);
    this.#told = told;
    const { name, title, help, version, request, result, estimate } = told;
    return { name, title, help, version, request, result, estimate, values: {}, models: [], problems: [] };
  }

  async start(values: Values, count: number): Promise<Started> {
    const [seed, schema] =
      Object.entries(this.#told?.request.properties ?? {}).find(([, each]) => each["x-seed"]) ?? [];
    const most = (schema?.anyOf ?? [schema]).map((each) => each?.maximum).find((value) => value !== undefined);
    const jobs: Job[] = [];
    let refused: Refused | null = null;
    try {
      for (const each of withSeeds(values, seed, most, count)) {
        jobs.push(await this.#json<Job>(`/v1/flows/${this.name}/jobs`, each));
      }
    } catch (error) {
      if (jobs.length === 0 || !(error instanceof Refused)) throw error;
      refused = error;
    }
    this.#watch(jobs);
    return { jobs, refused };
  }

  async cancel(id: string): Promise<void> {
    this.#tell(await this.#json<Job>(`/v1/jobs/${id}/cancel`, {}));
  }

  async jobs(): Promise<Job[]> {
    const { jobs } = await this.#json<{ jobs: Job[] }>(`/v1/jobs?flow=${this.name}&limit=${HISTORY}`);
    this.#watch(jobs);
    return jobs;
  }

  async medium(id: string): Promise<Blob> {
    return (await this.#ask(`/v1/artifacts/${id}`)).blob();
  }

  async upload(file: File): Promise<string> {
    const form = new FormData();
    form.append("file", file);
    const answer = await this.#ask("/v1/uploads", { method: "POST", body: form });
    return (await answer.json()).id;
  }

  async code(values: Values): Promise<Record<string, string>> {
    const { curl, python, typescript } = await this.#json<Record<string, string>>(
      `/v1/flows/${this.name}/code`,
      values,
    );
    return { curl: curl ?? "", Python: python ?? "", TypeScript: typescript ?? "" };
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed.abort();
    for (const stream of this.#streams.values()) stream.abort();
    this.#open.clear();
  }

  async #ask(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = { ...options.headers, "x-api-key": this.key };
    let answer: Response;
    try {
      answer = await fetch(this.server + path, { signal: this.#closed.signal, ...options, headers });
    } catch {
      this.#setLine(false);
      throw new Unreachable("The server does not answer.");
    }
    this.#setLine(true);
    if (!answer.ok) throw await refusalOf(answer);
    return answer;
  }

  async #json<Told>(path: string, body?: object): Promise<Told> {
    const sent = { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    return (await this.#ask(path, body && sent)).json();
  }

  #setLine(isThere: boolean): void {
    if (isThere === this.#isThere || this.#closed.signal.aborted) return;
    this.#isThere = isThere;
    for (const listener of this.#listeners) listener.line(isThere);
    if (!isThere) void this.#keepAsking();
  }

  #watch(jobs: readonly Job[]): void {
    for (const job of jobs) if (!isOver(job)) this.#open.set(job.id, job);
    this.#followMore();
    if (this.#open.size > 0) void this.#keepAsking();
  }

  /** Follows the jobs that come first. */
  #followMore(): void {
    for (const id of this.#open.keys()) {
      if (!this.#streams.has(id) && this.#streams.size < MOST_STREAMS) void this.#follow(id);
    }
  }

  #tell(job: Job): void {
    if (isOver(job)) this.#open.delete(job.id);
    else this.#open.set(job.id, job);
    for (const listener of this.#listeners) listener.job(job);
  }

  /** Asks about jobs that wait or that no stream tells of, until all have ended; and whether the server is there again. */
  async #keepAsking(): Promise<void> {
    if (this.#asks) return;
    this.#asks = true;
    while ((this.#open.size > 0 || !this.#isThere) && !this.#closed.signal.aborted) {
      await pause(this.#isThere ? ASK_MS : RETRY_MS);
      if (!this.#isThere) await this.#ask("/health").catch(() => null);
      else this.#followMore();
      for (const { id, status } of [...this.#open.values()]) {
        // Streams tell nothing of the place in the queue.
        if (this.#isThere && (status === "queued" || !this.#streams.has(id))) await this.#askAbout(id);
      }
    }
    this.#asks = false;
  }

  async #askAbout(id: string): Promise<void> {
    try {
      const job = await this.#json<Job>(`/v1/jobs/${id}`);
      this.#tell(job);
    } catch (error) {
      // A job that is not known any more will never end.
      if (error instanceof Refused && error.type === "not_found") this.#open.delete(id);
    }
  }

  async #follow(id: string): Promise<void> {
    const stop = new AbortController();
    this.#streams.set(id, stop);
    try {
      const answer = await this.#ask(`/v1/jobs/${id}/events`, { signal: stop.signal });
      for await (const event of readEvents(answer)) this.#heard(id, event);
    } catch {
      await pause(ASK_MS);
    }
    this.#streams.delete(id);
    if (this.#isThere && !stop.signal.aborted) await this.#askAbout(id);
  }

  #heard(id: string, { kind, data }: ServerEvent): void {
    const job = this.#open.get(id);
    if (kind === "started" || kind === "requeued") void this.#askAbout(id);
    if (kind !== "progress" || !job) return;
    const { progress, note, has_preview } = data as JsonObject;
    const told = { progress: typeof progress === "number" ? progress : null, note: String(note ?? "") };
    this.#tell({ ...job, ...told });
    if (has_preview) void this.#look(id);
  }

  /** Fetches how the result of a job looks so far, not too often. */
  async #look(id: string): Promise<void> {
    const now = performance.now();
    if (now - (this.#previewed.get(id) ?? 0) < PREVIEW_MS) return;
    this.#previewed.set(id, now);
    const picture = await this.#ask(`/v1/jobs/${id}/preview`).then(
      (answer) => answer.blob(),
      () => null,
    );
    if (picture && this.#open.has(id)) for (const listener of this.#listeners) listener.preview(id, picture);
  }
}
