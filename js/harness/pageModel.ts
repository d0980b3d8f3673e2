// A model as anywidget hands it to a page, joined to the kernel in the page by a line that keeps the order of messages.

import type { EditorModel, EditorTraits } from "../src/bridge/protocol";
import type { JsonObject } from "../src/flow/document";
import type { Line, MemoryKernel } from "./kernel";

type Name = keyof EditorTraits;
type Handler = (...args: unknown[]) => void;

/** As it comes over a wire: nothing is shared. */
const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

export class PageModel {
  /** What this page has sent, newest last; for tests. */
  readonly sent: JsonObject[] = [];
  #kernel: MemoryKernel;
  #traits: Partial<EditorTraits> = {};
  #changed = new Set<Name>();
  #handlers = new Map<string, Set<Handler>>();
  #leave: () => void;
  #line: Line;
  /** No message overtakes another, whatever the delay was when it was sent. */
  #busy = { up: 0, down: 0 };

  constructor(kernel: MemoryKernel) {
    this.#kernel = kernel;
    this.#traits = { ...kernel.traits };
    this.#line = {
      send: (message, buffers) => {
        const [content, views] = [copy(message), buffers.map((buffer) => new DataView(buffer.slice(0)))];
        if (!kernel.loses()) this.#travel("down", () => this.#emit("msg:custom", content, views));
      },
      trait: (name) => {
        const value = copy(kernel.traits[name]);
        this.#travel("down", () => this.#receive(name, value));
      },
    };
    this.#leave = kernel.join(this.#line);
  }

  get<Key extends Name>(name: Key): EditorTraits[Key] {
    return this.#traits[name] as EditorTraits[Key];
  }

  set<Key extends Name>(name: Key, value: EditorTraits[Key]): void {
    this.#traits[name] = value;
    this.#changed.add(name);
    this.#emit(`change:${name}`);
  }

  save_changes(): void {
    for (const name of this.#changed) {
      const value = copy(this.#traits[name]) as never;
      this.#travel("up", () => this.#kernel.set(name, value, this.#line));
    }
    this.#changed.clear();
  }

  send(message: JsonObject, _callbacks?: unknown, buffers: ArrayBuffer[] = []): void {
    const content = copy(message);
    this.sent.push(content);
    if (!this.#kernel.loses()) this.#travel("up", () => this.#kernel.hear(content, buffers, this.#line));
  }

  on(name: string, handler: Handler): void {
    this.#handlers.set(name, (this.#handlers.get(name) ?? new Set()).add(handler));
  }

  off(name: string, handler: Handler): void {
    this.#handlers.get(name)?.delete(handler);
  }

  /** The page is closed or reloaded. */
  close(): void {
    this.#leave();
    this.#handlers.clear();
  }

  get model(): EditorModel {
    return this as unknown as EditorModel;
  }

  #receive(name: Name, value: unknown): void {
    Object.assign(this.#traits, { [name]: value });
    this.#emit(`change:${name}`);
  }

  #emit(name: string, ...args: unknown[]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])]) handler(...args);
  }

  #travel(way: "up" | "down", arrive: () => void): void {
    const now = Date.now();
    const at = Math.max(now + this.#kernel.delay, this.#busy[way]);
    this.#busy[way] = at;
    setTimeout(arrive, at - now);
  }
}
