import { Handle, Position } from "@xyflow/react";
import { type MouseEvent, memo } from "react";
import { isDock, whyNotEnds } from "../editor/connecting";
import { usePart } from "../editor/store";
import { type End, useEditor } from "../editor/view";
import { isList } from "../flow/portType";
import type { Row } from "../nodes/card";
import { FREE } from "../nodes/docks";
import { PortShape } from "../nodes/PortShape";
import { handleName } from "./derive";

type Fit = "yes" | "no" | undefined;

/** Whether a port may take the connection that is being dragged; undefined while none is. */
function useFit(end: End): Fit {
  const editor = useEditor();
  return usePart(editor.view.connecting, (from): Fit => {
    if (!from || (from.reference === end.reference && from.owner === end.owner && from.side === end.side))
      return undefined;
    return whyNotEnds(editor, from, end) === null ? "yes" : "no";
  });
}

/** An input that takes one value gives up its edge when it is dragged: its end is picked up, not a second one begun. */
function pickUpEdge(event: MouseEvent, key: string): void {
  if (event.button !== 0) return;
  const flow = (event.currentTarget as HTMLElement).closest(".react-flow");
  const anchor = flow?.querySelector(`[data-id="${CSS.escape(key)}"] .react-flow__edgeupdater-target`);
  if (!anchor) return;
  event.stopPropagation();
  const { clientX, clientY } = event;
  anchor.dispatchEvent(
    new window.MouseEvent("mousedown", { bubbles: true, cancelable: true, clientX, clientY, button: 0 }),
  );
}

/** The place of a port on the border of a card or dock; connections begin and end here. */
export const PortHandle = memo(function PortHandle({ owner, row }: { owner: string; row: Row }) {
  const { view } = useEditor();
  const fit = useFit({ owner, reference: row.reference, side: row.side });
  const isInput = row.side === "input";
  const isSingle = isInput && row.connected && !isList(row.port.type);
  const onMouseDownCapture = (event: MouseEvent) => {
    if (!isSingle || view.readOnly) return;
    const curve = view.scene?.curves.find((each) => each.target === owner && each.to === row.reference);
    if (curve) pickUpEdge(event, curve.key);
  };
  const free = row.reference === FREE;
  const required =
    isInput && row.port.required === true && !row.connected && !row.variable && row.preset && !isDock(owner);
  return (
    <Handle
      type={isInput ? "target" : "source"}
      position={isInput ? Position.Left : Position.Right}
      id={handleName(row.reference)}
      className={free ? "pf-port pf-port-free" : "pf-port"}
      style={{ top: row.y }}
      isConnectable={!view.readOnly}
      onMouseDownCapture={onMouseDownCapture}
      data-port={row.reference}
      data-side={row.side}
      data-fits={fit}
      data-connected={row.connected || undefined}
      data-lost={row.lost || undefined}
      data-required={required || undefined}
      title={row.port.help || undefined}
    >
      {free ? (
        <span aria-hidden="true">+</span>
      ) : (
        <PortShape medium={row.medium} list={row.list} hollow={!row.connected && !row.variable} />
      )}
    </Handle>
  );
});
