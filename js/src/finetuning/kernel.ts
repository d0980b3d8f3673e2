// Requests to the widget's kernel; a refusal is an error in words.

import { KernelLink, type Transport } from "../bridge/link";
import type { JsonObject } from "../flow/document";

export type Heard = (message: JsonObject, buffers: readonly DataView[]) => void;
type Answered<Told> = Told & { buffers: readonly DataView[] };

export class Kernel {
  #link: KernelLink;

  constructor(transport: Transport) {
    this.#link = new KernelLink(transport);
  }

  /** @throws Error with words, where the kernel refuses. */
  async ask<Told = object>(type: string, fields: JsonObject = {}): Promise<Answered<Told>> {
    const told = (await this.#link.request({ ...fields, type } as never)) as unknown as Answered<Told> & {
      type: string;
      message?: string;
    };
    if (told.type === "reject") throw new Error(told.message ?? "The kernel refused.");
    return told;
  }

  on(type: string, heard: Heard): () => void {
    return this.#link.on(type as never, heard as never);
  }

  close(): void {
    this.#link.close();
  }
}

/** What is wrong with a dataset. */
export interface Problem {
  code: string;
  sentence: string;
  remedy: string;
  severity: "error" | "warning";
  pictures: readonly string[];
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
