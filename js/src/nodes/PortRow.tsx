import { blockHeight, ROW_HEIGHT, type Row } from "../view/card";
import { PortShape } from "./PortShape";

/** One port, or one entry of a dock; `text` is a result that fits on the line of an output. */
export function PortRow({ row, text = null }: { row: Row; text?: string | null }) {
  const classes = ["pf-row", `pf-row-${row.side}`, row.preset && "pf-row-preset"].filter(Boolean).join(" ");
  const shown = row.value ?? text;
  const value = shown !== null && (
    <span className={row.lines ? "pf-value pf-value-block" : "pf-value"} title={shown}>
      {shown}
    </span>
  );
  return (
    <li className={classes} style={{ top: row.y - ROW_HEIGHT / 2, height: ROW_HEIGHT }}>
      <span className="pf-port">
        <PortShape medium={row.medium} list={row.list} />
      </span>
      <span className="pf-port-title">{row.title}</span>
      {row.lines ? <div style={{ top: ROW_HEIGHT, height: blockHeight(row.lines) - 4 }}>{value}</div> : value}
    </li>
  );
}
