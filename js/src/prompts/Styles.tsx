// Styles: words that are put around a prompt; those that ship, and a person's own.

import { type FormEvent, useState } from "react";
import type { Style } from "../bridge/prompts";
import { useAnswer } from "../editor/asking";
import { useEditor } from "../editor/view";

interface Props {
  text: string;
  put(text: string): void;
  isNegative: boolean;
}

function useSay() {
  const { session } = useEditor();
  return (words: string, tone: "alert" | "calm" = "alert") => session.say({ kind: "style", words, tone });
}

function Entry({ style, text, put, isNegative, changed }: { style: Style; changed(): void } & Props) {
  const { session } = useEditor();
  const say = useSay();
  const words = isNegative ? style.negative_prompt : style.prompt;
  const apply = () => {
    if (isNegative) {
      put([text.trim(), words].filter(Boolean).join(", "));
      return;
    }
    void session.link.request({ type: "apply_style", name: style.name, text }).then((answer) => {
      if (answer.type === "reject") say(answer.message);
      else if (answer.type === "ack" && answer.text !== undefined) put(answer.text);
    });
  };
  const remove = () => {
    void session.link.request({ type: "remove_style", name: style.name }).then((answer) => {
      if (answer.type === "reject") say(answer.message);
      else changed();
    });
  };
  return (
    <li>
      <span>
        <strong>{style.name}</strong>
        <small title={words}>{words || (isNegative ? "nothing for a negative prompt" : "")}</small>
      </span>
      {style.is_own && (
        <button type="button" className="pf-plain" aria-label={`Remove the style ${style.name}`} onClick={remove}>
          Remove
        </button>
      )}
      <button
        type="button"
        className="pf-plain"
        aria-label={`Use the style ${style.name}`}
        disabled={!words}
        onClick={apply}
      >
        Use
      </button>
    </li>
  );
}

function Save({ text, isNegative, changed }: Omit<Props, "put"> & { changed(): void }) {
  const { session } = useEditor();
  const say = useSay();
  const [name, setName] = useState("");
  const save = (event: FormEvent) => {
    event.preventDefault();
    const words = isNegative ? { prompt: "", negative_prompt: text } : { prompt: text, negative_prompt: "" };
    void session.link.request({ type: "save_style", name, ...words }).then((answer) => {
      if (answer.type === "reject") say(answer.message);
      else {
        setName("");
        say(`Saved as the style “${name}”.`, "calm");
        changed();
      }
    });
  };
  return (
    <form className="pf-style-save" onSubmit={save}>
      <input
        aria-label="Name of the style"
        placeholder="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" className="pf-plain" disabled={!name.trim() || !text.trim()}>
        Save this prompt as a style
      </button>
    </form>
  );
}

export function Styles(props: Props) {
  const [times, setTimes] = useState(0);
  const answer = useAnswer({ type: "prompt_styles" }, times);
  const changed = () => setTimes((before) => before + 1);
  if (!answer || typeof answer === "string") return <p className="pf-muted">{answer ?? "Asking the kernel…"}</p>;
  const { styles = [] } = answer;
  return (
    <>
      <Save text={props.text} isNegative={props.isNegative} changed={changed} />
      <ul className="pf-style-list">
        {styles.map((style) => (
          <Entry key={style.name} style={style} changed={changed} {...props} />
        ))}
      </ul>
      <p className="pf-muted">A style that has {"{prompt}"} in it puts the prompt there, else its words behind.</p>
    </>
  );
}
