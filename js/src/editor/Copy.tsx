import { useState } from "react";
import { copyText } from "../controls/copy";

/** Puts a text on the clipboard, and says that it is there until the text is another one. */
export function Copy({ text, what = "" }: { text: string; what?: string }) {
  const [copied, setCopied] = useState("");
  const there = copied === text && text !== "";
  return (
    <button
      type="button"
      className="pf-plain"
      aria-label={what ? `${there ? "Copied" : "Copy"} ${what}` : undefined}
      onClick={() => void copyText(text).then((did) => setCopied(did ? text : ""))}
    >
      {there ? "Copied" : "Copy"}
    </button>
  );
}
