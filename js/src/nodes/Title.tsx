import { type KeyboardEvent, useEffect, useRef } from "react";
import { rename } from "../editor/actions";
import { usePart } from "../editor/store";
import { useEditor } from "../editor/view";

interface Props {
  /** `n1` for a node, `inputs prompt` for an entry of a dock. */
  what: string;
  text: string;
  className: string;
}

function TitleField({ what, text }: { what: string; text: string }) {
  const editor = useEditor();
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    done.current = false;
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);
  const finish = (keep: boolean) => {
    if (done.current) return;
    done.current = true;
    const words = field.current?.value.trim() ?? "";
    editor.view.renaming.set(null);
    if (keep && words !== text) rename(editor, what, words);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    finish(event.key === "Enter");
    editor.view.root?.focus({ preventScroll: true });
  };
  return (
    <input
      ref={field}
      className="pf-title-field nodrag nopan"
      aria-label="Title"
      defaultValue={text}
      onKeyDown={onKeyDown}
      onBlur={() => finish(true)}
    />
  );
}

/** Words that a double click makes editable. */
export function Title({ what, text, className }: Props) {
  const { view } = useEditor();
  const edited = usePart(view.renaming, (renaming) => renaming === what);
  if (edited) return <TitleField what={what} text={text} />;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the menu and F2 do the same from the keyboard.
    <span
      className={className}
      title={text}
      onDoubleClick={(event) => {
        event.stopPropagation();
        if (!view.readOnly) view.renaming.set(what);
      }}
    >
      {text}
    </span>
  );
}
