import {
  type ChangeEvent,
  type CompositionEvent,
  type FocusEvent,
  type KeyboardEvent,
  useEffect,
  useLayoutEffect,
  useState,
} from "react";
import { type Typed, Typing, type TypingOptions } from "./typing";

type TextElement = HTMLInputElement | HTMLTextAreaElement;

export interface DraftOptions extends TypingOptions {
  /** Enter is a line break. */
  lines?: boolean;
}

/** A text element's share of typing: what it shows, and what it tells. */
export interface Draft {
  text: string;
  problem: string | null;
  /** Something was typed and has not ended. */
  dirty: boolean;
  typing: Typing;
  props: {
    value: string;
    "aria-invalid": boolean;
    onChange(event: ChangeEvent<TextElement>): void;
    onFocus(event: FocusEvent<TextElement>): void;
    onBlur(): void;
    onKeyDown(event: KeyboardEvent): void;
    onCompositionEnd(event: CompositionEvent<TextElement>): void;
  };
}

/** Enter that ends a composition belongs to the input method. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === 229;
}

function useTyping(options: DraftOptions): [Typed | null, Typing] {
  const [typed, show] = useState<Typed | null>(null);
  const [typing] = useState(() => new Typing(options, show));
  useLayoutEffect(() => {
    typing.options = options;
  });
  const written = JSON.stringify(options.value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what came from elsewhere is told by the value alone.
  useEffect(() => typing.receive(), [written]);
  // A node that scrolls out of sight takes its field along.
  useEffect(() => () => typing.commit(), [typing]);
  return [typed, typing];
}

export function useDraft(options: DraftOptions): Draft {
  const [typed, typing] = useTyping(options);
  const text = typed?.text ?? options.format(options.value);
  const problem = typed?.problem ?? null;
  const props: Draft["props"] = {
    value: text,
    "aria-invalid": problem !== null,
    onChange: (event) => typing.set(event.target.value, (event.nativeEvent as InputEvent).isComposing),
    onCompositionEnd: (event) => typing.set(event.currentTarget.value),
    onFocus: () => {
      typing.focused = true;
    },
    onBlur: () => {
      typing.focused = false;
      typing.commit();
    },
    onKeyDown: (event) => {
      if (isComposing(event)) return;
      if (event.key === "Enter" && (!options.lines || event.ctrlKey || event.metaKey)) typing.commit();
      // Escape does one thing at a time: it leaves the field only when there is nothing to take back.
      if (event.key === "Escape" && typing.restore()) event.preventDefault();
    },
  };
  return { text, problem, dirty: typed !== null, typing, props };
}
