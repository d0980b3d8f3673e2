import type { ReactNode } from "react";
import { useTheme } from "../theme/theme";
import { PlayContext } from "./context";
import { Form } from "./Form";
import { Lightbox } from "./Lightbox";
import type { Play } from "./play";
import { Results } from "./Results";

interface Props {
  play: Play;
  /** What stands right of the title. */
  tools?: ReactNode;
}

/** The frame that everything stands in, with the colours of the page around it. */
export function Frame({ children }: { children: ReactNode }) {
  const theme = useTheme();
  return (
    <div className="pf-root pp" data-pf-theme={theme} data-lm-suppress-shortcuts="true">
      {children}
    </div>
  );
}

export function Playground({ play, tools }: Props) {
  const { title, help, version, problems } = play.about;
  return (
    <PlayContext.Provider value={play}>
      <Frame>
        <header className="pp-head">
          <div>
            <h1>
              {title}
              {version !== null && <span className="pp-version">v{version}</span>}
            </h1>
            {help && <p>{help}</p>}
          </div>
          {tools && <div className="pp-head-tools">{tools}</div>}
        </header>
        {problems.map((words) => (
          <p key={words} className="pp-notice" data-tone="alert" role="alert">
            {words}
          </p>
        ))}
        <div className="pp-main">
          <Form />
          <Results />
        </div>
        <Lightbox />
      </Frame>
    </PlayContext.Provider>
  );
}
