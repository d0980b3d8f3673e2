// Light or dark is decided by the page that hosts the widget; without a host that says so, by the system.

import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const SYSTEM_DARK = "(prefers-color-scheme: dark)";

export function currentTheme(): Theme {
  const { body, documentElement: root } = document;
  const jupyter = body.dataset.jpThemeLight;
  if (jupyter !== undefined) return jupyter === "true" ? "light" : "dark";
  const classes = body.classList;
  if (classes.contains("vscode-dark") || classes.contains("vscode-high-contrast")) return "dark";
  if (classes.contains("vscode-light") || classes.contains("vscode-high-contrast-light")) return "light";
  // marimo marks its root by class, Colab by attribute.
  const marked = [...root.classList, ...classes, root.getAttribute("theme"), body.dataset.theme];
  if (marked.includes("dark")) return "dark";
  if (marked.includes("light")) return "light";
  return matchMedia(SYSTEM_DARK).matches ? "dark" : "light";
}

function watchTheme(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  for (const element of [document.body, document.documentElement]) observer.observe(element, { attributes: true });
  const system = matchMedia(SYSTEM_DARK);
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(watchTheme, currentTheme, () => "light");
}
