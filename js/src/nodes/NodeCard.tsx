import type { Results } from "../bridge/results";
import { ResultFrame } from "../media/ResultFrame";
import type { PlacedCard } from "../view/scene";
import { PortRow } from "./PortRow";
import { PortShape } from "./PortShape";

export function NodeCard({ card, results }: { card: PlacedCard; results: Results }) {
  const { frame } = card;
  const result = frame ? results.get(frame.reference) : undefined;
  const state = result ? (result.preview ? ", running" : ", with a result") : "";
  const unknown = card.known ? "" : ", its type is not installed here";
  const subtitle = card.known ? card.subtitle : "not installed here";
  return (
    <section
      className={card.known ? "pf-card" : "pf-card pf-card-unknown"}
      style={{ left: card.x, top: card.y, width: card.width, height: card.height }}
      aria-label={`${card.title}${unknown}${state}`}
    >
      <header className="pf-card-header">
        <span className={`pf-card-icon pf-medium-${card.medium}`}>
          <PortShape medium={card.medium} />
        </span>
        <span className="pf-card-names">
          <span className="pf-card-title" title={card.title}>
            {card.title}
          </span>
          {subtitle && <span className="pf-card-subtitle">{subtitle}</span>}
        </span>
      </header>
      <ul className="pf-rows">
        {card.rows.map((row) => (
          <PortRow
            key={`${row.side} ${row.reference}`}
            row={row}
            text={row.side === "output" ? (results.get(row.reference)?.text ?? null) : null}
          />
        ))}
      </ul>
      {frame && <ResultFrame frame={frame} result={result} title={card.title} />}
    </section>
  );
}
