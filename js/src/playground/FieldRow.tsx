// One input of the flow: what it is called, its form element, what is wrong with it.

import { type DragEvent, useId, useMemo } from "react";
import { kindOf } from "../controls/kind";
import { NumberField } from "../controls/NumberField";
import { Choices, Colour, Toggle } from "../controls/Picks";
import type { ControlProps, MediaAccess } from "../controls/props";
import { Slider } from "../controls/Slider";
import { Text } from "../controls/TextFields";
import { JsonField, Lines, Numbers } from "../controls/Typed";
import { Gallery, Upload } from "../controls/Upload";
import { useStored } from "../editor/store";
import type { Medium } from "./backend";
import { usePlay } from "./context";
import { type FormField, shownValue } from "./fields";
import { Icon } from "./icons";
import { Chips, Segments, suitsSegments } from "./Picks";
import { SeedField } from "./SeedField";
import { TableField } from "./TableField";

/** What a result is called while it is dragged. */
export const DRAGGED = "application/x-pixelflow-medium";
/** Elements that several controls share have names of their own; a label does not name them. */
const GROUPS = new Set<unknown>([Segments, Chips, Upload, Gallery, TableField]);

const ELEMENTS: Record<string, (props: ControlProps) => React.ReactNode> = {
  slider: Slider,
  number: NumberField,
  text: Text,
  prompt: Text,
  seed: SeedField,
  choices: Choices,
  toggle: Toggle,
  colour: Colour,
  upload: Upload,
  gallery: Gallery,
  lines: Lines,
  numbers: Numbers,
  several: Chips,
};

function elementOf(field: FormField): (props: ControlProps) => React.ReactNode {
  if (field.item === "table" && !field.many) return TableField;
  const kind = kindOf(field.port);
  if (kind === "choices" && suitsSegments(field.port)) return Segments;
  return ELEMENTS[kind] ?? JsonField;
}

/** Takes a result that is dragged onto a field for media. */
function useDropped(field: FormField) {
  const play = usePlay();
  const isOurs = (event: DragEvent) => field.isMedium && event.dataTransfer.types.includes(DRAGGED);
  return {
    onDragOverCapture(event: DragEvent) {
      if (!isOurs(event)) return;
      event.preventDefault();
      event.stopPropagation();
    },
    onDropCapture(event: DragEvent) {
      if (!isOurs(event)) return;
      event.preventDefault();
      event.stopPropagation();
      void play.use(JSON.parse(event.dataTransfer.getData(DRAGGED)) as Medium, field.name);
    },
  };
}

function useMedia(): MediaAccess {
  const play = usePlay();
  return useMemo(
    () => ({
      upload: async (file) => ({ $media: await play.backend.upload(file) }),
      url: async (reference) => (await play.medium(reference)).url,
    }),
    [play],
  );
}

interface HeadProps {
  field: FormField;
  id: string;
  isGroup: boolean;
}

function Head({ field, id, isGroup }: HeadProps) {
  const words = (
    <>
      {field.title}
      {field.required && (
        <span className="pp-must" title="It has to be given">
          {" "}
          *
        </span>
      )}
    </>
  );
  return (
    <span className="pp-field-head">
      {isGroup ? <span className="pp-label">{words}</span> : <label htmlFor={id}>{words}</label>}
      {field.affectsCost && (
        <span className="pp-costly" role="img" aria-label="Affects how long it takes" title="Affects how long it takes">
          <Icon name="clock" />
        </span>
      )}
    </span>
  );
}

export function FieldRow({ field }: { field: FormField }) {
  const play = usePlay();
  const values = useStored(play.values);
  const fault = useStored(play.faults)[field.name];
  const id = useId();
  const media = useMedia();
  const dropped = useDropped(field);
  const Element = elementOf(field);
  const help = field.port.help;
  return (
    <div className="pp-field" data-input={field.name} data-faulty={fault !== undefined || undefined} {...dropped}>
      <Head field={field} id={id} isGroup={GROUPS.has(Element)} />
      <div className="pf-control" data-control={kindOf(field.port)} aria-invalid={fault !== undefined}>
        <Element
          {...{ id, media, port: field.port, disabled: false, label: field.title, models: [] }}
          desk={null as never}
          value={shownValue(field, values)}
          preset={values[field.name] === undefined}
          onChange={(value) => play.set(field.name, value)}
        />
      </div>
      {fault !== undefined && (
        <span className="pp-fault" role="alert">
          <Icon name="alert" /> {fault}
        </span>
      )}
      {help && <span className="pp-help">{help}</span>}
    </div>
  );
}
