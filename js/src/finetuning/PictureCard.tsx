import { memo, useEffect, useRef, useState } from "react";
import { debounced } from "../editor/store";
import { CARD_HEIGHT, type Dataset, GAP, type Picture, type Thumbnail } from "./dataset";
import type { Problem } from "./kernel";

/** So long nobody writes before a caption goes to the kernel. */
const REST_MS = 400;

/** The caption as it is being written; it goes to the kernel at a pause, and when the field or its card is left. */
function Caption({ dataset, picture }: { dataset: Dataset; picture: Picture }) {
  const { name, caption } = picture;
  const [draft, setDraft] = useState<string | null>(null);
  const written = useRef<string | null>(null);
  const [{ ask, send }] = useState(() => {
    const send = () => {
      rest.cancel();
      const text = written.current;
      written.current = null;
      if (text !== null && text !== dataset.sheet.get()?.pictures.get(name)?.caption)
        void dataset.edit({ captions: { [name]: text } });
    };
    const rest = debounced(REST_MS, send);
    return { ask: rest.ask, send };
  });
  useEffect(() => send, [send]);
  return (
    <textarea
      aria-label={`Caption of ${name}`}
      value={draft ?? caption}
      placeholder="no caption"
      spellCheck={false}
      onChange={({ target }) => {
        written.current = target.value;
        setDraft(target.value);
        ask();
      }}
      onBlur={() => {
        send();
        setDraft(null);
      }}
    />
  );
}

interface Props {
  dataset: Dataset;
  picture: Picture;
  thumbnail: Thumbnail | undefined;
  problems: readonly Problem[] | undefined;
  left: number;
  row: number;
  width: number;
}

export const PictureCard = memo(function PictureCard({
  dataset,
  picture,
  thumbnail,
  problems,
  left,
  row,
  width,
}: Props) {
  const { name, used } = picture;
  const [wide, high] = thumbnail?.size ?? [0, 0];
  return (
    <li
      className="pt-picture"
      data-used={used}
      style={{ top: row * (CARD_HEIGHT + GAP), left, width, height: CARD_HEIGHT }}
      aria-label={name}
    >
      <div className="pt-thumbnail" data-small={(wide > 0 && Math.max(wide, high) <= 128) || undefined}>
        {thumbnail?.url && <img src={thumbnail.url} alt={picture.caption} draggable={false} />}
        {thumbnail?.url === "" && <span>cannot be read</span>}
        {problems && (
          <ul>
            {problems.map(({ code, sentence, severity }) => (
              <li key={code + sentence} data-severity={severity} title={sentence}>
                {code.replaceAll(/[-_]/g, " ")}
              </li>
            ))}
          </ul>
        )}
      </div>
      <Caption dataset={dataset} picture={picture} />
      <footer>
        <span title={name}>{name}</span>
        {wide > 0 && (
          <small>
            {wide} × {high}
          </small>
        )}
        <label title={used ? "Train without it" : "Train with it"}>
          <input
            type="checkbox"
            className="pt-switch"
            checked={used}
            aria-label={`Use ${name}`}
            onChange={(event) => void dataset.edit({ used: { [name]: event.target.checked } })}
          />
        </label>
      </footer>
    </li>
  );
});
