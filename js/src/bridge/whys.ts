// Why a node is stale: the kernel says it in words, once for each state of the flow.

import type { KernelLink } from "./link";

/** One per model. */
export class Whys {
  #link: KernelLink;
  #asked = new Map<string, { state: string; words: Promise<string> }>();

  constructor(link: KernelLink) {
    this.#link = link;
  }

  /**
   * The reason, or "" where the kernel knows none.
   *
   * @param state What the answer depends on: another state is asked for anew.
   */
  ask(node: string, state: string): Promise<string> {
    const known = this.#asked.get(node);
    if (known?.state === state) return known.words;
    const words = this.#link
      .request({ type: "why", node })
      .then((answer) => (answer.type === "ack" ? (answer.text ?? "") : ""));
    this.#asked.set(node, { state, words });
    return words;
  }
}
