// What a playground asks of whoever runs its flow: a server over HTTP, or the kernel of a notebook. Both speak in the shapes
// of the HTTP API.

import type { Json } from "../flow/document";

/** JSON Schema of an input or an output, with what forms need besides. */
export interface Schema {
  title?: string;
  description?: string;
  type?: string;
  default?: Json;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  maxLength?: number;
  items?: Schema;
  anyOf?: Schema[];
  examples?: Json[];
  properties?: Record<string, Schema>;
  required?: string[];
  "x-type"?: string;
  "x-seed"?: boolean;
  "x-affects-cost"?: boolean;
  "x-advanced"?: boolean;
  "x-control"?: { kind: string } & Record<string, Json>;
}

/** The inputs of a flow by name: media by id, seeds that are to be drawn as -1. */
export type Values = Record<string, Json>;

export interface About {
  name: string;
  title: string;
  help: string;
  /** Of the flow that is published; null for what a notebook holds. */
  version: number | null;
  request: Schema;
  result: Schema;
  /** Seconds that a job takes, by the last ones. */
  estimate: number | null;
  /** What the form showed last. */
  values: Values;
  /** Names of the models that it uses. */
  models: string[];
  /** What keeps it from running, in words. */
  problems: string[];
}

/** A file that a job gave. */
export interface Medium {
  id: string;
  type: string;
  bytes: number;
  width?: number;
  height?: number;
  seconds?: number;
}

export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "canceled";

export interface Job {
  id: string;
  status: JobStatus;
  /** Jobs that go before it while it waits. */
  position: number | null;
  /** From 0 to 1. */
  progress: number | null;
  note: string;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  inputs: Values;
  outputs: Record<string, Json> | null;
  error: { type: string; message: string } | null;
  seeds: Values | null;
  usage: { seconds?: number; nodes?: number; found?: number } | null;
}

/** One fault of what was sent: `at` is a JSON pointer, "/prompt". */
export interface Fault {
  at: string;
  message: string;
}

/** What was asked for is not done, and why, in words. */
export class Refused extends Error {
  constructor(
    readonly type: string,
    message: string,
    readonly faults: readonly Fault[] = [],
  ) {
    super(message);
  }
}

/** Nobody answers. */
export class Unreachable extends Error {}

export interface Started {
  jobs: Job[];
  /** Why there are not as many as were asked for. */
  refused: Refused | null;
}

export interface Listener {
  /** A job is not what it was. */
  job(job: Job): void;
  /** How the result of a job looks so far. */
  preview(id: string, picture: Blob): void;
  /** Whether anybody answers. */
  line(isThere: boolean): void;
}

/** The flow of a playground, to be taken into an editor. */
export interface Opened {
  /** As Python code, for a cell. */
  python: string;
  /** As a file of flows. */
  document: string;
  file: string;
}

export interface Backend {
  about(): Promise<About>;
  /** Starts jobs with these inputs; with several, each has a seed of its own. */
  start(values: Values, count: number): Promise<Started>;
  cancel(id: string): Promise<void>;
  /** Earlier ones too, newest first. */
  jobs(): Promise<Job[]>;
  /** The bytes of what a job gave, or of what was handed in. */
  medium(id: string): Promise<Blob>;
  /** Hands a file in; what comes back stands for it among the inputs. */
  upload(file: File): Promise<string>;
  /** Programs that do the same, by the name of their language. */
  code(values: Values): Promise<Record<string, string>>;
  /** Seconds that these inputs will take; where there is no such thing, earlier jobs tell. */
  estimate?(values: Values): Promise<number | null>;
  open?(values: Values): Promise<Opened>;
  listen(listener: Listener): () => void;
}

export const isOver = (job: Job): boolean => job.status !== "queued" && job.status !== "running";
