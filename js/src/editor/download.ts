// Results as files of whoever looks at the page.

import type { FileForm } from "../bridge/results";
import { splitPort } from "../flow/document";
import type { Editor } from "./view";

/** So long a browser may take to read what it was told to save. */
const READ_MS = 60_000;

/** Saves a result as the kernel writes it. */
export async function download({ session }: Editor, reference: string, item: number, form: FileForm): Promise<void> {
  const at = splitPort(reference);
  if (!at) return;
  try {
    const { name, url } = await session.results.file(at.node, at.port, item, form);
    Object.assign(document.createElement("a"), { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), READ_MS);
  } catch (error) {
    session.say({ kind: "want", words: (error as Error).message, tone: "alert" });
  }
}
