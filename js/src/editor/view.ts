// What one view of an editor knows for itself: where it looks, what is open, what a gesture is about.

import { createContext, useContext } from "react";
import { mint } from "../bridge/link";
import type { PromptPlace } from "../bridge/prompts";
import type { Result } from "../bridge/results";
import { Glide } from "../canvas/glide";
import type { Side } from "../flow/nodeType";
import type { DockName } from "../nodes/docks";
import type { Box, Point } from "../nodes/place";
import type { Scene } from "../nodes/scene";
import type { DroppedFile } from "./carried";
import type { Session } from "./session";
import { Store } from "./store";

/** One end of a connection: a port of a node, an entry of a dock, or a dock's free place. */
export interface End {
  /** A node's id, or `dock:inputs` and `dock:outputs`. */
  owner: string;
  /** `n1.image`, the name of an entry, or `+`. */
  reference: string;
  side: Side;
}

export interface PaletteRequest {
  /** Where the node goes, in the flow; null is a free place in view. */
  at: Point | null;
  /** Where the pointer is, in the view; null is the middle. */
  beside: Point | null;
  /** Only node types that this port can be connected to, and connected at once. */
  from: End | null;
}

/** What the canvas does for the rest of the editor. */
export interface CanvasHand {
  fit(ids?: Iterable<string>): void;
  /** Zooms in to cards where the overview shows only that they are there. */
  reveal(ids: Iterable<string>): void;
  zoomBy(factor: number): void;
  toFlow(client: Point): Point;
  /** What is in view, in the flow. */
  inView(): Box;
}

export type Panel = "versions" | "save" | "run" | "models" | "export" | "publish" | "prompt" | "costs" | null;

export type PublishTab = "signature" | "publish" | "call" | "webhooks" | "usage";

export class View {
  readonly id = mint("v", 8);
  readonly selectedEdges = new Store<ReadonlySet<string>>(new Set());
  readonly selectedEntry = new Store<{ dock: DockName; name: string } | null>(null);
  /** Nodes whose *Advanced* ports are shown. */
  readonly open = new Store<ReadonlySet<string>>(new Set());
  /** Places of nodes that are being dragged. */
  readonly dragged = new Store<ReadonlyMap<string, Point> | null>(null);
  readonly connecting = new Store<End | null>(null);
  readonly palette = new Store<PaletteRequest | null>(null);
  readonly panel = new Store<Panel>(null);
  /** What the flow is exported as, or "node n1". */
  readonly form = new Store("script");
  /** The prompt that is edited in its own editor. */
  readonly prompt = new Store<PromptPlace | null>(null);
  readonly publishTab = new Store<PublishTab>("publish");
  /** The drawer with the times of runs is open. */
  readonly timeline = new Store(false);
  /** The node or entry whose title is being edited: `n1`, `inputs prompt`. */
  readonly renaming = new Store<string | null>(null);
  /** The node whose menu is open. */
  readonly menu = new Store<string | null>(null);
  readonly focused: Store<boolean>;
  readonly zoom = new Store(1);
  /** Counts how often the canvas came to rest somewhere else. */
  readonly rests = new Store(0);
  /** Which item of a list is looked at, by port; one of another result says nothing. */
  readonly items = new Map<string, { of: Result; item: number }>();
  readonly lightbox = new Store<string | null>(null);
  /** The node whose subflow is looked into. */
  readonly inside = new Store<string | null>(null);
  /** What is said where the pointer is: for a moment, or while it is over what a node has to say. */
  readonly bubble = new Store<{ at: Point; words: string; node?: string } | null>(null);
  /** A file that was dropped, while it is asked what becomes of it. */
  readonly dropped = new Store<DroppedFile | null>(null);
  /** The file that was dropped last. */
  lookedAt: File | null = null;
  readonly readOnly: boolean;
  /** Where the pointer was last, in the window; null while it is elsewhere. */
  pointer: Point | null = null;
  /** The way that the canvas is on by itself. */
  readonly glide = new Glide();
  canvas: CanvasHand | null = null;
  scene: Scene | null = null;
  root: HTMLElement | null = null;

  /** In a comparison: the nodes that the other flow has not, or has otherwise. */
  different: ReadonlySet<string> = new Set();
  /** In a comparison: the nodes whose results are another flow's. */
  resultless: ReadonlySet<string> = new Set();
  /** So much is in view that no cards are in the page. */
  overview = false;
  /** A large flow is drawn as an overview at any zoom: until the view has its place, and on the way out to all of it. */
  readonly held = new Store(true);
  /** The whole flow is in view, and is to stay so. */
  fitted = true;
  /** When this view last edited the flow. */
  edited = Number.NEGATIVE_INFINITY;

  /** A view inside another one (`outer`) is only looked at, and has the focus when that has it. */
  constructor(outer?: View) {
    this.readOnly = outer !== undefined;
    this.focused = outer?.focused ?? new Store(false);
    this.root = outer?.root ?? null;
  }
}

export interface Editor {
  session: Session;
  view: View;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = useContext(EditorContext);
  if (!editor) throw new Error("Nothing of the editor can stand outside of it.");
  return editor;
}
