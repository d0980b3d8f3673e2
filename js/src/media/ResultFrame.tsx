import type { Result } from "../bridge/results";
import { PortShape } from "../nodes/PortShape";
import { type Frame, PADDING } from "../view/card";

function Medium({ result, title }: { result: Result; title: string }) {
  const { mime } = result;
  const url = result.url ?? undefined;
  // biome-ignore lint/a11y/useMediaCaption: what a model has made carries no captions.
  if (mime.startsWith("audio/")) return <audio controls src={url} aria-label={`Sound of ${title}`} />;
  if (mime.startsWith("video/"))
    return <video autoPlay loop muted playsInline src={url} aria-label={`Video of ${title}`} />;
  return <img src={url} alt={`${result.preview ? "Preview" : "Result"} of ${title}`} draggable={false} />;
}

/** Where a node shows what it made; its place is kept from the start, so that nothing moves when the result arrives. */
export function ResultFrame({ frame, result, title }: { frame: Frame; result: Result | undefined; title: string }) {
  const state = result ? (result.preview ? "pf-frame pf-frame-preview" : "pf-frame") : "pf-frame pf-frame-empty";
  return (
    <div className={state} style={{ top: frame.y, left: PADDING, right: PADDING, height: frame.height }}>
      {result ? <Medium result={result} title={title} /> : <PortShape medium={frame.medium} />}
    </div>
  );
}
