import type { ControlProps } from "../controls/props";
import { Seed } from "../controls/Seed";
import { same } from "../controls/values";
import { useStored } from "../editor/store";
import { usePlay } from "./context";

/** A seed, and the one that was used last. */
export function SeedField(props: ControlProps) {
  const play = usePlay();
  useStored(play.jobs);
  const last = play.lastSeed(props.port.name);
  return (
    <span className="pp-seed">
      <Seed {...props} />
      {last !== null && !same(last, props.value) && (
        <button type="button" className="pp-link" onClick={() => props.onChange(last, "final")}>
          Use the last one, {String(last)}
        </button>
      )}
    </span>
  );
}
