// A flow's inputs as fields of a form: each is a port made of its JSON Schema, so that the controls of nodes fit.

import { itemsOf } from "../controls/items";
import { same } from "../controls/values";
import { isObject, type Json, type JsonObject } from "../flow/document";
import type { Port } from "../flow/nodeType";
import type { Schema, Values } from "./backend";

export interface FormField {
  name: string;
  title: string;
  port: Port;
  schema: Schema;
  required: boolean;
  /** What it takes: "image" of a list of images. */
  item: string;
  many: boolean;
  isSeed: boolean;
  isMedium: boolean;
  affectsCost: boolean;
  advanced: boolean;
}

const MEDIA = ["image", "mask", "audio", "video"];
/** Schemas name the largest numbers there are where a flow has no limit. */
const BOUNDLESS = 1e15;
/** A slider with more steps than this cannot be aimed. */
const MOST_STEPS = 4096;
const LONG_TEXT = /prompt|text|caption|lyrics|story|description|question|instruction/i;
const RANDOM = "random";

function limit(value: number | undefined): number | undefined {
  return value === undefined || Math.abs(value) >= BOUNDLESS ? undefined : value;
}

function numberControl(schema: Schema, told: JsonObject, whole: boolean): JsonObject {
  const min = limit(schema.minimum);
  const max = limit(schema.maximum);
  const step = schema.multipleOf ?? (typeof told.step === "number" ? told.step : undefined);
  const range = min === undefined || max === undefined ? Number.POSITIVE_INFINITY : max - min;
  const slides = range / (step ?? (whole ? 1 : range / 100)) <= MOST_STEPS;
  const kind = slides && told.kind !== "number" ? "slider" : "number";
  const limits: JsonObject = { ...told, kind };
  for (const [name, value] of Object.entries({ min, max, step })) {
    if (value === undefined) delete limits[name];
    else limits[name] = value;
  }
  return limits;
}

function seedControl(schema: Schema): JsonObject {
  const most = (schema.anyOf ?? [schema]).map((each) => each.maximum).find((value) => value !== undefined);
  return { kind: "seed", min: 0, ...(most === undefined || most >= BOUNDLESS ? {} : { max: most }) };
}

function controlOf(name: string, schema: Schema, item: string): JsonObject | undefined {
  const told: JsonObject = { ...(schema["x-control"] ?? {}) };
  if (schema["x-seed"]) return seedControl(schema);
  const options = schema.enum ?? schema.items?.enum;
  if (options) return { kind: "choices", options };
  const limits = schema.items ?? schema;
  if (item === "int" || item === "float") return numberControl(limits, told, item === "int");
  if (item !== "text" || schema.items) return undefined;
  if (told.kind === "colour" || told.kind === "prompt" || (told.kind === "text" && Number(told.lines) > 1)) return told;
  return LONG_TEXT.test(name) ? { ...told, kind: "prompt", lines: 3 } : { ...told, kind: "text" };
}

function typeOf(schema: Schema, item: string, many: boolean): Port["type"] {
  const options = schema.enum ?? schema.items?.enum;
  if (options) return { choices: options, many };
  return many ? `list[${item}]` : item;
}

function fieldOf(name: string, schema: Schema, required: boolean): FormField {
  const type = schema["x-type"] ?? "any";
  const item = type.replace(/^list\[(.*)\]$/, "$1");
  const many = schema.type === "array";
  const control = controlOf(name, schema, item);
  const isSeed = schema["x-seed"] === true;
  const preset = isSeed && schema.default === -1 ? RANDOM : schema.default;
  const port: Port = { name, type: typeOf(schema, item, many) };
  if (schema.description) port.help = schema.description;
  if (control) port.control = control as Port["control"] & object;
  if (preset !== undefined) port.default = preset;
  else if (!required) port.optional = true;
  return {
    ...{ name, port, schema, required, item, many, isSeed },
    title: schema.title ?? name,
    isMedium: MEDIA.includes(item),
    affectsCost: schema["x-affects-cost"] === true,
    advanced: schema["x-advanced"] === true && !required,
  };
}

/** The fields of a form, in the flow's order. */
export function fieldsOf(request: Schema): FormField[] {
  const required = new Set(request.required ?? []);
  return Object.entries(request.properties ?? {}).map(([name, schema]) => fieldOf(name, schema, required.has(name)));
}

/** What a field shows: what was set, else its default. */
export function shownValue(field: FormField, values: Values): Json {
  return values[field.name] ?? field.port.default ?? null;
}

function asSent(field: FormField, value: Json): Json {
  if (field.isSeed && value === RANDOM) return -1;
  if (!field.isMedium) return value;
  const ids = itemsOf(value).flatMap((item) =>
    isObject(item) && typeof item.$media === "string" ? [item.$media] : [],
  );
  return field.many && ids.length > 0 ? ids : (ids[0] ?? null);
}

/** The inputs as they are sent: everything that the form shows, but for what is empty. */
export function asValues(fields: readonly FormField[], shown: Values): Values {
  const values: Values = {};
  for (const field of fields) {
    const value = asSent(field, shownValue(field, shown));
    if (value !== null) values[field.name] = value;
  }
  return values;
}

function asShown(field: FormField, value: Json): Json {
  if (field.isSeed && Number(value) === -1) return RANDOM;
  if (!field.isMedium) return value;
  const references = itemsOf(value).map((id) => ({ $media: String(id) }));
  return field.many ? references : (references[0] ?? null);
}

/** The form that stands for inputs; what is the default anyway is not set. */
export function asForm(fields: readonly FormField[], values: Values): Values {
  const shown: Values = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined || value === null) continue;
    const own = asShown(field, value);
    if (own !== null && !same(own, field.port.default)) shown[field.name] = own;
  }
  return shown;
}
