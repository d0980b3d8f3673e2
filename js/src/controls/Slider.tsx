import type { CSSProperties } from "react";
import { NumberField } from "./NumberField";
import { limitsOf, readPosition, stepOf } from "./numbers";
import type { ControlProps } from "./props";
import { useSweep } from "./sweep";

export function Slider(props: ControlProps) {
  const { id, port, value, disabled, label } = props;
  const sweep = useSweep(props);
  const limits = limitsOf(port);
  const [min, max] = [Number(limits.min ?? 0), Number(limits.max ?? 1)];
  const shown = sweep.moving ?? value;
  const position = Math.min(Math.max(Number(shown ?? min), min), max);
  const part = max > min ? (position - min) / (max - min) : 0;
  return (
    <span className={shown === null ? "pf-slider pf-slider-unset" : "pf-slider"}>
      <input
        ref={sweep.ref}
        id={id}
        type="range"
        aria-label={label}
        aria-valuetext={shown === null ? "auto" : undefined}
        title={port.help}
        disabled={disabled}
        min={min}
        max={max}
        step={stepOf(port)}
        value={Number.isFinite(position) ? position : min}
        style={{ "--pf-part": Number.isFinite(part) ? part : 0 } as CSSProperties}
        onChange={(event) => sweep.move(readPosition(event.currentTarget.valueAsNumber, port))}
        onKeyDown={(event) => {
          if (event.key === "Escape" && sweep.cancel()) event.preventDefault();
        }}
      />
      <NumberField {...props} value={shown} preset={props.preset && sweep.moving === undefined} beside />
    </span>
  );
}
