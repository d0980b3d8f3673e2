// What the kernel in the page keeps beside the document: media, versions, and the other flow of a conflict.

import type { ConflictTrait, EditorTraits } from "../src/bridge/protocol";
import type { FlowDocument, JsonObject } from "../src/flow/document";
import { OperationRejected } from "../src/flow/operations";
import type { Request } from "./sequencer";

export interface Owner {
  document(): FlowDocument;
  /** One edit: it can be undone, and pages hear of it. */
  replace(document: FlowDocument): void;
  conflict(conflict: EditorTraits["conflict"]): void;
  saved(file: string): void;
}

export interface Medium {
  mime: string;
  bytes: ArrayBuffer;
}

const WORDS = {
  code: "The cell has made another flow than the one that you edited.",
  file: "The file was changed by another program.",
};

export class Shelf {
  #owner: Owner;
  #media = new Map<string, Medium>();
  #versions: { id: string; saved_at: string; document: FlowDocument }[] = [];
  /** For a conflict with code what the hands had, for one with a file what the file holds. */
  #aside: { kind: ConflictTrait["kind"]; document: FlowDocument } | null = null;

  constructor(owner: Owner) {
    this.#owner = owner;
  }

  conflict(kind: ConflictTrait["kind"], document: FlowDocument): void {
    this.#aside = { kind, document };
    this.#owner.conflict({ kind, message: WORDS[kind] });
  }

  medium(reference: string): Medium | null {
    return this.#media.get(reference) ?? null;
  }

  keepMedium(name: string, bytes: ArrayBuffer | undefined): JsonObject {
    if (!bytes) throw new OperationRejected("No bytes came.");
    const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase() || "png";
    const reference = `${Math.random().toString(16).slice(2)}.${ending}`;
    this.#media.set(reference, { mime: ending === "wav" ? "audio/wav" : `image/${ending}`, bytes });
    return { value: { $media: reference } };
  }

  answer(request: Request): JsonObject {
    const document = this.#owner.document();
    const aside = this.#aside;
    switch (request.type) {
      case "resolve":
        this.#resolve(request.choice === "mine");
        return {};
      case "compare":
        if (aside?.kind === "code") return { mine: aside.document, other: document };
        return { mine: document, other: aside?.document ?? document };
      case "versions":
        return { versions: this.#versions.map(({ id, saved_at }) => ({ id, saved_at })) };
      case "restore": {
        const version = this.#versions.find(({ id }) => id === request.id);
        if (!version) throw new OperationRejected("There is no such version.");
        this.#owner.replace(version.document);
        return {};
      }
      case "save": {
        this.#keepVersion(document);
        const file = typeof request.path === "string" ? request.path : `${document.name}.flow.json`;
        this.#owner.saved(file);
        return { file };
      }
      default:
        return { type: "reject", message: `This kernel does not know the request '${request.type}'.` };
    }
  }

  /** The one that is not kept goes to the versions. */
  #resolve(takesMine: boolean): void {
    const aside = this.#aside;
    if (!aside) throw new OperationRejected("There is nothing to choose between.");
    const document = this.#owner.document();
    // The live document is the code's, or else the hands'.
    const keepsLive = takesMine === (aside.kind === "file");
    this.#keepVersion(keepsLive ? aside.document : document);
    if (!keepsLive) this.#owner.replace(aside.document);
    this.#aside = null;
    this.#owner.conflict({});
  }

  #keepVersion(document: FlowDocument): void {
    const saved_at = new Date().toISOString();
    this.#versions.unshift({ id: `v${this.#versions.length + 1}`, saved_at, document });
  }
}
