// How far a training is: what it lost at each step, and samples as a strip. The kernel sends it as one preview: the length
// of a JSON head (4 bytes, little-endian), the head, and a JPEG with a row for each prompt and a column for each sampled step.

export const LIVE_VIEW = "application/vnd.pixelflow.training";

export type Point = readonly [step: number, loss: number];

export interface LiveView {
  name: string;
  /** "lora", "prompt" or "full". */
  method: string;
  step: number;
  steps: number;
  status: string;
  /** How long it has taken so far, and will take from here; null where nobody knows. */
  seconds: number;
  left: number | null;
  loss: number | null;
  losses: readonly Point[];
  smoothed: readonly Point[];
  /** The loss on the same noise each time: what can be compared from step to step. */
  steady: readonly Point[];
  steady_is_held_out: boolean;
  /** The top of the y axis, which stays where it is. */
  ceiling: number;
  best: number | null;
  /** Earlier trainings, to compare with. */
  others: readonly { name: string; smoothed: readonly Point[] }[];
  strip: { prompts: readonly string[]; steps: readonly number[]; tile: readonly [number, number] };
}

const HEAD = 4;

/** What is missing, or of another kind, is found out here, and not while it is drawn. */
function isWhole(view: LiveView): boolean {
  const { strip, others } = view;
  const lists = [view.losses, view.smoothed, view.steady, strip.prompts, strip.steps, strip.tile];
  const numbers = [view.step, view.steps, view.seconds, view.ceiling];
  const known = [view.left, view.loss, view.best].filter((each) => each !== null);
  return (
    [...lists, ...others.map(({ smoothed }) => smoothed)].every(Array.isArray) &&
    [...numbers, ...known].every((each) => typeof each === "number")
  );
}

/** The view and the bytes of its strip; null for what is none. */
export function readLiveView(bytes: DataView): { view: LiveView; strip: DataView } | null {
  try {
    const length = bytes.getUint32(0, true);
    const head = new DataView(bytes.buffer, bytes.byteOffset + HEAD, length);
    const view = JSON.parse(new TextDecoder().decode(head)) as LiveView;
    if (!isWhole(view)) return null;
    return {
      view,
      strip: new DataView(bytes.buffer, bytes.byteOffset + HEAD + length, bytes.byteLength - HEAD - length),
    };
  } catch {
    return null;
  }
}

const tenth = (value: number): number => Math.round(10 * value) / 10;

/** Where a point stands in a chart of 100 by 100; what is beyond its edge stands on it. */
export function placeOf([step, loss]: Point, { steps, ceiling }: LiveView): [number, number] {
  const within = (share: number) => tenth(100 * Math.min(1, Math.max(0, share)));
  return [within(step / Math.max(1, steps)), within(1 - loss / (ceiling || 1))];
}

/** A line through points, as the `d` of a path. */
export function lineOf(points: readonly Point[], view: LiveView): string {
  return points.map((point, place) => `${place ? "L" : "M"}${placeOf(point, view).join(" ")}`).join("");
}

/** Dots: lines of no length, whose round ends keep their shape however the chart is stretched. */
export function dotsOf(points: readonly Point[], view: LiveView): string {
  return points.map((point) => `M${placeOf(point, view).join(" ")}h0`).join("");
}

/** 1:40, or 2:05:00. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  const tail = two(whole % 60);
  return minutes < 60 ? `${minutes}:${tail}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${tail}`;
}

/** Losses to three digits, as long as that says something. */
export const lossWords = (loss: number): string => String(Number(loss.toPrecision(3)));

/** How far it is, in a line: "step 120 of 200 · 1:40 left · loss 0.067". */
export function progressWords({ step, steps, status, seconds, left, loss, best }: LiveView): string {
  const known = loss === null ? "" : `loss ${lossWords(loss)}`;
  const at = `step ${step} of ${steps}`;
  const first =
    status === "finished" ? `${step} steps in ${clockOf(seconds)}` : status === "running" ? at : `${status} at ${at}`;
  const second = status === "running" ? left !== null && `${clockOf(left)} left` : best !== null && `best at ${best}`;
  return [first, second, known].filter(Boolean).join(" · ");
}
