// Variables of the notebook on ports: picking one by its name, and the name in place of the control.

import { useEffect, useRef, useState } from "react";
import type { VariableEntry } from "../bridge/protocol";
import { Menu } from "../editor/Menu";
import { type Editor, useEditor } from "../editor/view";
import type { Row } from "./card";
import { useInView } from "./inView";
import { Mark } from "./Mark";
import "./variable.css";

/** Lets a port read a variable, or an output of the flow become one; null unbinds it. */
export function bind({ session }: Editor, port: string, variable: string | null, output = false): void {
  void session.link.request({ type: "bind", port, variable, ...(output && { output }) }).then((answer) => {
    if (answer.type === "reject") session.say({ kind: "rejected", words: answer.message, tone: "alert" });
  });
}

/** What of the notebook fits a port, by names, kinds and sizes: no value leaves the kernel for this. */
function useVariables(port: string): VariableEntry[] | null {
  const { session } = useEditor();
  const [found, setFound] = useState<VariableEntry[] | null>(null);
  useEffect(() => {
    let here = true;
    void session.link.request({ type: "variables", port }).then((answer) => {
      if (here) setFound((answer.type === "ack" && answer.variables) || []);
    });
    return () => {
      here = false;
    };
  }, [session, port]);
  return found;
}

function Variables({ row, close }: { row: Row; close(): void }) {
  const editor = useEditor();
  const found = useVariables(row.reference);
  const menu = useRef<HTMLDivElement>(null);
  const style = useInView(menu, found);
  const fitting = found?.map(({ name, kind, size }) => ({
    title: name,
    keys: `${kind} ${size}`,
    act: () => bind(editor, row.reference, name),
  }));
  const none = { title: found ? "Nothing in this notebook fits." : "Asking the notebook…", disabled: true, act() {} };
  const items = fitting?.length ? fitting : [none];
  return <Menu label="Variables" className="pf-variables" items={items} style={style} place={menu} close={close} />;
}

/** The button that opens the list; an output of the flow becomes the variable of its own name. */
function Pick({ row, output }: { row: Row; output: boolean }) {
  const editor = useEditor();
  const [open, setOpen] = useState(false);
  const title = output ? `Make it the variable “${row.reference}” of the notebook` : "Use a variable of the notebook…";
  return (
    <>
      <button
        type="button"
        className="pf-pick nodrag nopan"
        aria-label={`${row.title}: ${title}`}
        title={title}
        aria-haspopup={output ? undefined : "menu"}
        aria-expanded={output ? undefined : open}
        onPointerDown={(event) => open && event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          if (output) bind(editor, row.reference, row.reference, output);
          else setOpen(!open);
        }}
      >
        x
      </button>
      {open && <Variables row={row} close={() => setOpen(false)} />}
    </>
  );
}

interface Props {
  row: Row;
  /** It is an output of the flow. */
  output?: boolean;
  /** What is wrong with it, in words. */
  wrong?: string | undefined;
}

/** The variable of a port as a chip, or the way to pick one. */
export function Binding({ row, output = false, wrong }: Props) {
  const editor = useEditor();
  const { variable, reference } = row;
  if (!variable)
    return row.lost || (row.connected && !output) || editor.view.readOnly ? null : <Pick row={row} output={output} />;
  const title = output
    ? "It becomes this variable of the notebook after each run."
    : "It reads this variable of the notebook.";
  const words = (
    <>
      <i>x</i>
      {variable}
    </>
  );
  const away = row.lost ? null : () => bind(editor, reference, null, output);
  return <Mark kind="variable" words={words} title={wrong ?? title} what={`the variable ${variable}`} away={away} />;
}
