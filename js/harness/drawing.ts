// Pictures and sounds that are made here, so that none has to be stored.

export interface Drawing {
  /** 0..1: which colours. */
  hue: number;
  /** 0..1: how far the picture has come; the rest is noise. */
  fraction: number;
  side: number;
  mime: "image/png" | "image/jpeg";
}

export type Draw = (drawing: Drawing) => Promise<ArrayBuffer>;

/** Stands in where there is no canvas: the same drawing gives the same bytes. */
export const drawBytes: Draw = async (drawing) => encode(JSON.stringify(drawing));

export function encode(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).buffer as ArrayBuffer;
}

/** A circle on a plain sky, coming out of noise. */
export const drawPicture: Draw = async ({ hue, fraction, side, mime }) => {
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  const turn = Math.round(hue * 360);
  const sky = context.createLinearGradient(0, 0, 0, side);
  sky.addColorStop(0, `hsl(${turn} 70% 55%)`);
  sky.addColorStop(1, `hsl(${turn} 75% 35%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, side, side);
  context.fillStyle = `hsl(${(turn + 140) % 360} 80% 55%)`;
  context.beginPath();
  context.arc(side / 2, side / 2, side * 0.3, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = 1 - fraction;
  const grain = side / 32;
  for (let spot = 0; fraction < 1 && spot < 1_024; spot += 1) {
    context.fillStyle = `hsl(${(spot * 97) % 360} 40% ${(spot * 53) % 100}%)`;
    context.fillRect((spot % 32) * grain, Math.floor(spot / 32) * grain, grain, grain);
  }
  return (await canvas.convertToBlob({ type: mime, quality: 0.75 })).arrayBuffer();
};

/** A second of a tone, as WAV. */
export function makeTone(): ArrayBuffer {
  const rate = 8_000;
  const view = new DataView(new ArrayBuffer(44 + rate * 2));
  const words = (at: number, text: string) =>
    [...text].forEach((letter, place) => {
      view.setUint8(at + place, letter.charCodeAt(0));
    });
  words(0, "RIFF");
  view.setUint32(4, 36 + rate * 2, true);
  words(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  words(36, "data");
  view.setUint32(40, rate * 2, true);
  for (let sample = 0; sample < rate; sample += 1) {
    const loud = Math.sin((sample / rate) * 440 * 2 * Math.PI) * (1 - sample / rate);
    view.setInt16(44 + sample * 2, loud * 12_000, true);
  }
  return view.buffer;
}

/** How loud `makeTone` is from its begin to its end. */
export const TONE_PEAKS: readonly number[] = Array.from({ length: 90 }, (_, place) =>
  Math.round(100 * (1 - place / 90) * (0.55 + 0.45 * Math.abs(Math.sin(place / 5)))),
);

/** A second of a moving circle, as WebM; nothing where there is no browser to film it. */
export async function makeFilm(hue: number): Promise<ArrayBuffer> {
  if (!("MediaRecorder" in globalThis)) return new ArrayBuffer(0);
  const canvas = Object.assign(document.createElement("canvas"), { width: 192, height: 128 });
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: "video/webm" });
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const ended = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.start();
  for (let frame = 0; frame < 15; frame += 1) {
    context.fillStyle = `hsl(${Math.round(hue * 360)} 60% 30%)`;
    context.fillRect(0, 0, 192, 128);
    context.fillStyle = `hsl(${Math.round(hue * 360 + 140) % 360} 80% 60%)`;
    context.beginPath();
    context.arc(20 + frame * 10, 64, 22, 0, 2 * Math.PI);
    context.fill();
    await new Promise((resume) => setTimeout(resume, 66));
  }
  recorder.stop();
  await ended;
  return new Blob(parts).arrayBuffer();
}

export const TABLE = `<table><tr><th></th><th>label</th><th>score</th><th>box</th></tr>${[
  "sky",
  "lighthouse",
  "sea",
  "rock",
]
  .map(
    (label, row) => `<tr><th>${row}</th><td>${label}</td><td>${(0.97 - row * 0.08).toFixed(2)}</td><td>0, 0</td></tr>`,
  )
  .join("")}</table>`;
