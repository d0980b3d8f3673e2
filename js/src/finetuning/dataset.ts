// What the page knows of a dataset: its pictures with captions, which are used, what is wrong. Edits show at once and go to
// the kernel; what the kernel says in return stands.

import { blobUrl } from "../bridge/results";
import { Store } from "../editor/store";
import { type Kernel, type Problem, wordsOf } from "./kernel";

export interface Picture {
  name: string;
  caption: string;
  used: boolean;
}

export interface Sheet {
  name: string;
  trigger: string;
  /** In their order. */
  names: readonly string[];
  pictures: ReadonlyMap<string, Picture>;
}

export interface Edit {
  captions?: Record<string, string>;
  used?: Record<string, boolean>;
}

interface About {
  name: string;
  trigger: string;
  pictures: Picture[];
}

export class Dataset {
  readonly sheet = new Store<Sheet | null>(null);
  readonly problems = new Store<readonly Problem[] | null>(null);
  readonly words = new Store("");
  readonly thumbnails: Thumbnails;
  #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.thumbnails = new Thumbnails(kernel);
    kernel.on("problems", ({ problems }) => this.problems.set(problems as unknown as Problem[]));
    kernel.on("pictures", ({ pictures }) => this.take(pictures as unknown as Picture[]));
    void this.read();
  }

  async read(): Promise<void> {
    try {
      const { name, trigger, pictures } = await this.#kernel.ask<About>("about");
      const names = pictures.map((picture) => picture.name);
      const known = new Map(pictures.map((picture) => [picture.name, picture]));
      this.sheet.set({ name, trigger, names, pictures: known });
    } catch (error) {
      this.words.set(wordsOf(error));
    }
  }

  /** Takes pictures as the kernel has them now. */
  take(changed: readonly Picture[]): void {
    this.sheet.update((sheet) => {
      if (!sheet || changed.length === 0) return sheet;
      const pictures = new Map(sheet.pictures);
      for (const picture of changed) if (pictures.has(picture.name)) pictures.set(picture.name, picture);
      return { ...sheet, pictures };
    });
  }

  async edit(edit: Edit): Promise<void> {
    const { captions = {}, used = {} } = edit;
    const known = this.sheet.get()?.pictures;
    const names = new Set([...Object.keys(captions), ...Object.keys(used)]);
    const changed = [...names].flatMap((name) => {
      const picture = known?.get(name);
      return picture
        ? { ...picture, caption: captions[name] ?? picture.caption, used: used[name] ?? picture.used }
        : [];
    });
    this.take(changed);
    this.words.set("");
    try {
      await this.#kernel.ask("edit", { captions, used });
    } catch (error) {
      this.words.set(wordsOf(error));
      await this.read();
    }
  }
}

// What is shown of it

export interface Filter {
  /** What captions contain. */
  find: string;
  /** "", "used", "left out", or the code of a problem. */
  show: string;
}

/** The names of the pictures that are shown, in their order. */
export function shownOf(sheet: Sheet, problems: readonly Problem[], { find, show }: Filter): string[] {
  const named = new Set(problems.filter(({ code }) => code === show).flatMap(({ pictures }) => pictures));
  return sheet.names.filter((name) => {
    const { caption, used } = sheet.pictures.get(name) as Picture;
    if (find && !caption.includes(find)) return false;
    if (show === "used" || show === "left out") return used === (show === "used");
    return show === "" || named.has(name);
  });
}

/** New captions of those pictures whose caption contains something, with something else in its place. */
export function replaced(sheet: Sheet, names: readonly string[], find: string, by: string): Record<string, string> {
  const found = names.flatMap((name): [string, string][] => {
    const caption = sheet.pictures.get(name)?.caption ?? "";
    return find && caption.includes(find) ? [[name, caption.replaceAll(find, by)]] : [];
  });
  return Object.fromEntries(found);
}

// Where they stand: cards of one height, of which only those in sight are there

export const LEAST_WIDTH = 152;
export const GAP = 12;
export const CARD_HEIGHT = 282;

export interface Rows {
  columns: number;
  /** Of everything, in pixels. */
  height: number;
  /** The pictures that are in sight, and a row more on both sides: from this one up to, but without, that one. */
  from: number;
  to: number;
}

export function rowsOf(count: number, width: number, top: number, room: number): Rows {
  const columns = Math.max(1, Math.floor((width + GAP) / (LEAST_WIDTH + GAP)));
  const step = CARD_HEIGHT + GAP;
  const rows = Math.ceil(count / columns);
  const first = Math.max(0, Math.floor(top / step) - 1);
  const last = Math.min(rows, Math.ceil((top + room) / step) + 1);
  return {
    columns,
    height: Math.max(0, rows * step - GAP),
    from: first * columns,
    to: Math.min(count, last * columns),
  };
}

// Thumbnails

export interface Thumbnail {
  /** Empty where the picture cannot be read. */
  url: string;
  size: readonly [number, number];
}

const AT_ONCE = 24;
const MOST_ASKED = 2;
const MOST_KEPT = 600;

/** Fetches what is looked at, newest first; what was looked at long ago is given back. */
export class Thumbnails {
  readonly known = new Store<ReadonlyMap<string, Thumbnail>>(new Map());
  #kernel: Kernel;
  #wanted: string[] = [];
  #asked = new Set<string>();
  #asking = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Takes notice of what is looked at now; what is not any more is not fetched. */
  want(names: readonly string[]): void {
    this.#wanted = names.filter((name) => !this.known.get().has(name) && !this.#asked.has(name));
    this.#next();
  }

  #next(): void {
    while (this.#asking < MOST_ASKED && this.#wanted.length > 0) {
      const names = this.#wanted.splice(0, AT_ONCE);
      for (const name of names) this.#asked.add(name);
      this.#asking += 1;
      const asked = this.#kernel.ask<{ thumbnails: { name: string; size: [number, number] }[] }>("thumbnails", {
        names,
      });
      asked
        .then(({ thumbnails, buffers }) => this.#keep(thumbnails, buffers))
        .catch(() => {})
        .finally(() => {
          for (const name of names) this.#asked.delete(name);
          this.#asking -= 1;
          this.#next();
        });
    }
  }

  #keep(thumbnails: readonly { name: string; size: [number, number] }[], buffers: readonly DataView[]): void {
    const known = new Map(this.known.get());
    for (const [place, { name, size }] of thumbnails.entries()) {
      const bytes = buffers[place];
      known.set(name, { url: bytes && bytes.byteLength > 0 ? blobUrl(bytes, "image/jpeg") : "", size });
    }
    for (const [name, { url }] of known) {
      if (known.size <= MOST_KEPT) break;
      known.delete(name);
      URL.revokeObjectURL(url);
    }
    this.known.set(known);
  }
}
