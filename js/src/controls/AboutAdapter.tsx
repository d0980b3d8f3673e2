// What an adapter's file says: for which base model it was made, how large it is, and the words that wake it.

import type { AboutModel } from "../bridge/protocol";

interface Props {
  about: AboutModel | string | null;
  /** Of its weight over the steps, where there is one. */
  schedule?: string;
  disabled: boolean;
  onWords: ((words: string) => void) | undefined;
}

function factsOf(about: AboutModel): string {
  const { base_model, rank, kind } = about;
  const base = base_model ? `for ${base_model}` : "base model unknown";
  return [kind && kind !== "lora" ? kind : "", base, rank ? `rank ${rank}` : ""].filter(Boolean).join(" · ");
}

/** Two lines that are always there: what it is; its trigger words, each of which goes into the prompt by a click. */
export function AboutAdapter({ about, schedule, disabled, onWords }: Props) {
  const known = typeof about === "string" ? null : about;
  const words = known?.trigger_words ?? [];
  const facts = typeof about === "string" ? about : known ? factsOf(known) : "";
  return (
    <span className="pf-adapter">
      <span className="pf-adapter-facts" title={known?.reason || facts}>
        {schedule && <span title={`Its weight over the steps: ${schedule}`}>scheduled · </span>}
        {facts}
      </span>
      <span className="pf-adapter-words nowheel">
        {words.map((word) => (
          <button
            key={word}
            type="button"
            className="pf-chip"
            aria-label={`Put “${word}” into the prompt`}
            title={`Put “${word}” into the prompt`}
            disabled={disabled || !onWords}
            onClick={() => onWords?.(word)}
          >
            {word}
          </button>
        ))}
        {known && words.length === 0 && <span className="pf-adapter-none">no trigger words</span>}
      </span>
    </span>
  );
}
