import type { ReactNode } from "react";
import { Icon } from "../playground/icons";
import { useTheme } from "../theme/theme";
import type { Problem } from "./kernel";

/** The frame that everything stands in, with the colours of the page around it. */
export function Frame({ label, children }: { label: string; children: ReactNode }) {
  const theme = useTheme();
  return (
    <section className="pf-root pt" data-pf-theme={theme} data-lm-suppress-shortcuts="true" aria-label={label}>
      {children}
    </section>
  );
}

export function Alert({ words }: { words: string }) {
  if (!words) return null;
  return (
    <p className="pt-notice" data-tone="alert" role="alert">
      <Icon name="alert" /> <span>{words}</span>
    </p>
  );
}

interface ProblemsProps {
  problems: readonly Problem[];
  /** Which one is looked at. */
  chosen?: string;
  choose?(code: string): void;
}

/** All that is wrong with a dataset, in sentences; errors come first. */
export function Problems({ problems, chosen, choose }: ProblemsProps) {
  if (problems.length === 0) return null;
  return (
    <ul className="pt-problems">
      {problems.map(({ code, sentence, remedy, severity, pictures }) => (
        <li key={code + sentence} data-severity={severity}>
          <Icon name="alert" />
          <span>
            {sentence} {remedy}
          </span>
          {choose && pictures.length > 0 && (
            <button
              type="button"
              className="pt-quiet"
              aria-pressed={chosen === code}
              onClick={() => choose(chosen === code ? "" : code)}
            >
              {chosen === code ? "Show all" : `Show ${pictures.length}`}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
