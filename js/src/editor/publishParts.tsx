// Small things that the tabs of the publish panel share.

import { type ReactNode, useState } from "react";
import type { Difference, ServedKey } from "../bridge/publishing";
import type { Asked } from "./asking";
import { Copy } from "./Copy";
import { timeWords } from "./Versions";

export const when = (seconds: number) => timeWords(new Date(seconds * 1000).toISOString());

/** Words in place of what the kernel has not told; else nothing. */
export function Waiting({ asked }: { asked: Asked }) {
  if (asked !== null && typeof asked !== "string") return null;
  return (
    <p className="pf-none" role={asked ? "alert" : undefined}>
      {asked ?? "Asking the kernel…"}
    </p>
  );
}

interface LabeledProps {
  label: string;
  hint?: string;
  children: ReactNode;
}

/** A form element below its name. */
export function Labeled({ label, hint, children }: LabeledProps) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: it is among the children.
    <label className="pf-labeled" title={hint}>
      <span>{label}</span>
      {children}
    </label>
  );
}

/** A text that nobody is told twice. */
export function Once({ what, text, done }: { what: string; text: string; done(): void }) {
  if (text === "") return null;
  return (
    <div className="pf-once" role="alert">
      <span>This {what} is shown once. Copy it now.</span>
      <code>{text}</code>
      <Copy text={text} what={what} />
      <button type="button" className="pf-plain" onClick={done}>
        Done
      </button>
    </div>
  );
}

interface SureProps {
  /** What is done. */
  verb: string;
  /** What it is done to, for who hears the button alone. */
  what: string;
  /** What comes of it. */
  asks: string;
  act(): void;
}

/** A button that asks before it does what nobody can undo. */
export function Sure({ verb, what, asks, act }: SureProps) {
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <button type="button" className="pf-plain" aria-label={`${verb} ${what}`} onClick={() => setAsked(true)}>
        {verb}
      </button>
    );
  return (
    <span className="pf-sure" role="alert">
      <span>{asks}</span>
      <button type="button" className="pf-plain" onClick={() => setAsked(false)}>
        Keep it
      </button>
      <button
        type="button"
        className="pf-plain pf-sure-do"
        onClick={() => {
          setAsked(false);
          act();
        }}
      >
        {verb}
      </button>
    </span>
  );
}

/** What is otherwise than before, and what of it breaks callers. */
export function Differences({ of }: { of: readonly Difference[] }) {
  return (
    <ul className="pf-changes">
      {of.map(({ words, breaks }) => (
        <li key={words}>
          {words}
          {breaks && <em data-tone="warn">breaks callers</em>}
        </li>
      ))}
    </ul>
  );
}

/** What a key is good for, in words. */
export function scopeWords({ scopes }: ServedKey): string {
  return scopes
    .map((scope) => ({ "*": "calls every endpoint", admin: "manages" })[scope] ?? `calls ${scope}`)
    .join(", ");
}
