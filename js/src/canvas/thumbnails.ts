// Results as small as the overview draws them: to scale down a thousand pictures for every frame would take seconds.

import type { ResultStore } from "../bridge/results";

const SIDE = 80;
const AT_ONCE = 4;

export class Thumbnails {
  #results: ResultStore;
  #changed: () => void;
  #made = new Map<string, { url: string; bitmap: ImageBitmap | null }>();
  #waiting: { reference: string; url: string }[] = [];
  #busy = 0;

  constructor(results: ResultStore, changed: () => void) {
    this.#results = results;
    this.#changed = changed;
  }

  /** The thumbnail of a port's result; null while there is none. The one before stays until the next is made. */
  readonly of = (reference: string): ImageBitmap | null => {
    const result = this.#results.snapshot().get(reference);
    if (!result?.url || !(result.live || result.mime.startsWith("image/"))) return null;
    const made = this.#made.get(reference);
    if (made?.url === result.url) return made.bitmap;
    const bitmap = made?.bitmap ?? null;
    this.#made.set(reference, { url: result.url, bitmap });
    this.#waiting.push({ reference, url: result.url });
    this.#next();
    return bitmap;
  };

  /** Gives all back; what is still being made is dropped when it is done. */
  close(): void {
    this.#waiting = [];
    for (const { bitmap } of this.#made.values()) bitmap?.close();
    this.#made.clear();
  }

  #next(): void {
    while (this.#busy < AT_ONCE) {
      const next = this.#waiting.shift();
      if (!next) return;
      if (this.#made.get(next.reference)?.url !== next.url) continue;
      this.#busy += 1;
      void make(next.url).then((bitmap) => {
        this.#busy -= 1;
        this.#take(next.reference, next.url, bitmap);
        this.#next();
      });
    }
  }

  #take(reference: string, url: string, bitmap: ImageBitmap | null): void {
    const made = this.#made.get(reference);
    if (made?.url !== url || !bitmap) {
      bitmap?.close();
      return;
    }
    made.bitmap?.close();
    this.#made.set(reference, { url, bitmap });
    this.#changed();
  }
}

/** Null where the picture is gone already, or none. */
async function make(url: string): Promise<ImageBitmap | null> {
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = SIDE / Math.max(image.naturalWidth, image.naturalHeight, 1);
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    const context = canvas.getContext("2d");
    if (!context) return null;
    context.imageSmoothingQuality = "high";
    context.drawImage(image, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    return canvas.transferToImageBitmap();
  } catch {
    return null;
  }
}
