// The traits and messages that the page shares with pixelflow_widgets/widget. Nothing here has a body: `link` sends,
// `sync` follows the document, `runs` and `results` follow the runs.

import type { AnyModel } from "@anywidget/types";
import type { FlowDocument, Json, JsonObject } from "../flow/document";
import type { NodeTypes } from "../flow/nodeType";
import type { Operation } from "../flow/operations";
import type { CostAck, CostRequest, Over } from "./costs";
import type { AboutModel, GettingModel, ModelEntry, ModelFit, ResidentModel } from "./modelEntries";
import type { PromptAck, PromptRequest } from "./prompts";
import type { PublishAck, PublishRequest } from "./publishing";
import type { TimelineRun } from "./timelineEntries";

export type { AboutModel, GettingModel, ModelEntry, ModelFit, ResidentModel };

// --- Traits -------------------------------------------------------------------------------------------------------

/** The document as of a revision; `epoch` marks one life of a live flow. */
export interface DocumentTrait {
  epoch: string;
  rev: number;
  flow: FlowDocument;
}

/** Empty is "fit". `by` names the view that moved it, so that this view does not follow itself. */
export interface ViewportTrait {
  x?: number;
  y?: number;
  zoom?: number;
  by?: string;
}

export type NodeRunState = "waiting" | "running" | "asking" | "done" | "failed" | "cancelled";
export type RunStatus = "idle" | "running" | "done" | "failed" | "cancelled";

/** Why one item of a mapped node failed. */
export interface ItemError {
  /** Counted from 0. */
  item: number;
  error: string;
}

export interface NodeRunTrait {
  state: NodeRunState;
  cached?: boolean;
  /** In seconds. */
  took?: number;
  error?: string;
  traceback?: string;
  /** What is asked, while it is asking. */
  note?: string;
  /** How many candidates there are to choose from, while it is asking. */
  count?: number;
  /** How many items it is mapped over. */
  items?: number;
  /** The first of them, or only how many. */
  item_errors?: ItemError[] | number;
  muted?: boolean;
  pinned?: boolean;
}

export interface RunStateTrait {
  run: string | null;
  /** "queued": it waits for a run of another flow. */
  status: RunStatus | "queued";
  nodes: Record<string, NodeRunTrait>;
  /** Number of the last delta (`states`) that is in it. */
  seq?: number;
  /** How many runs of this flow wait. */
  queued?: number;
  /** Their ids, in order. */
  queue?: string[];
}

export interface Problem {
  /** One word for programs: "adapter", "missing-model". */
  code?: string;
  /** A hint keeps nothing from running; absent is an error. */
  severity?: string;
  node: string | null;
  port: string | null;
  message: string;
  remedy: string;
}

export interface ConflictTrait {
  kind: "code" | "file";
  message: string;
}

/** What the flow wants that nobody has confirmed: to read or write a variable, or that code runs which it brings. */
export interface Ask {
  kind: "read" | "write" | "code";
  name: string;
  /** Of a variable: where it is bound. */
  ports?: string[];
  source?: string;
  /** Of the source. */
  digest?: string;
  /** Names that the code needs and that the flow does not bring. */
  missing?: string[];
}

/** A variable of the notebook that a port could read. */
export interface VariableEntry {
  name: string;
  kind: string;
  size: string;
}

export interface OptionsTrait {
  /** Of the editor, in pixels. */
  height?: number;
  /** Run after each edit that can change a result. */
  auto_run?: boolean;
  [option: string]: Json | undefined;
}

export interface StatusTrait {
  /** Empty while the flow has no file. */
  file: string;
  saved: boolean;
  draft: boolean;
  note: string;
}

export interface EditorTraits {
  /** Written by the kernel only; empty until the kernel has sent it. */
  document: DocumentTrait | Record<string, never>;
  types: NodeTypes;
  models: ModelEntry[];
  selection: string[];
  viewport: ViewportTrait;
  run_state: RunStateTrait | Record<string, never>;
  problems: Problem[];
  /** Nodes that have had a result and would run now. */
  stale: string[];
  conflict: ConflictTrait | Record<string, never>;
  asks: Ask[];
  options: OptionsTrait;
  status: StatusTrait | Record<string, never>;
}

export type EditorModel = AnyModel<EditorTraits>;

// --- Page → kernel --------------------------------------------------------------------------------------------------

export interface Seen {
  epoch: string;
  rev: number;
}

/** What asks for exactly one answer; `KernelLink` adds `client` and `seq`. */
export type Request =
  | { type: "hello"; have: Seen | null }
  | { type: "ops"; epoch: string; base_rev: number; ops: Operation[]; merge?: string }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "run"; run: string; targets: string[] | null; inputs?: JsonObject; over_budget?: true }
  | { type: "stop"; run: string; now?: true }
  | { type: "run_state" }
  | { type: "pin"; node: string; on: boolean }
  | { type: "bind"; port: string; variable: string | null; output?: true }
  | { type: "variables"; port: string }
  | { type: "confirm"; what: string; name: string; digest?: string; always?: boolean }
  | { type: "answer"; run: string; node: string; pick: number }
  | { type: "why"; node: string }
  | { type: "timeline" }
  | { type: "media"; name: string; medium: string }
  | { type: "want"; node: string; port: string; item?: number; full?: boolean; as?: "file" | "bare file" }
  | { type: "want"; media: string }
  | { type: "resolve"; choice: "mine" | "other" }
  | { type: "compare" }
  /** With the bytes of a file. */
  | { type: "look"; name: string }
  | { type: "open"; key: string }
  | { type: "versions" }
  | { type: "restore"; id: string }
  | { type: "save"; path?: string }
  | { type: "picture" }
  | { type: "export_flow"; to: string }
  /** `over`: what is there was shown, and may go. */
  | { type: "write_export"; to: string; path: string; over?: string }
  | { type: "node_cells"; node: string }
  /** `hub`: the Hub may be asked, which the kernel never does by itself. */
  | { type: "about_model"; source: string; hub?: true }
  | { type: "model_fit"; source: string }
  | { type: "missing_models" }
  | { type: "get_model"; source: string }
  | { type: "stop_getting"; source: string }
  | { type: "resident_models" }
  | { type: "free_model"; source: string | null }
  /** Of the page itself: the module of its panels and their style sheet, as two buffers. */
  | { type: "panels" }
  | CostRequest
  | PromptRequest
  | PublishRequest;

/** What is told and not answered; `KernelLink` adds `client`. */
export type Notice = { type: "credit"; node: string; frame: number } | { type: "visible"; nodes: string[] };

// --- Kernel → page --------------------------------------------------------------------------------------------------

export interface Revision {
  rev: number;
  ops: Operation[];
}

export interface Welcome {
  type: "welcome";
  client: string;
  seq: number;
  epoch: string;
  rev: number;
  undo: boolean;
  redo: boolean;
  /** All after `have.rev`; else the whole `flow`. */
  changes?: Revision[];
  flow?: FlowDocument;
}

export interface Change extends Revision {
  type: "change";
  epoch: string;
  /** Of the page whose edit it was; null where it was no page's. */
  client: string | null;
  seq: number | null;
  source: string;
  undo: boolean;
  redo: boolean;
}

export interface Reject {
  type: "reject";
  client: string;
  seq: number;
  message: string;
}

export interface Ack extends PublishAck, PromptAck, CostAck {
  type: "ack";
  client: string;
  seq: number;
  /** undo, redo: false where there was nothing to take back; write_export, publish: where it was there already. */
  did?: boolean;
  /** media: what stands for it in the document. */
  value?: Json;
  /** look */
  carried?: Carried;
  /** want; of a sound or film also as in `ResultMessage` */
  mime?: string;
  size?: [number, number];
  seconds?: number;
  peaks?: number[];
  poster?: boolean;
  /** compare */
  mine?: FlowDocument;
  other?: FlowDocument;
  /** versions, newest first */
  versions?: VersionEntry[];
  /** save, export_flow (where to, if nobody says otherwise), write_export, want as a file: its name */
  file?: string;
  /** picture: the widget that it stands beneath, the picture, and what it shows in words */
  id?: string;
  svg?: string;
  /** picture, why, export_flow */
  text?: string;
  /** write_export, where another file is there: how that would change, and what says that it was shown */
  difference?: string[];
  over?: string;
  /** node_cells */
  cells?: string[];
  /** timeline, newest first */
  runs?: TimelineRun[];
  /** about_model */
  about?: AboutModel;
  /** model_fit; absent where it cannot be said now */
  fit?: ModelFit;
  /** missing_models */
  missing?: AboutModel[];
  /** resident_models, the largest first */
  resident?: ResidentModel[];
  /** variables, the newest first */
  variables?: VariableEntry[];
  /** free_model: in bytes */
  freed?: number;
}

/** The flow that a file carries; it is opened by `key`. */
export interface Carried {
  key: string;
  name: string;
  nodes: number;
  /** Names of types that this kernel does not know; the first few. */
  unknown: string[];
}

export interface VersionEntry {
  id: string;
  saved_at: string;
}

export type Answer = (Welcome | Change | Reject | Ack) & { buffers: readonly DataView[] };

export interface NodeProgress {
  /** Null while nothing is known of how much there is. */
  fraction: number | null;
  note: string;
  /** Which item (from 0) of how many, where the node is mapped over a list. */
  item?: [number, number];
}

export interface ProgressMessage {
  type: "progress";
  run: string;
  nodes: Record<string, NodeProgress>;
}

/** What has changed since the delta before. */
export interface StatesMessage {
  type: "states";
  run: string;
  /** Counts from 1 within the run, without gaps. */
  seq: number;
  nodes: Record<string, NodeRunTrait>;
  queued?: number;
  queue?: string[];
}

/** A preview with its bytes in the first buffer; the page gives credit once it is shown. */
export interface PreviewMessage {
  type: "preview";
  run?: string;
  node: string;
  port: string;
  mime: string;
  frame?: number;
  item?: [number, number] | number;
}

/** A result with the bytes of its first item in the first buffer. */
export interface ResultMessage {
  type: "result";
  run?: string;
  node: string;
  port: string;
  mime: string;
  size?: [number, number];
  /** Items in the list; 1 for one. */
  count?: number;
  took?: number;
  cached?: boolean;
  /** Of a sound or film. */
  seconds?: number;
  /** How loud a sound is, 0 to 100, from its begin to its end. */
  peaks?: number[];
  /** A frame of a film stands in the second buffer. */
  poster?: boolean;
}

/** How far the files of models are that somebody gets. */
export interface GettingMessage {
  type: "getting";
  models: GettingModel[];
}

export interface Refused {
  type: "refused";
  run: string;
  message: string;
  problems: Problem[];
  /** The budgets that it would exceed, where that is why. */
  over?: Over[];
}

/** What the kernel sends, by its type. */
export interface Messages {
  welcome: Welcome;
  change: Change;
  reject: Reject;
  ack: Ack;
  progress: ProgressMessage;
  states: StatesMessage;
  preview: PreviewMessage;
  result: ResultMessage;
  refused: Refused;
  getting: GettingMessage;
}
