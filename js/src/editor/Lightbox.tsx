import { useEffect, useState } from "react";
import type { Result } from "../bridge/results";
import { splitPort } from "../flow/document";
import { download } from "./download";
import { CloseIcon } from "./icons";
import { useStored } from "./store";
import { useEditor } from "./view";

function Large({ reference }: { reference: string }) {
  const editor = useEditor();
  const { session, view } = editor;
  const small = session.results.snapshot().get(reference);
  const count = small?.count ?? 1;
  const [item, setItem] = useState(0);
  const [full, setFull] = useState<Result | null>(null);
  const [words, setWords] = useState("");
  useEffect(() => {
    const at = splitPort(reference);
    if (!at) return;
    let here = true;
    session.results.want(at.node, at.port, item).then(
      (result) => here && setFull(result),
      (error: Error) => here && setWords(error.message),
    );
    return () => {
      here = false;
    };
  }, [session, reference, item]);
  const close = () => {
    view.lightbox.set(null);
    view.root?.focus({ preventScroll: true });
  };
  const shown = full ?? small;
  const size = shown?.size ? `${shown.size[0]} × ${shown.size[1]}` : "";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it too.
    <div className="pf-lightbox nowheel" role="dialog" aria-label="Result" onClick={close}>
      {shown?.url && <img src={shown.url} alt="The result, as it is" draggable={false} />}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: only keeps clicks from closing. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: only keeps clicks from closing. */}
      <div className="pf-lightbox-bar" onClick={(event) => event.stopPropagation()}>
        {count > 1 && (
          <>
            <button type="button" className="pf-plain" disabled={item === 0} onClick={() => setItem(item - 1)}>
              Before
            </button>
            <span>
              {item + 1} of {count}
            </span>
            <button type="button" className="pf-plain" disabled={item === count - 1} onClick={() => setItem(item + 1)}>
              Next
            </button>
          </>
        )}
        <span>{words || size}</span>
        {full && (
          <>
            <button type="button" className="pf-plain" onClick={() => void download(editor, reference, item, "file")}>
              Download
            </button>
            <button
              type="button"
              className="pf-plain"
              title="Without what it says of how it was made"
              onClick={() => void download(editor, reference, item, "bare file")}
            >
              Without record
            </button>
          </>
        )}
        <button type="button" className="pf-tool" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </div>
    </div>
  );
}

/** A result as large as the editor. */
export function Lightbox() {
  const { view } = useEditor();
  const reference = useStored(view.lightbox);
  return reference && <Large key={reference} reference={reference} />;
}
