// A page of a test: joined to the kernel by two queues, which the test moves along, message by message.

import type { Line, MemoryKernel } from "../harness/kernel";
import { KernelLink, type Transport } from "../src/bridge/link";
import type { DocumentTrait, Messages } from "../src/bridge/protocol";
import { DocumentSync } from "../src/bridge/sync";
import type { JsonObject } from "../src/flow/document";

const copy = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value));

type Heard = (message: unknown, buffers: readonly DataView[]) => void;

export class TestPage {
  readonly link: KernelLink;
  readonly sync: DocumentSync;
  readonly refused: string[] = [];
  readonly up: { message: JsonObject; buffers: ArrayBuffer[] }[] = [];
  readonly down: { message: JsonObject; buffers: ArrayBuffer[] }[] = [];
  #kernel: MemoryKernel;
  #heard: Heard = () => {};
  #leave: () => void;
  #line: Line;

  constructor(kernel: MemoryKernel, client?: string) {
    this.#kernel = kernel;
    this.#line = {
      send: (message, buffers) => this.down.push({ message: copy(message), buffers }),
      trait: () => {},
    };
    this.#leave = kernel.join(this.#line);
    const transport: Transport = {
      send: (message, buffers = []) => this.up.push({ message: copy(message), buffers }),
      onMessage: (handler) => {
        this.#heard = handler;
        return () => {
          this.#heard = () => {};
        };
      },
    };
    this.link = new KernelLink(transport, client);
    this.sync = new DocumentSync(this.link);
    this.sync.onReject((words) => this.refused.push(words));
    const trait = copy(kernel.traits.document);
    this.sync.start("flow" in trait ? (trait as DocumentTrait) : null);
  }

  /** Moves the next message of this page to the kernel, or loses it. */
  sendOne(lost = false): void {
    const next = this.up.shift();
    if (next && !lost) this.#kernel.hear(next.message, next.buffers, this.#line);
  }

  /** Moves the next message of the kernel to this page, or loses it. */
  hearOne(lost = false): void {
    const next = this.down.shift();
    if (next && !lost) this.hear(next.message as never, next.buffers);
  }

  hear(message: Messages[keyof Messages], buffers: ArrayBuffer[] = []): void {
    this.#heard(
      message,
      buffers.map((buffer) => new DataView(buffer)),
    );
  }

  /** Moves everything that is on its way. */
  settle(): void {
    while (this.up.length + this.down.length > 0) {
      this.sendOne();
      this.hearOne();
    }
  }

  /** The kernel's document of a quiet moment. */
  noticeTrait(): void {
    const { epoch, rev, document } = this.#kernel;
    this.sync.notice({ epoch, rev, flow: copy(document) });
  }

  close(): void {
    this.#leave();
    this.link.close();
  }
}
