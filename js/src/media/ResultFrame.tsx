import { memo, useMemo, useRef } from "react";
import type { Result } from "../bridge/results";
import { useEditor } from "../editor/view";
import { type Frame, PADDING } from "../nodes/card";
import { PortShape } from "../nodes/PortShape";
import { useResult } from "../nodes/useRow";
import "./results.css";

/** A picture; the last preview lies on it for a moment and fades, so that nothing flickers when the result arrives. */
function Picture({ result, title }: { result: Result; title: string }) {
  const faded = useRef<HTMLCanvasElement>(null);
  const keep = (image: HTMLImageElement) => {
    const canvas = faded.current;
    if (!result.preview || !canvas) return;
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext("2d")?.drawImage(image, 0, 0);
  };
  return (
    <>
      <img
        src={result.url ?? undefined}
        alt={`${result.preview ? "Preview" : "Result"} of ${title}`}
        data-kind={result.preview ? "preview" : "result"}
        draggable={false}
        onLoad={(event) => keep(event.currentTarget)}
      />
      <canvas
        ref={faded}
        className="pf-faded"
        data-fading={!result.preview}
        onAnimationEnd={(event) => {
          // Faded once: nothing may bring it back.
          event.currentTarget.width = 0;
        }}
      />
    </>
  );
}

/** A table of the kernel, read for its words only: no markup of a result gets into the page. */
function Table({ html }: { html: string }) {
  const rows = useMemo(() => {
    const read = new DOMParser().parseFromString(html, "text/html");
    return [...read.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent ?? ""));
  }, [html]);
  return (
    <div className="pf-table nowheel nodrag" data-kind="result">
      <table>
        <tbody>
          {rows.map((cells, row) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a row of a table is its place.
            <tr key={row}>
              {cells.map((cell, column) => {
                const Cell = row === 0 || column === 0 ? "th" : "td";
                // biome-ignore lint/suspicious/noArrayIndexKey: a cell of a table is its place.
                return <Cell key={column}>{cell}</Cell>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Medium({ result, title }: { result: Result; title: string }) {
  const { mime } = result;
  const url = result.url ?? undefined;
  if (mime === "text/html") return <Table html={result.text ?? ""} />;
  if (result.text !== null) {
    return (
      <pre className="pf-text nowheel nodrag" data-kind={result.preview ? "preview" : "result"}>
        {result.text}
      </pre>
    );
  }
  if (mime.startsWith("audio/"))
    // biome-ignore lint/a11y/useMediaCaption: what a model has made carries no captions.
    return <audio className="nodrag" controls src={url} aria-label={`Sound of ${title}`} />;
  if (mime.startsWith("video/"))
    return <video autoPlay loop muted playsInline src={url} aria-label={`Video of ${title}`} />;
  return <Picture result={result} title={title} />;
}

interface Props {
  frame: Frame;
  title: string;
  state: string | undefined;
  /** What it made is not what it would make now. */
  stale: boolean;
}

/** Where a node shows what it made; its place is kept from the start, so that nothing moves when the result arrives. */
export const ResultFrame = memo(function ResultFrame({ frame, title, state, stale }: Props) {
  const { view } = useEditor();
  const result = useResult(frame.reference);
  const isPicture = result !== undefined && !result.preview && result.mime.startsWith("image/");
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in the frame does the same from the keyboard.
    <div
      className="pf-frame"
      data-empty={!result || undefined}
      data-old={(result && !result.preview && (stale || state === "running" || state === "waiting")) || undefined}
      style={{ top: frame.y, left: PADDING, right: PADDING, height: frame.height }}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (isPicture) view.lightbox.set(frame.reference);
      }}
    >
      {result ? <Medium result={result} title={title} /> : <PortShape medium={frame.medium} hollow />}
      {result && result.count > 1 && <span className="pf-badge pf-badge-count">1 of {result.count}</span>}
      {isPicture && (
        <button
          type="button"
          className="pf-enlarge nodrag nopan"
          aria-label={`Look at the result of ${title}`}
          onClick={() => view.lightbox.set(frame.reference)}
        >
          {result.size ? `${result.size[0]} × ${result.size[1]}` : "Enlarge"}
        </button>
      )}
    </div>
  );
});
