// A text as it grows while a node writes it, and as it is when it is done.

import { useLayoutEffect, useRef, useState } from "react";
import type { Result } from "../bridge/results";
import { useEditor } from "../editor/view";
import { splitPort } from "../flow/document";

/** As long as a text can be that is shown at once; of a longer one the kernel sends the begin. */
const SHOWN = 4_000;
/** So near to its end a text is followed as it grows. */
const NEAR = 24;

export function Words({ result, reference }: { result: Result; reference: string }) {
  const { session } = useEditor();
  const box = useRef<HTMLPreElement>(null);
  const follows = useRef(true);
  const streamed = useRef(false);
  const [whole, setWhole] = useState<{ of: Result; text: string } | null>(null);
  const text = whole?.of === result ? whole.text : (result.text ?? "");
  // biome-ignore lint/correctness/useExhaustiveDependencies: each text that comes is followed to its end.
  useLayoutEffect(() => {
    const element = box.current;
    // The end of what was written before one's eyes is what one reads; what was there already begins at its begin.
    if (element && follows.current && (result.preview || streamed.current)) element.scrollTop = element.scrollHeight;
    streamed.current = result.preview;
  }, [text, result.preview]);
  const showAll = () => {
    const at = splitPort(reference);
    if (!at) return;
    session.results.want(at.node, at.port).then(
      (full) => setWhole({ of: result, text: full.text ?? "" }),
      (error: Error) => session.say({ kind: "want", words: error.message, tone: "alert" }),
    );
  };
  return (
    <pre
      ref={box}
      className="pf-text nowheel nodrag"
      data-kind={result.preview ? "preview" : "result"}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR;
      }}
    >
      {text}
      {!result.preview && text.length >= SHOWN && whole?.of !== result && (
        <button type="button" className="pf-link" onClick={showAll}>
          All of it
        </button>
      )}
    </pre>
  );
}
