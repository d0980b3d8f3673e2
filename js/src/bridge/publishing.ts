// What the page asks of a flow as an endpoint, and what the kernel tells of it; pixelflow_widgets/widget/publish_requests.py
// is the other half. Times are seconds since 1970.

import type { Json, JsonObject } from "../flow/document";
import type { PortType } from "../flow/portType";
import type { Problem } from "./protocol";

export type Caps = Record<string, number>;
export type Seeds = "drawn" | "given";

export type PublishRequest =
  | { type: "signature" }
  /** Without a name: of the endpoint that this flow was published as, else of one called like it. */
  | { type: "publishing"; name: string }
  | { type: "publish"; name: string; note: string; caps: Caps; seeds: Seeds }
  | { type: "roll_back"; name: string; number: number }
  | { type: "unpublish"; name: string; number: number }
  | { type: "serving"; name: string }
  | { type: "serve" }
  | { type: "stop_serving" }
  | { type: "make_key"; title: string; scope: string }
  | { type: "rotate_key"; id: string }
  | { type: "revoke_key"; id: string }
  | { type: "webhooks" }
  | { type: "add_webhook"; key: string; url: string; events: string[] }
  | { type: "remove_webhook"; id: string }
  | { type: "replay"; id: string }
  | { type: "usage"; name: string };

/** What answers hold. */
export interface PublishAck {
  signature?: Signature;
  publishing?: Publishing;
  /** publish: why it was refused; absent where it was not */
  reasons?: Problem[];
  /** publish, roll_back: the id of the version that answers now; of publish `did` says whether it is a new one */
  published?: string;
  serving?: Serving;
  /** serve (the first time), make_key, rotate_key: told once */
  key?: string;
  webhooks?: WebhookState;
  /** add_webhook: told once */
  secret?: string;
  usage?: UsageRow[];
}

export interface Signature {
  inputs: SignatureInput[];
  outputs: SignatureOutput[];
  /** JSON Schemas of what a caller gives and is given. */
  request: JsonObject;
  result: JsonObject;
}

export interface SignatureOutput {
  name: string;
  title: string;
  help: string;
  type: PortType;
}

export interface SignatureInput extends SignatureOutput {
  /** In words: its type or choices, its limits. */
  takes: string;
  /** Those of the flow and of every port that it feeds. */
  limits: Record<string, number>;
  default?: Json;
  is_required: boolean;
  affects_cost: boolean;
}

/** What is otherwise than in the version before; one that `breaks` lets down who calls as before. */
export interface Difference {
  words: string;
  breaks: boolean;
}

export interface PublishedVersion {
  id: string;
  number: number;
  note: string;
  published_at: number;
  is_current: boolean;
  is_published: boolean;
  seeds: Seeds;
  caps: Caps;
  /** Null of the first. */
  changes: Difference[] | null;
}

export interface Publishing {
  name: string;
  /** Newest first. */
  versions: PublishedVersion[];
  /** Names of other endpoints. */
  others: string[];
  /** The flow that has this name, where it is another one. */
  of?: string;
  /** Against the current version; null where there is none. */
  changes: Difference[] | null;
  reasons: Problem[];
  /** Those that a version gets of which nothing else is said. */
  caps: Caps;
}

export interface ServedKey {
  id: string;
  title: string;
  scopes: string[];
  created_at: number;
  last_used_at: number | null;
}

/** Without `url` no server runs, without `about` nothing is published by the name. */
export interface Serving {
  name: string;
  url?: string;
  docs?: string;
  about?: string;
  play?: string;
  /** Programs that call it: "curl", "python", "typescript". */
  snippets?: Record<string, string>;
  keys: ServedKey[];
}

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  /** The title of the key whose jobs it is told of. */
  key: string;
}

export interface Delivery {
  id: string;
  kind: string;
  url: string;
  state: "waiting" | "sending" | "delivered" | "failed";
  attempts: number;
  last_status: number | null;
  last_error: string | null;
  created_at: number;
}

export interface WebhookState {
  hooks: Webhook[];
  /** Newest first. */
  deliveries: Delivery[];
  keys: ServedKey[];
  /** Those that there are. */
  events: string[];
}

export interface UsageRow {
  /** "2026-01-31" */
  day: string;
  key: string;
  status: string;
  jobs: number;
  seconds: number;
}
