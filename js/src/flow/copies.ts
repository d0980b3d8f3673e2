// Objects of a document are never changed; an edit changes its own copies of them.

import type { Json, JsonObject } from "./document";

/** What was copied for the edit that is being made, which nobody else has seen: it is changed as it is. */
let own = new WeakSet<JsonObject>();

/** What is copied from now on belongs to another edit. */
export function beginEdit(): void {
  own = new WeakSet();
}

/** A thousand nodes that are deleted at once are one copy of all nodes, not a thousand. */
export function copyOf(object: JsonObject): JsonObject {
  if (own.has(object)) return object;
  const copy: JsonObject = {};
  // Key by key: where keys were deleted before, all entries at once take ten times as long.
  for (const name of Object.keys(object)) put(copy, name, object[name] as Json);
  own.add(copy);
  return copy;
}

export function put(object: JsonObject, name: string, value: Json): JsonObject {
  // An assignment would not make a field of this name.
  if (name !== "__proto__") object[name] = value;
  else Object.defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
  return object;
}

/** An object without one of its fields. */
export function without(object: JsonObject, name: string): JsonObject {
  const left = copyOf(object);
  delete left[name];
  return left;
}
