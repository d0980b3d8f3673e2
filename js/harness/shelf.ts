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
  #files = new Map<string, string>();
  #media = new Map<string, Medium>();
  #versions: { id: string; saved_at: string; document: FlowDocument }[] = [];
  /** For a conflict with code what the hands had, for one with a file what the file holds. */
  #aside: { kind: ConflictTrait["kind"]; document: FlowDocument } | null = null;

  #lookedAt: FlowDocument | null = null;

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

  /** Knows flow files only: pictures are the real kernel's. */
  look(name: string, bytes: ArrayBuffer | undefined): JsonObject {
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith("{")) throw new OperationRejected(`“${name}”: It carries no flow.`);
    const document = JSON.parse(text) as FlowDocument;
    this.#lookedAt = document;
    return { carried: { key: "dropped", name: document.name, nodes: Object.keys(document.nodes).length, unknown: [] } };
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
      case "export_flow":
        return { text: this.#exported(request), file: `${document.name}.py` };
      case "write_export":
        return this.#write(String(request.path), this.#exported(request), request.over);
      case "node_cells":
        return { cells: [`inputs = flow.values_into("${request.node}")`, "image = paint(**inputs)\nimage"] };
      case "open":
        if (this.#lookedAt) this.#owner.replace(this.#lookedAt);
        return {};
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

  /** Stands for what the real kernel makes. */
  #exported({ to }: Request): string {
    const { name, nodes } = this.#owner.document();
    if (to === "builder") throw new OperationRejected("'Paint' cannot be written as code: it holds a lock.");
    if (to === "svg")
      return '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="#38c"/></svg>';
    if (to === "notebook") {
      const cells = [
        { cell_type: "markdown", source: [`# ${name}`] },
        { cell_type: "code", source: ["a = 1\n", "a"] },
      ];
      return JSON.stringify({ cells });
    }
    return `# ${name} as ${to}\n${Object.keys(nodes).join("\n")}\n`;
  }

  #write(file: string, text: string, over: unknown): JsonObject {
    const before = this.#files.get(file);
    if (before !== undefined && before !== text && over !== before) {
      const lines = (sign: string, of: string) =>
        of
          .trimEnd()
          .split("\n")
          .map((line) => sign + line);
      const difference = [`--- ${file}`, "+++ the flow", "@@ -1 +1 @@", ...lines("-", before), ...lines("+", text)];
      return { file, difference, over: before };
    }
    this.#files.set(file, text);
    return { file, did: before !== text };
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
