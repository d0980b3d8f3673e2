import { useRef } from "react";
import type { FileForm } from "../bridge/results";
import { duplicate, removeThese, selectedNodes } from "../editor/actions";
import { download } from "../editor/download";
import { DotsIcon } from "../editor/icons";
import { Menu, type MenuItem } from "../editor/Menu";
import { areAll, mute, pin, run } from "../editor/running";
import { usePart } from "../editor/store";
import { makeOne, subflowOf, unpack } from "../editor/subflows";
import { type Editor, useEditor } from "../editor/view";
import { useInView } from "./inView";

/** The result that a card shows: which item of it, and whether its file says how it was made. */
function shownBy({ session, view }: Editor, id: string): { reference: string; item: number; isMade: boolean } | null {
  const reference = view.scene?.cards.get(id)?.frame?.reference ?? "";
  const result = session.results.snapshot().get(reference);
  if (!result || result.preview) return null;
  const looked = view.items.get(reference);
  return { reference, item: looked?.of === result ? looked.item : 0, isMade: result.text === null };
}

/** With several nodes selected, what is done about running is done with all of them. */
function itemsOf(editor: Editor, id: string): MenuItem[] {
  const selected = selectedNodes(editor);
  const ids = selected.includes(id) ? selected : [id];
  const { document, flow } = editor.session.sync.snapshot();
  const subflow = ids.length === 1 ? subflowOf(document, flow.nodes.get(id)?.type) : null;
  const inside: MenuItem[] = subflow ? [{ title: "Look inside", act: () => editor.view.inside.set(id) }] : [];
  const apart: MenuItem[] =
    subflow?.kind === "flow" ? [{ title: "Unpack", keys: "Shift Ctrl G", act: () => unpack(editor, id) }] : [];
  const asCells = () => {
    editor.view.form.set(`node ${id}`);
    editor.view.panel.set("export");
  };
  const shown = ids.length === 1 ? shownBy(editor, id) : null;
  const save = (form: FileForm) => shown && void download(editor, shown.reference, shown.item, form);
  const several = ids.length > 1 ? ` ${ids.length} nodes` : "";
  return [
    {
      title: several ? `Run${several}` : "Run to here",
      keys: selected.includes(id) ? "Shift Enter" : "",
      act: () => run(editor, ids),
    },
    { title: `${areAll(editor, ids, "muted") ? "Unmute" : "Mute"}${several}`, keys: "M", act: () => mute(editor, ids) },
    { title: `${areAll(editor, ids, "pinned") ? "Unpin" : "Pin"}${several}`, keys: "P", act: () => pin(editor, ids) },
    ...inside,
    ...apart,
    ...(subflow ? [] : [{ title: "Make a subflow", keys: "Ctrl G", act: () => makeOne(editor, ids) }]),
    ...(ids.length === 1 ? [{ title: "Open as cells", act: asCells }] : []),
    ...(shown ? [{ title: "Download the result", act: () => save("file") }] : []),
    ...(shown?.isMade ? [{ title: "Download without record", act: () => save("bare file") }] : []),
    { title: "Duplicate", keys: "Ctrl D", act: () => duplicate(editor, [id]) },
    { title: "Rename", keys: "F2", act: () => editor.view.renaming.set(id) },
    { title: "Delete", keys: "Del", act: () => removeThese(editor, [id], [], null) },
  ];
}

function OpenMenu({ id }: { id: string }) {
  const editor = useEditor();
  const menu = useRef<HTMLDivElement>(null);
  const style = useInView(menu);
  return (
    <Menu
      label="Node"
      items={itemsOf(editor, id)}
      style={style}
      place={menu}
      close={() => editor.view.menu.set(null)}
    />
  );
}

/** The button that opens what can be done with a node. */
export function NodeMenu({ id }: { id: string }) {
  const { view } = useEditor();
  const open = usePart(view.menu, (menu) => menu === id);
  return (
    <>
      <button
        type="button"
        className="pf-tool pf-more nodrag nopan"
        aria-label="More"
        aria-haspopup="menu"
        aria-expanded={open}
        // The menu closes itself when the pointer goes down elsewhere; here it would only open again.
        onPointerDown={(event) => open && event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          view.menu.set(open ? null : id);
        }}
      >
        <DotsIcon />
      </button>
      {open && <OpenMenu id={id} />}
    </>
  );
}
