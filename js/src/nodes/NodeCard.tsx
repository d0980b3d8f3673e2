import { memo } from "react";
import type { Problem } from "../bridge/protocol";
import type { NodeRun } from "../bridge/runs";
import "./nodes.css";
import { AlertIcon, ChevronIcon } from "../editor/icons";
import { useStored } from "../editor/store";
import { useEditor } from "../editor/view";
import { ResultFrame } from "../media/ResultFrame";
import { Badge, PinMark, Progress } from "./Badges";
import { Below, isLoud } from "./Below";
import { type AdvancedLine, type Card, ROW_HEIGHT } from "./card";
import { NodeMenu } from "./NodeMenu";
import { PassThrough } from "./PassThrough";
import { PortHandles, PortRow } from "./PortRow";
import { PortShape } from "./PortShape";
import { Question } from "./Question";
import { Title } from "./Title";
import { cardWords, useNodeRun, useProblems, useRefused, useStale } from "./useRow";

function Advanced({ id, line }: { id: string; line: AdvancedLine }) {
  const { view } = useEditor();
  const toggle = () =>
    view.open.update((open) => {
      const next = new Set(open);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <button
      type="button"
      className="pf-advanced nodrag nopan"
      style={{ top: line.y, height: ROW_HEIGHT }}
      aria-expanded={line.open}
      onClick={toggle}
    >
      <ChevronIcon /> Advanced <span className="pf-count">{line.count}</span>
    </button>
  );
}

interface HeaderProps {
  card: Card;
  run: NodeRun | undefined;
  warned: boolean;
  stale: boolean;
}

function Header({ card, run, warned, stale }: HeaderProps) {
  const { view } = useEditor();
  const under = run?.state === "running" && run.note ? run.note : card.known ? card.subtitle : "not installed here";
  return (
    <header className="pf-card-header">
      <span className={`pf-card-icon pf-medium-${card.medium}`}>
        <PortShape medium={card.medium} />
      </span>
      <span className="pf-card-names" title={(run?.state === "running" && run.note) || card.help || undefined}>
        <Title what={card.id} text={card.title} className="pf-card-title" />
        {under && <span className="pf-card-subtitle">{under}</span>}
      </span>
      {warned && (
        <span className="pf-warned">
          <AlertIcon />
        </span>
      )}
      {card.pinned && <PinMark loose={stale} />}
      <Badge card={card} run={run} stale={stale} />
      {!view.readOnly && <NodeMenu id={card.id} />}
    </header>
  );
}

/** In a comparison, where both flows are seen whole: a title that can be read, over the place of what it made. */
function LargeTitle({ card }: { card: Card }) {
  const { view } = useEditor();
  const zoom = useStored(view.zoom);
  const fontSize = Math.min(READABLE / zoom, LARGEST_TITLE);
  const height = card.frame?.y ?? card.height;
  const lines = Math.max(1, Math.floor((height - 12) / (fontSize * LINE)));
  return (
    <header className={`pf-large-title pf-medium-${card.medium}`} style={{ height, fontSize }}>
      <span style={{ WebkitLineClamp: lines }}>{card.title}</span>
    </header>
  );
}

/** What is wrong with an input and can be seen at once; what is only missing is asked for by its hollow port. */
function wrongWith(problems: readonly Problem[], port: string): string | undefined {
  return problems.find((problem) => problem.port === port && isLoud(problem))?.message;
}

const READABLE = 11;
const LINE = 1.15;
const LARGEST_TITLE = 64;

interface Props {
  card: Card;
  selected: boolean;
  /** Too far away for words: only what can be recognised is drawn. */
  far: boolean;
}

export const NodeCard = memo(function NodeCard({ card, selected, far }: Props) {
  const { view } = useEditor();
  const run = useNodeRun(card.id);
  const problems = useProblems(card.id);
  const refused = useRefused();
  const stale = useStale(card.id);
  const { frame } = card;
  const words = cardWords(card, run, stale);
  const classes = ["pf-card", !card.known && "pf-card-unknown", far && "pf-card-far", selected && "pf-card-selected"];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a card is no fieldset.
    <section
      className={classes.filter(Boolean).join(" ")}
      role="group"
      aria-label={words ? `${card.title}, ${words}` : card.title}
      data-node={card.id}
      data-state={run?.state ?? "idle"}
      data-muted={card.muted || undefined}
      data-stale={stale || undefined}
      data-told={refused || undefined}
      data-different={view.different.has(card.id) || undefined}
    >
      {far && view.readOnly ? (
        <LargeTitle card={card} />
      ) : (
        <Header card={card} run={run} warned={problems.length > 0 && run?.state !== "failed"} stale={stale} />
      )}
      <Progress run={run} title={card.title} />
      {card.muted && <PassThrough card={card} />}
      {!far && (
        <ul className="pf-rows">
          {card.rows.map((row) => (
            <PortRow
              key={`${row.side} ${row.reference}`}
              node={card.id}
              row={row}
              line={frame?.reference !== row.reference}
              problem={row.side === "input" ? wrongWith(problems, row.port.name) : undefined}
            />
          ))}
        </ul>
      )}
      {!far && card.advanced && <Advanced id={card.id} line={card.advanced} />}
      {frame && <ResultFrame frame={frame} title={card.title} state={run?.state} stale={stale} />}
      <PortHandles owner={card.id} rows={card.rows} />
      {!far && <Below run={run} problems={problems} frame={frame} />}
      {run?.state === "asking" && !view.readOnly && <Question id={card.id} title={card.title} run={run} />}
    </section>
  );
});
