// The text area, and behind its letters what they are: weights as tints, tokens, the cut, comments, placeholders.

import { type KeyboardEvent, type Ref, useImperativeHandle, useLayoutEffect, useMemo, useRef } from "react";
import type { PromptReader, PromptReading } from "../bridge/prompts";
import { type Draft, isComposing } from "../controls/draft";
import { type Segment, segmentsOf, tintOf } from "./segments";
import { STEP, weigh } from "./weighing";

export interface PageHand {
  /** Weighs what is selected, or the word at the caret. */
  weigh(by: number): void;
}

interface Props {
  ref: Ref<PageHand>;
  draft: Draft;
  reading: PromptReading | null;
  reader: PromptReader | null;
  tokens: boolean;
  label: string;
  put(text: string): void;
}

function Piece({ segment }: { segment: Segment }) {
  const { text, kinds, weight, token } = segment;
  const tint = tintOf(weight);
  return (
    <span
      data-kinds={kinds.join(" ") || undefined}
      data-weight={weight === 1 ? undefined : weight > 1 ? "more" : "less"}
      data-token={token === null ? undefined : token % 2 === 0 ? "even" : "odd"}
      style={tint > 0 ? ({ "--pf-tint": `${Math.round(14 + 40 * tint)}%` } as React.CSSProperties) : undefined}
    >
      {text}
    </span>
  );
}

/** The letters once more, unseen, so that what is behind them has their places. */
function Behind({ text, reading, reader, tokens }: { text: string } & Pick<Props, "reading" | "reader" | "tokens">) {
  const segments = useMemo(() => segmentsOf(text, reading, reader, tokens), [text, reading, reader, tokens]);
  return (
    <div className="pf-page-behind" aria-hidden="true">
      {segments.map((segment) => (
        <Piece key={segment.start} segment={segment} />
      ))}
      {/* A line that ends the text is seen only when something stands on it. */}
      {"​"}
    </div>
  );
}

export function Page({ ref, draft, reading, reader, tokens, label, put }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const behind = useRef<HTMLDivElement>(null);
  /** What is to be selected once the text is the new one. */
  const select = useRef<[number, number] | null>(null);
  const { text } = draft;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text says when it is the new one.
  useLayoutEffect(() => {
    if (select.current) area.current?.setSelectionRange(...select.current);
    select.current = null;
  }, [text]);
  const act = (by: number) => {
    const field = area.current;
    const found = field && weigh(text, field.selectionStart, field.selectionEnd, by);
    if (!field || !found) return;
    select.current = [found.from, found.to];
    put(found.text);
    field.focus({ preventScroll: true });
  };
  useImperativeHandle(ref, () => ({ weigh: act }));
  const onKeyDown = (event: KeyboardEvent) => {
    const arrow = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (arrow === undefined || !(event.ctrlKey || event.metaKey) || isComposing(event)) {
      draft.props.onKeyDown(event);
      return;
    }
    event.preventDefault();
    act(arrow);
  };
  const follow = () => {
    if (behind.current && area.current) behind.current.scrollTop = area.current.scrollTop;
  };
  return (
    <div className="pf-page nowheel">
      <div className="pf-page-scroll" ref={behind}>
        <Behind text={text} reading={reading} reader={reader} tokens={tokens} />
      </div>
      <textarea
        ref={area}
        // It was opened to be written in.
        // biome-ignore lint/a11y/noAutofocus: the button that opened it is gone.
        autoFocus
        aria-label={label}
        aria-keyshortcuts="Control+ArrowUp Control+ArrowDown"
        autoComplete="off"
        autoCorrect="off"
        autoCapitalize="off"
        spellCheck={false}
        {...draft.props}
        onKeyDown={onKeyDown}
        onScroll={follow}
      />
    </div>
  );
}
