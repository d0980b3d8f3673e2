import type { Json } from "../src/flow/document";

/** JSON text with sorted keys: equal for equal documents, also where a key is called `constructor` or `__proto__`. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: Json) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}
