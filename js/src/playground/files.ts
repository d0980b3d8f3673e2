// Results as files of whoever looks at the page.

/** So long a browser may take to read what it was told to save. */
const READ_MS = 60_000;

const ENDINGS: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "audio/wav": "wav",
  "audio/flac": "flac",
  "video/mp4": "mp4",
  "video/webm": "webm",
  "text/plain": "txt",
  "text/csv": "csv",
  "text/x-python": "py",
  "application/json": "json",
};

export function fileName(stem: string, type: string): string {
  const ending = ENDINGS[type] ?? type.split("/")[1] ?? "bin";
  return `${stem.replace(/[^\p{L}\p{N}._-]+/gu, "-")}.${ending}`;
}

export function save(name: string, url: string): void {
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
}

export function saveText(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  save(name, url);
  setTimeout(() => URL.revokeObjectURL(url), READ_MS);
}
