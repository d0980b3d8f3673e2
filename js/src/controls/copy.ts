// Putting a text on the clipboard, also where a page is not trusted with it: Jupyter on another machine, by plain HTTP.

/** Whether the text is on the clipboard now. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByEvent(text);
  }
}

function copyByEvent(text: string): boolean {
  const fill = (event: ClipboardEvent) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    // The editor would put its nodes there.
    event.stopImmediatePropagation();
  };
  addEventListener("copy", fill, true);
  try {
    return document.execCommand("copy");
  } finally {
    removeEventListener("copy", fill, true);
  }
}
