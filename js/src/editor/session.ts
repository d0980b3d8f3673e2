// What all views of one model share: the document, runs, results, selection and what is said to the user.

import type { ReactNode } from "react";
import { CostDesk } from "../bridge/costs";
import { KernelLink } from "../bridge/link";
import { MediaLibrary } from "../bridge/mediaLibrary";
import { ModelDesk } from "../bridge/models";
import { PromptDesk } from "../bridge/prompts";
import type { EditorModel } from "../bridge/protocol";
import { CANDIDATES, ResultStore } from "../bridge/results";
import { RunStore } from "../bridge/runs";
import { keepPicture } from "../bridge/savedPicture";
import { DocumentSync } from "../bridge/sync";
import { documentOf, modelTransport, setTrait } from "../bridge/traits";
import { Whys } from "../bridge/whys";
import { debounced, Store } from "./store";

export interface Notice {
  /** One notice of a kind at a time: a new one takes the place of the old. */
  kind: string;
  words: ReactNode;
  tone: "alert" | "calm";
  action?: { label: string; run: () => void };
  /** Stays until it is taken back. */
  stays?: boolean;
  /** Read out when the screen reader has time. */
  polite?: boolean;
}

const NOTICE_MS = 7_000;
const TELL_MS = 300;

function sameSet(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

export class Session {
  readonly model: EditorModel;
  readonly link: KernelLink;
  readonly sync: DocumentSync;
  readonly runs: RunStore;
  readonly results: ResultStore;
  readonly media: MediaLibrary;
  readonly whys: Whys;
  readonly desk: ModelDesk;
  readonly prompts: PromptDesk;
  readonly costs: CostDesk;
  readonly selection = new Store<ReadonlySet<string>>(new Set());
  readonly notices = new Store<readonly Notice[]>([]);
  /** Names of node types, the last used first. */
  readonly recent = new Store<readonly string[]>([]);
  /** The models that the flow was said to lack, by name. */
  lacks = "";
  /** The view that this page showed first. */
  firstView: string | null = null;
  #visible = new Map<string, readonly string[]>();
  #told = "";
  #asking: ReadonlySet<string> = new Set();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #ends: (() => void)[] = [];

  constructor(model: EditorModel) {
    this.model = model;
    this.link = new KernelLink(modelTransport(model));
    this.sync = new DocumentSync(this.link);
    this.runs = new RunStore(this.link);
    this.results = new ResultStore(this.link);
    this.media = new MediaLibrary(this.link);
    this.whys = new Whys(this.link);
    this.desk = new ModelDesk(this.link);
    this.prompts = new PromptDesk(this.link);
    this.costs = new CostDesk(this.link, this.sync, this.runs);
    this.#follow();
    this.sync.start(documentOf(model));
  }

  #follow(): void {
    const { model, sync } = this;
    this.#onTrait("document", () => sync.notice(documentOf(model)));
    const takeRun = () => this.runs.take(model.get("run_state") ?? {});
    takeRun();
    this.#onTrait("run_state", takeRun);
    const takeSelection = () => this.#setSelection(new Set(model.get("selection") ?? []));
    takeSelection();
    this.#onTrait("selection", takeSelection);
    const forget = sync.subscribe(() => {
      if (sync.snapshot().ready) this.results.keep(new Set(sync.snapshot().flow.nodes.keys()));
    });
    const answered = this.runs.subscribe(() => this.#forgetAnswered());
    const rejected = sync.onReject((words) => this.say({ kind: "rejected", words, tone: "alert" }));
    const picture = keepPicture(model, this.link, sync, this.runs);
    let { status } = this.runs.snapshot();
    // What ran has loaded models.
    const loaded = this.runs.subscribe(() => {
      const before = status;
      ({ status } = this.runs.snapshot());
      if (before === "running" && status !== "running") this.desk.weighAnew();
    });
    this.#ends.push(forget, answered, rejected, picture, loaded);
  }

  /** Candidates are no results: they are gone once one of them was picked. */
  #forgetAnswered(): void {
    const asking = new Set(
      [...this.runs.snapshot().nodes].flatMap(([id, { state }]) => (state === "asking" ? [id] : [])),
    );
    for (const id of this.#asking) if (!asking.has(id)) this.results.drop(`${id}.${CANDIDATES}`);
    this.#asking = asking;
  }

  #onTrait(name: "document" | "run_state" | "selection", heard: () => void): void {
    this.model.on(`change:${name}`, heard);
    this.#ends.push(() => this.model.off(`change:${name}`, heard));
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#tellSelection.cancel();
    this.costs.close();
    this.link.close();
    this.results.clear();
    this.media.clear();
  }

  // --- Selection: the trait is told when hands have rested ---

  #tellSelection = debounced(TELL_MS, () => setTrait(this.model, "selection", [...this.selection.get()]));

  #setSelection(ids: ReadonlySet<string>): boolean {
    if (sameSet(ids, this.selection.get())) return false;
    this.selection.set(ids);
    return true;
  }

  select(ids: Iterable<string>): void {
    if (this.#setSelection(new Set(ids))) this.#tellSelection.ask();
  }

  // --- Words for the user ---

  say(notice: Notice): void {
    this.notices.update((notices) => [...notices.filter((each) => each.kind !== notice.kind), notice]);
    clearTimeout(this.#timers.get(notice.kind));
    if (!notice.stays) {
      this.#timers.set(
        notice.kind,
        setTimeout(() => this.unsay(notice.kind), NOTICE_MS),
      );
    }
  }

  unsay(kind: string): void {
    clearTimeout(this.#timers.get(kind));
    if (this.notices.get().some((each) => each.kind === kind)) {
      this.notices.update((notices) => notices.filter((each) => each.kind !== kind));
    }
  }

  // --- Which nodes any view shows ---

  show(view: string, ids: readonly string[] | null): void {
    if (ids) this.#visible.set(view, ids);
    else this.#visible.delete(view);
    const nodes = [...new Set([...this.#visible.values()].flat())].sort();
    const told = nodes.join(" ");
    if (told === this.#told) return;
    this.#told = told;
    this.link.tell({ type: "visible", nodes });
  }

  used(type: string): void {
    this.recent.update((types) => [type, ...types.filter((each) => each !== type)].slice(0, 8));
  }
}
