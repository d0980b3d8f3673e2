// Media that a person brings: one, or a list of them.

import { useRef } from "react";
import type { Json } from "../flow/document";
import { acceptOf, type Intake, useIntake, useMediaUrl, WORDS } from "./files";
import { Icon } from "./icons";
import { itemsOf, referencesIn } from "./items";
import { itemName } from "./kind";
import type { ControlProps, MediaAccess } from "./props";

interface MediumProps {
  media: MediaAccess;
  reference: string;
  medium: string;
  label: string;
}

function Medium({ media, reference, medium, label }: MediumProps) {
  const url = useMediaUrl(media, reference);
  if (url === "") return <span className="pf-missing">This {WORDS[medium]} is missing. Drop it in again.</span>;
  if (medium === "audio") {
    // biome-ignore lint/a11y/useMediaCaption: a sound of the user's own carries no captions.
    return <audio controls preload="metadata" src={url ?? undefined} title={label} />;
  }
  if (url === null) return <span className="pf-loading" />;
  if (medium === "video") return <video controls muted playsInline preload="metadata" src={url} title={label} />;
  return <img src={url} alt={label} draggable={false} />;
}

interface ChooseProps {
  id?: string;
  intake: Intake;
  medium: string;
  several?: boolean;
  disabled: boolean;
  words?: string;
}

function Choose({ id, intake, medium, several = false, disabled, words }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  const name = several ? "Choose files" : "Choose a file";
  return (
    <>
      <button
        id={id}
        type="button"
        className={words === undefined ? "pf-tool" : "pf-choose"}
        aria-label={name}
        title={`${name}, or drop or paste ${several ? "them" : "it"} here`}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        <Icon name={several && words === undefined ? "plus" : "upload"} />
        {words}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        tabIndex={-1}
        accept={acceptOf(medium)}
        multiple={several}
        onChange={(event) => {
          intake.take([...(event.target.files ?? [])]);
          // The same file may be chosen twice.
          event.target.value = "";
        }}
      />
    </>
  );
}

function Clear({ disabled, onClear }: { disabled: boolean; onClear(): void }) {
  return (
    <button type="button" className="pf-tool" aria-label="Clear" title="Clear" disabled={disabled} onClick={onClear}>
      <Icon name="clear" />
    </button>
  );
}

/** What an empty zone says. */
function words({ busy, problem, over }: Intake, medium: string, several: boolean): string {
  if (busy) return "Taking it in …";
  if (over) return "Drop it";
  const noun = WORDS[medium] ?? medium;
  return problem ?? (several ? `Drop or choose ${noun}s` : `Drop or choose a ${noun}`);
}

function zoneClass(intake: Intake, ...more: (string | false)[]): string {
  const { over, busy, problem } = intake;
  const states = [over && "pf-over", busy && "pf-busy", problem !== null && "pf-refused"];
  return ["pf-zone", ...states, ...more].filter(Boolean).join(" ");
}

export function Upload(props: ControlProps) {
  const { id, port, value, preset, disabled, media, label, onChange } = props;
  const medium = itemName(port.type);
  const onTaken = ([taken]: Json[]) => taken !== undefined && onChange(taken, "final");
  const intake = useIntake({ medium, several: false, disabled, media, onTaken });
  const [reference] = referencesIn(value);
  const tools = { id, intake, medium, disabled };
  if (reference === undefined) {
    return (
      <fieldset disabled={disabled} aria-label={label} title={port.help} className={zoneClass(intake)} {...intake.zone}>
        <Choose {...tools} words={words(intake, medium, false)} />
      </fieldset>
    );
  }
  const shape = medium === "audio" ? "pf-player" : "pf-picture";
  return (
    <fieldset disabled={disabled} aria-label={label} className={zoneClass(intake, "pf-filled", shape)} {...intake.zone}>
      <Medium media={media} reference={reference} medium={medium} label={label} />
      {intake.problem && <span className="pf-zone-words">{intake.problem}</span>}
      <span className="pf-control-tools">
        <Choose {...tools} />
        {!preset && <Clear disabled={disabled} onClear={() => onChange(null, "final")} />}
      </span>
      <span role="alert" className="pf-spoken">
        {intake.problem}
      </span>
    </fieldset>
  );
}

export function Gallery(props: ControlProps) {
  const { id, port, value, disabled, media, label, onChange } = props;
  const medium = itemName(port.type);
  const items = itemsOf(value);
  const onTaken = (taken: Json[]) => onChange([...items, ...taken], "final");
  const intake = useIntake({ medium, several: true, disabled, media, onTaken });
  const remove = (index: number) => onChange(items.length > 1 ? items.toSpliced(index, 1) : null, "final");
  const rows = medium === "audio";
  const add = items.length === 0 || rows ? { words: words(intake, medium, true) } : {};
  const shape = rows ? "pf-players" : "pf-tiles";
  return (
    <fieldset
      disabled={disabled}
      aria-label={label}
      title={intake.problem ?? port.help}
      className={zoneClass(intake, items.length > 0 && "pf-filled", items.length > 0 && shape)}
      {...intake.zone}
    >
      {items.map((item, index) => {
        const [reference] = referencesIn(item);
        const name = `${label}, ${index + 1}`;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same medium may stand in a list twice.
          <span key={`${reference} ${index}`} className={rows ? "pf-player" : "pf-tile"}>
            {reference && <Medium media={media} reference={reference} medium={medium} label={name} />}
            <span className="pf-control-tools">
              <Clear disabled={disabled} onClear={() => remove(index)} />
            </span>
          </span>
        );
      })}
      <span className={items.length > 0 ? "pf-tile pf-zone-add" : "pf-zone-add"}>
        <Choose id={id} intake={intake} medium={medium} several disabled={disabled} {...add} />
      </span>
    </fieldset>
  );
}
