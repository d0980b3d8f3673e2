import { memo, useMemo, useRef, useState } from "react";
import type { Result } from "../bridge/results";
import { useEditor } from "../editor/view";
import { splitPort } from "../flow/document";
import { type Frame, PADDING } from "../nodes/card";
import { PortShape } from "../nodes/PortShape";
import { useResult } from "../nodes/useRow";
import { Sound } from "./Sound";
import { Training } from "./Training";
import { Words } from "./Words";
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

const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function Film({ result, title }: { result: Result; title: string }) {
  return (
    <video
      className="nodrag nopan"
      controls
      controlsList="nodownload noremoteplayback"
      disablePictureInPicture
      autoPlay={!isStill()}
      loop
      muted
      playsInline
      preload="auto"
      src={result.url ?? undefined}
      poster={result.poster ?? undefined}
      aria-label={`Video of ${title}`}
    />
  );
}

function Medium({ result, title, reference }: { result: Result; title: string; reference: string }) {
  const { mime } = result;
  if (result.live) return <Training view={result.live} url={result.url} />;
  if (mime === "text/html") return <Table html={result.text ?? ""} />;
  if (result.text !== null) return <Words result={result} reference={reference} />;
  // What plays begins anew with what is played.
  if (mime.startsWith("audio/")) return <Sound key={result.url} result={result} title={title} />;
  if (mime.startsWith("video/")) return <Film key={result.url} result={result} title={title} />;
  if (mime.startsWith("image/")) return <Picture result={result} title={title} />;
  // A newer kernel may show what this page does not know.
  return <PortShape medium="any" hollow />;
}

/** One item of a list: the first came by itself, another is asked for when it is looked at. */
function useItem(reference: string, first: Result | undefined): [Result | undefined, number, (item: number) => void] {
  const { session, view } = useEditor();
  const [shown, setShown] = useState<{ of: Result; item: number; result: Result } | null>(null);
  const at = splitPort(reference);
  const choose = (item: number) => {
    if (!first || !at) return;
    session.results.want(at.node, at.port, item, false).then(
      (result) => {
        setShown({ of: first, item, result });
        view.items.set(reference, { of: first, item });
      },
      (error: Error) => session.say({ kind: "want", words: error.message, tone: "alert" }),
    );
  };
  // What was made anew is looked at from its begin.
  return shown && shown.of === first ? [shown.result, shown.item, choose] : [first, 0, choose];
}

interface ItemsProps {
  title: string;
  count: number;
  item: number;
  choose(item: number): void;
}

function Items({ title, count, item, choose }: ItemsProps) {
  return (
    <span className="pf-badge pf-badge-count nodrag nopan">
      <button type="button" aria-label={`Before, of ${title}`} disabled={item === 0} onClick={() => choose(item - 1)}>
        ‹
      </button>
      {item + 1} of {count}
      <button
        type="button"
        aria-label={`Next, of ${title}`}
        disabled={item === count - 1}
        onClick={() => choose(item + 1)}
      >
        ›
      </button>
    </span>
  );
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
  const first = useResult(frame.reference);
  const [result, item, choose] = useItem(frame.reference, first);
  const isPicture =
    result !== undefined && !result.preview && (result.mime.startsWith("image/") || result.live !== null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button in the frame does the same from the keyboard.
    <div
      className="pf-frame"
      data-medium={frame.medium}
      data-empty={!result || undefined}
      data-old={(result && !result.preview && (stale || state === "running" || state === "waiting")) || undefined}
      style={{ top: frame.y, left: PADDING, right: PADDING, height: frame.height }}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (isPicture) view.lightbox.set(frame.reference);
      }}
    >
      {result ? (
        <Medium result={result} title={title} reference={frame.reference} />
      ) : (
        <PortShape medium={frame.medium} hollow />
      )}
      {first && first.count > 1 && !first.live && (
        <Items title={title} count={first.count} item={item} choose={choose} />
      )}
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
