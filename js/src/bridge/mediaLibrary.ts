// Media that stand in the document as {"$media": "<digest>.png"}: the bytes are asked of the kernel once and live here as
// Blob URLs.

import { isObject, type Json } from "../flow/document";
import type { KernelLink } from "./link";
import { blobUrl } from "./results";

/** A message of the page may hold 10 MB; past that the server hangs up. */
export const LARGEST = 9_000_000;

/** One per model; fits `MediaAccess` of the controls. */
export class MediaLibrary {
  #link: KernelLink;
  #urls = new Map<string, Promise<string>>();

  constructor(link: KernelLink) {
    this.#link = link;
  }

  /**
   * Puts a file into the flow's media and returns what stands for it in the document.
   *
   * @throws Error with words, where the kernel cannot read it.
   */
  readonly upload = async (file: File, medium: string): Promise<Json> => {
    if (file.size > LARGEST) {
      const size = (file.size / 1e6).toFixed(0);
      throw new Error(
        `${file.name} is too large to send from here (${size} MB). Name its path in a Load node instead.`,
      );
    }
    const bytes = await file.arrayBuffer();
    const answer = await this.#link.request({ type: "media", name: file.name, medium }, [bytes]);
    if (answer.type === "ack" && answer.value !== undefined) return answer.value;
    throw new Error(answer.type === "reject" ? answer.message : "The kernel did not keep the file. Try it again.");
  };

  /**
   * Where a medium can be read, by its name in the document ("<digest>.png").
   *
   * @throws Error with words, where it is missing.
   */
  readonly url = (reference: string): Promise<string> => {
    const known = this.#urls.get(reference);
    if (known) return known;
    const url = this.#ask(reference);
    this.#urls.set(reference, url);
    // What was missing may be there the next time.
    url.catch(() => this.#urls.delete(reference));
    return url;
  };

  /** Gives every URL back. */
  clear(): void {
    for (const url of this.#urls.values()) url.then(URL.revokeObjectURL, () => {});
    this.#urls.clear();
  }

  async #ask(reference: string): Promise<string> {
    const answer = await this.#link.request({ type: "want", media: reference });
    const bytes = answer.buffers[0];
    if (answer.type === "ack" && bytes) return blobUrl(bytes, answer.mime ?? "application/octet-stream");
    throw new Error(answer.type === "reject" ? answer.message : `The kernel has no medium '${reference}'.`);
  }
}

/** The name of the medium that a value of the document stands for, or null. */
export function mediaReference(value: Json | undefined): string | null {
  return isObject(value) && typeof value.$media === "string" ? value.$media : null;
}
