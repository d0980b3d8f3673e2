// What nodes would have made: pictures, sounds and texts, drawn when they are asked for.

import type { JsonObject } from "../src/flow/document";
import type { Port } from "../src/flow/nodeType";
import { type Medium, mediumOf } from "../src/flow/portType";
import { type Draw, encode, makeFilm, makeTone, TABLE, TONE_PEAKS } from "./drawing";

interface Kept {
  message: JsonObject;
  bytes: ArrayBuffer;
  /** Whose colours it has, from which item on. */
  like: string;
  first: number;
}

export interface Found {
  mime: string;
  bytes: ArrayBuffer;
  /** Length and loudness of a sound. */
  about?: JsonObject;
}

const MIMES: Partial<Record<Medium, string>> = {
  image: "image/png",
  mask: "image/png",
  audio: "audio/wav",
  video: "video/webm",
  table: "text/html",
};
const SOUND = { seconds: 1, peaks: [...TONE_PEAKS] };
const STORY = "Once the lamp was lit, ships came home by themselves. The keeper counted them aloud, each by its name. ";
const TEXT = "A lighthouse at night, flat colours, screen print.";
const IDEAS = ["A storm seen from under water.", "A harbour that wakes up before the sun.", "Salt."];

export class FakeResults {
  #draw: Draw;
  #send: (message: JsonObject, buffers: ArrayBuffer[]) => void;
  #kept = new Map<string, Kept>();

  constructor(draw: Draw, send: (message: JsonObject, buffers: ArrayBuffer[]) => void) {
    this.#draw = draw;
    this.#send = send;
  }

  /** Makes the result of a port; `like` gives another's colours, as what was picked has. */
  async make(node: string, port: Port, about: JsonObject, count: number, like = node, first = 0): Promise<void> {
    const medium = mediumOf(port.type);
    const mime = MIMES[medium] ?? "text/plain";
    const key = `${node}.${port.name}`;
    const size = mime === "image/png" ? { size: [512, 512] } : {};
    const shape = { ...about, ...size, ...(medium === "audio" ? SOUND : {}) };
    const message: JsonObject = { type: "result", node, port: port.name, mime, count, ...shape };
    const kept = { message, bytes: new ArrayBuffer(0), like, first };
    kept.bytes = await this.#bytes(kept, medium === "number", 0, 512);
    this.#kept.set(key, kept);
    this.#send(message, [kept.bytes]);
  }

  async preview(node: string, item: number, fraction: number): Promise<ArrayBuffer> {
    return this.#draw({ hue: hueOf(node, item), fraction, side: 256, mime: "image/jpeg" });
  }

  /** A text as far as it is written. */
  words(fraction: number): ArrayBuffer {
    const story = STORY.repeat(4);
    return encode(story.slice(0, Math.round(story.length * fraction)));
  }

  drop(node: string, port: string): void {
    this.#kept.delete(`${node}.${port}`);
  }

  count(reference: string): number {
    return Number(this.#kept.get(reference)?.message.count ?? 0);
  }

  /** Whose colours a result has, and from which item on. */
  likeness(reference: string): [string, number] {
    const kept = this.#kept.get(reference);
    return [kept?.like ?? "", kept?.first ?? 0];
  }

  /** Sends all again, to a page that knows of none. */
  replay(send: (message: JsonObject, buffers: ArrayBuffer[]) => void): void {
    for (const { message, bytes } of this.#kept.values()) send(message, [bytes]);
  }

  /** An item of a result, as large as it is asked for. */
  async find(node: string, port: string, item: number, full: boolean): Promise<Found | null> {
    const kept = this.#kept.get(`${node}.${port}`);
    if (!kept || item >= Number(kept.message.count)) return null;
    const mime = String(kept.message.mime);
    const about = mime === "audio/wav" ? { about: SOUND } : {};
    return { mime, ...about, bytes: await this.#bytes(kept, false, item, full ? 1024 : 256) };
  }

  async #bytes({ message, like, first }: Kept, isNumber: boolean, item: number, side: number): Promise<ArrayBuffer> {
    const { mime, count } = message;
    if (mime === "image/png") return this.#draw({ hue: hueOf(like, first + item), fraction: 1, side, mime });
    if (mime === "audio/wav") return makeTone();
    if (mime === "video/webm") return makeFilm(hueOf(like, first + item));
    if (mime === "text/html") return encode(TABLE);
    if (like === "chat") return this.words(1);
    if (isNumber) return encode("0.5");
    return encode(Number(count) > 1 ? (IDEAS[item % IDEAS.length] ?? TEXT) : TEXT);
  }
}

export function hueOf(node: string, item: number): number {
  const sum = [...node].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return ((sum * 37 + item * 80) % 360) / 360;
}
