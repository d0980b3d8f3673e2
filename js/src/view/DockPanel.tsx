import { PortRow } from "../nodes/PortRow";
import type { Dock } from "./scene";

/** The flow's own inputs or outputs: its signature, drawn. */
export function DockPanel({ dock }: { dock: Dock }) {
  return (
    <section
      className={`pf-dock pf-dock-${dock.side}`}
      style={{ left: dock.x, top: dock.y, width: dock.width, height: dock.height }}
      aria-label={`${dock.title} of the flow`}
    >
      <header className="pf-dock-header">{dock.title}</header>
      <ul className="pf-rows">
        {dock.rows.map((row) => (
          <PortRow key={row.reference} row={row} />
        ))}
      </ul>
    </section>
  );
}
