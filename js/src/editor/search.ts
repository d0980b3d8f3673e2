// Finds node types by what was typed: in the title first, then in the shelf, then in the help.

import type { NodeType, NodeTypes } from "../flow/nodeType";

export interface Found {
  name: string;
  type: NodeType;
}

function initials(words: string): string {
  return words
    .split(/[\s_]+/)
    .map((word) => word.charAt(0))
    .join("");
}

/** Whether letters stand in a text in this order. */
function holdsInOrder(text: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** How well one word fits a type: 0 is not at all. */
function scoreOf(word: string, name: string, type: NodeType): number {
  const title = type.title.toLowerCase();
  if (title.startsWith(word)) return 100;
  if (title.split(" ").some((each) => each.startsWith(word))) return 80;
  if (initials(title).startsWith(word)) return 60;
  if (title.includes(word) || name.toLowerCase().includes(word)) return 50;
  if ((type.family ?? "").toLowerCase().startsWith(word)) return 40;
  if ((type.help ?? "").toLowerCase().includes(word)) return 20;
  return word.length >= 3 && holdsInOrder(title, word) ? 10 : 0;
}

/** The types that fit every word, the best first; among equals the recently used first, then the palette's order. */
export function searchTypes(types: NodeTypes, typed: string, recent: readonly string[]): Found[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const rank = (name: string) => {
    const place = recent.indexOf(name);
    return place < 0 ? recent.length : place;
  };
  const scored = Object.entries(types).flatMap(([name, type]) => {
    const scores = words.map((word) => scoreOf(word, name, type));
    return scores.some((score) => score === 0)
      ? []
      : [{ name, type, score: scores.reduce((sum, each) => sum + each, 0) }];
  });
  return scored.sort((one, other) => other.score - one.score || rank(one.name) - rank(other.name));
}
