// A prompt, and how much of it is read: under the text stands how full the window of the fullest encoder is.

import { type PromptDesk, type PromptPlace, useReading } from "../bridge/prompts";
import { fullest, meterLines } from "../prompts/meter";
import { useDraft } from "./draft";
import { AreaField } from "./Field";
import { linesOf } from "./heights";
import { Icon } from "./icons";
import type { ControlProps } from "./props";
import { placeholderOf } from "./TextFields";
import { formatText, readText } from "./values";

/** Where a prompt stands, and what is done with it besides typing. */
export interface PromptAccess {
  desk: PromptDesk;
  place: PromptPlace;
  /** Which models read it, as far as the page knows. */
  by: string;
  /** Opens the prompt editor. */
  open(): void;
}

function Meter({ prompt, text }: { prompt: PromptAccess; text: string }) {
  const reading = useReading(prompt.desk, prompt.place, text, prompt.by);
  const meter = reading && fullest(reading);
  if (!reading || !meter) return <span className="pf-meter" />;
  const { reader, count, words, tone, fraction } = meter;
  return (
    <span className="pf-meter" data-tone={tone} title={meterLines(reading)}>
      {fraction !== null && (
        // biome-ignore lint/a11y/useSemanticElements: a meter's own drawing cannot be styled alike everywhere.
        <span
          className="pf-meter-bar"
          role="meter"
          aria-label={`Tokens that ${reader.title} reads`}
          aria-valuemin={0}
          aria-valuemax={reader.usable ?? undefined}
          aria-valuenow={Math.min(reader.count, reader.usable ?? reader.count)}
          aria-valuetext={[count, words].filter(Boolean).join(", ")}
        >
          <span style={{ width: `${100 * Math.min(1, fraction)}%` }} />
        </span>
      )}
      <span className="pf-meter-count">{count}</span>
      {words && <span className="pf-meter-words">{words}</span>}
    </span>
  );
}

export function Prompt(props: ControlProps) {
  const { port, prompt } = props;
  const read = (text: string) => readText(text, port);
  const draft = useDraft({ ...props, format: formatText, read, live: true, lines: true });
  return (
    <>
      <AreaField
        id={props.id}
        label={props.label}
        disabled={props.disabled}
        draft={draft}
        hint={port.help}
        lines={linesOf(port)}
        placeholder={placeholderOf(props)}
      />
      {prompt && (
        <span className="pf-prompt-line">
          <Meter prompt={prompt} text={draft.text} />
          <button
            type="button"
            className="pf-tool pf-prompt-open"
            aria-label={`Edit ${props.label} in the prompt editor`}
            title="Prompt editor: tokens, weights, styles, history"
            onClick={() => {
              draft.typing.commit();
              prompt.open();
            }}
          >
            <Icon name="expand" />
          </button>
        </span>
      )}
    </>
  );
}
