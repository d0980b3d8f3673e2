// The way from one view of the canvas to another, drawn frame by frame.

export interface Size {
  width: number;
  height: number;
}

interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

const ease = (part: number) => (part < 0.5 ? 4 * part ** 3 : 1 - (2 - 2 * part) ** 3 / 2);

/** What is seen on the way: the middle moves as fast as what is around it seems to, so that a point that stays does stay. */
export function onTheWay(from: Viewport, to: Viewport, { width, height }: Size, part: number): Viewport {
  if (part >= 1) return to;
  const eased = ease(part);
  const zoom = from.zoom * (to.zoom / from.zoom) ** eased;
  const same = Math.abs(to.zoom / from.zoom - 1) < 1e-6;
  const share = same ? eased : (1 / zoom - 1 / from.zoom) / (1 / to.zoom - 1 / from.zoom);
  const middle = (start: number, end: number, half: number) => {
    const [a, b] = [(half - start) / from.zoom, (half - end) / to.zoom];
    return half - (a + (b - a) * share) * zoom;
  };
  return { x: middle(from.x, to.x, width / 2), y: middle(from.y, to.y, height / 2), zoom };
}

/** One way at a time: a new one, or a hand on the canvas, cuts it short. */
export class Glide {
  #frame: number | null = null;

  get going(): boolean {
    return this.#frame !== null;
  }

  stop(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  /** @param draw Is told how far it is, 1 at its end. */
  start(duration: number, draw: (part: number) => void): void {
    this.stop();
    const begun = performance.now();
    const step = () => {
      const part = duration > 0 ? Math.min((performance.now() - begun) / duration, 1) : 1;
      this.#frame = part < 1 ? requestAnimationFrame(step) : null;
      draw(part);
    };
    step();
  }
}
