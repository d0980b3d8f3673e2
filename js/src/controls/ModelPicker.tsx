// One of the models that do a task.

import { useAbout } from "../bridge/models";
import { field } from "../flow/document";
import { modelSource } from "../flow/modelFeed";
import { AboutAdapter } from "./AboutAdapter";
import { ModelField } from "./ModelField";
import { modelsFor } from "./modelChoice";
import type { ControlProps } from "./props";
import { formatText, withSource } from "./values";

export function ModelPicker(props: ControlProps) {
  const { id, port, value, disabled, label, models, desk, onChange } = props;
  return (
    <ModelField
      id={id}
      label={label}
      hint={port.help}
      placeholder={port.optional ? "auto" : port.default === "" ? "none" : "Choose a model"}
      disabled={disabled}
      source={modelSource(value)}
      known={modelsFor(models, field(port.control ?? {}, "task"))}
      desk={desk}
      onChoose={(next) => onChange(next === null ? null : withSource(value, next), "final")}
    />
  );
}

/** An adapter for a base model: of the cards one, or a file; below it, what it is. */
export function LoraPicker(props: ControlProps) {
  const { id, port, value, disabled, label, models, desk, onChange } = props;
  const source = formatText(value);
  const about = useAbout(desk, source);
  return (
    <span className="pf-lora-picker">
      <ModelField
        id={id}
        label={label}
        hint={port.help}
        placeholder="Choose a LoRA"
        disabled={disabled}
        source={source}
        known={modelsFor(models, "", "lora")}
        desk={desk}
        onChoose={(next) => onChange(next, "final")}
      />
      {source !== "" && <AboutAdapter about={about} disabled={disabled} onWords={props.onWords} />}
    </span>
  );
}
