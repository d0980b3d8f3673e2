import { useState } from "react";
import { useGettings } from "../bridge/models";
import type { Problem } from "../bridge/protocol";
import type { NodeRun } from "../bridge/runs";
import { useTrait } from "../bridge/traits";
import { modelIn, partOf } from "../controls/modelChoice";
import { useEditor } from "../editor/view";
import { type Frame, PADDING } from "./card";

const placeIn = ({ y, height }: Frame) => ({ top: y, height, left: PADDING, right: PADDING });

/** Why a node or some of its items failed: words first, the traceback for who asks for it. */
function Failure({ run }: { run: NodeRun }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="pf-failed nodrag nopan" role="alert">
      {run.state === "failed" && <p>{run.error ?? "This node failed."}</p>}
      {run.itemErrors.length > 0 && (
        <ul className="pf-item-errors nowheel">
          {run.itemErrors.map(({ item, error }) => (
            <li key={item}>
              <strong>Item {item + 1}</strong> {error}
            </li>
          ))}
        </ul>
      )}
      {run.traceback && (
        <>
          <button type="button" className="pf-link" aria-expanded={open} onClick={() => setOpen(!open)}>
            {open ? "Hide details" : "Details"}
          </button>
          {open && <pre className="nowheel">{run.traceback}</pre>}
        </>
      )}
    </div>
  );
}

/** What is not finished is no mistake: it is said when a run was refused, or to who asks. */
const QUIET = new Set(["missing-input", "unknown-type", "newer-type", "muted"]);

/** Whether a problem is said as soon as it is there: what was chosen does not fit. */
export function isLoud({ code }: Problem): boolean {
  return code !== undefined && !QUIET.has(code);
}

/** The way to get a model that is missing; how far it is, once it is on its way. */
function WayToGet({ words }: { words: string }) {
  const { session, view } = useEditor();
  const gettings = useGettings(session.desk);
  const model = modelIn(words, useTrait(session.model, "models") ?? [], gettings.values());
  // The words end with the command that brings it.
  if (model?.command) return null;
  const getting = gettings.get(model?.name ?? "");
  return (
    <div className="pf-way-to-get">
      {getting?.state === "getting" ? (
        `Getting it: ${partOf(getting)}`
      ) : (
        <button type="button" className="pf-link" onClick={() => view.panel.set("models")}>
          Get it
        </button>
      )}
    </div>
  );
}

function ProblemWords({ problem }: { problem: Problem }) {
  const { code, message, remedy, severity } = problem;
  return (
    <div
      className="pf-problem nodrag nopan"
      role={isLoud(problem) ? "alert" : undefined}
      data-loud={isLoud(problem) || undefined}
      data-severity={severity ?? "error"}
    >
      {message} {remedy}
      {code === MISSING && <WayToGet words={message} />}
    </div>
  );
}

/** The code of a problem about a model that is not on this machine. */
export const MISSING = "missing-model";

interface Props {
  run: NodeRun | undefined;
  problems: readonly Problem[];
  frame: Frame | null;
}

/** A smaller frame holds no words. */
const LEAST_HEIGHT = 120;

/** What is to be said of a node, in place of its result, else under its card: it moves nothing when it comes and goes. */
export function Below({ run, problems, frame }: Props) {
  const failed = run?.state === "failed" || (run?.itemErrors.length ?? 0) > 0;
  if (!failed && problems.length === 0) return null;
  const inFrame = frame !== null && frame.height >= LEAST_HEIGHT;
  return (
    <div
      className={inFrame ? "pf-below pf-below-inside nowheel" : "pf-below"}
      style={inFrame ? placeIn(frame) : undefined}
    >
      {run && failed && <Failure run={run} />}
      {problems.map((problem) => (
        <ProblemWords key={problem.message} problem={problem} />
      ))}
    </div>
  );
}
