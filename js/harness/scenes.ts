// Flows to look at, with the types that they need; `?scene=large`.

import type { ModelEntry } from "../src/bridge/protocol";
import type { FlowDocument, Json, JsonObject } from "../src/flow/document";
import type { NodeTypes } from "../src/flow/nodeType";
import { types } from "./types";

export interface Scene {
  flow: FlowDocument;
  types: NodeTypes;
  models: ModelEntry[];
}

const card = (name: string, title: string, about: Partial<ModelEntry>): ModelEntry => ({
  name,
  title,
  kind: "model",
  tasks: ["text_to_image"],
  modality: "image",
  base_model: title,
  installed: false,
  megabytes: 0,
  licence: "",
  memory_gb: 0,
  source: `owner/${name}`,
  help: "",
  ...about,
});

const models: ModelEntry[] = [
  card("starter", "Starter", {
    installed: true,
    megabytes: 10,
    licence: "MIT",
    help: "Paints simple shapes in two seconds.",
  }),
  card("sdxl", "Stable Diffusion XL", {
    base_model: "SDXL",
    megabytes: 6940,
    licence: "CreativeML Open RAIL++-M",
    memory_gb: 8,
    help: "Paints almost anything at 1024 px.",
  }),
  card("sdxl-turbo", "SDXL Turbo", {
    base_model: "SDXL",
    installed: true,
    megabytes: 6940,
    licence: "Stability AI Non-Commercial",
    memory_gb: 8,
    help: "Paints in one to four steps.",
  }),
  card("flux-dev", "FLUX.1 dev", {
    base_model: "FLUX.1",
    megabytes: 33_700,
    licence: "FLUX.1 dev Non-Commercial",
    memory_gb: 34,
    gated: true,
    help: "Follows long prompts closely; writes legible words.",
  }),
  card("smollm2-135m", "SmolLM2 135M", {
    tasks: ["chat"],
    modality: "text",
    base_model: "Llama",
    megabytes: 98,
    licence: "Apache-2.0",
    memory_gb: 0.4,
    help: "Answers in a few words, on any laptop.",
    command: 'pip install "pixelflow-widgets[offline-llm]"',
  }),
  card("musicgen", "MusicGen, small", {
    tasks: ["text_to_music"],
    modality: "audio",
    base_model: "MusicGen",
    megabytes: 2364,
    licence: "CC-BY-NC-4.0",
    help: "Makes instrumental music of a description, up to 30 seconds.",
  }),
  card("ink-sdxl", "Ink wash", {
    kind: "lora",
    tasks: ["lora"],
    base_model: "SDXL",
    installed: true,
    megabytes: 18,
    help: "Paints with brush and ink.",
  }),
  card("neon-flux", "Neon", {
    kind: "lora",
    tasks: ["lora"],
    base_model: "FLUX.1",
    installed: true,
    megabytes: 38,
    help: "Light at night.",
  }),
];

type Parts = Partial<{ nodes: JsonObject; edges: Json[]; inputs: Json[]; outputs: Json[]; positions: JsonObject }>;

function scene(name: string, { positions = {}, ...parts }: Parts): Scene {
  const empty = { nodes: {}, edges: [], inputs: [], outputs: [] };
  return { flow: { format: "pixelflow", version: 1, name, ...empty, ...parts, layout: { positions } }, types, models };
}

const node = (type: string, values: JsonObject = {}, fields: JsonObject = {}): JsonObject => ({
  type,
  type_version: 1,
  values,
  ...fields,
});

const first = scene("first", {
  nodes: { n1: node("text_to_image", { seed: 7 }) },
  inputs: [{ name: "prompt", type: "text", default: "a red circle on a blue background", feeds: ["n1.prompt"] }],
  outputs: [{ name: "image", from: "n1.image" }],
  positions: { n1: [0, 0] },
});

const chain = scene("poster", {
  nodes: {
    n1: node("write_prompt", { styles: ["flat colours", "screen print"] }),
    n2: node("text_to_image", { steps: 24, seed: 41 }, { title: "Draw the poster" }),
    n3: node("duotone", { hue: 0.12 }),
    n4: node("speak"),
    n5: node("upscale_by_hand", { factor: 4 }, { type_version: 3 }),
  },
  edges: [
    { from: "n1.text", to: "n2.prompt" },
    { from: "n1.text", to: "n4.text" },
    { from: "n2.image", to: "n3.image" },
    { from: "n2.image", to: "n5.image" },
  ],
  inputs: [
    { name: "idea", type: "text", title: "Idea", default: "a lighthouse at night", feeds: ["n1.idea"] },
    { name: "guidance", type: "float", default: 5.5, limits: { min: 0, max: 20 }, feeds: ["n2.guidance"] },
  ],
  outputs: [
    { name: "poster", from: "n3.image" },
    { name: "voice", from: "n4.audio" },
  ],
});

const controls = scene("controls", { nodes: { n1: node("every_control") }, positions: { n1: [0, 0] } });

const failing = scene("failing", {
  nodes: {
    paint: node("text_to_image", { prompt: "a red circle" }),
    fails: node("always_fails"),
    last: node("duotone"),
  },
  edges: [
    { from: "paint.image", to: "fails.image" },
    { from: "fails.image", to: "last.image" },
  ],
  positions: { paint: [0, 0], fails: [340, 0], last: [680, 0] },
});

/** What the engine has to show: lists, a question, pins, mutes, and a node that fails for some items. */
const engine = scene("variants", {
  nodes: {
    idea: node("prompt", { text: "a lighthouse at night" }),
    paint: node("variants", { count: 4 }),
    tint: node("duotone", { hue: 0.2 }),
    pick: node("choose"),
    finish: node("duotone", { hue: 0.8 }, { title: "Finish" }),
    save: node("save_image"),
  },
  edges: [
    { from: "idea.text", to: "paint.prompt" },
    { from: "paint.images", to: "tint.image" },
    { from: "tint.image", to: "pick.candidates" },
    { from: "pick.image", to: "finish.image" },
    { from: "finish.image", to: "save.image" },
  ],
  positions: { idea: [0, 0], paint: [320, 0], tint: [640, 0], pick: [960, 0], finish: [1280, 0], save: [1600, 0] },
});

const words = scene("words", {
  nodes: { ideas: node("ideas"), pick: node("choose_words", { note: "Which idea?" }), say: node("speak") },
  edges: [
    { from: "ideas.texts", to: "pick.candidates" },
    { from: "pick.text", to: "say.text" },
  ],
  positions: { ideas: [0, 0], pick: [320, 0], say: [640, 0] },
});

const items = scene("items", {
  nodes: { paint: node("variants", { prompt: "a boat", count: 7 }), test: node("fragile") },
  edges: [{ from: "paint.images", to: "test.image" }],
  positions: { paint: [0, 0], test: [340, 0] },
});

/** A base model that two adapters change, feeding a picture. */
const adapters = scene("adapters", {
  nodes: {
    load: node("load_model", { model: { $model: { source: "sdxl-turbo", options: {}, adapters: [] } } }),
    ink: node("add_lora", { lora: "adapters/ink.safetensors", weight: 0.8 }),
    stack: node("lora_stack", { loras: "ink-sdxl 0.6\n# neon-flux 1 @ 0:1, 0.5:0" }),
    words: node("prompt", { text: "a lighthouse at night" }),
    paint: node("image_to_image", { "options.clip_skip": 2, "options.true_guidance": 3 }),
  },
  edges: [
    { from: "load.model", to: "ink.model" },
    { from: "ink.model", to: "stack.model" },
    { from: "stack.model", to: "paint.model" },
    { from: "words.text", to: "paint.prompt" },
  ],
  positions: { load: [0, 0], words: [0, 170], ink: [330, 0], stack: [660, 0], paint: [990, 0] },
});

const missing = scene("missing", {
  nodes: {
    draft: node("text_to_image", { prompt: "a red circle", model: "sdxl" }),
    fine: node("text_to_image", { prompt: "a red circle", model: "flux-dev" }),
  },
  positions: { draft: [0, 0], fine: [340, 0] },
});

/** A model that comes with a Python package, and one that takes much memory. */
const fits = scene("fits", {
  nodes: {
    talks: node("load_model", { model: "smollm2-135m" }),
    paints: node("text_to_image", { prompt: "a red circle", model: "sdxl-turbo" }),
    wired: node("image_to_image", {}),
    large: node("load_model", { model: "flux-dev" }),
  },
  edges: [{ from: "large.model", to: "wired.model" }],
  positions: { talks: [0, 0], large: [0, 200], paints: [340, 0], wired: [680, 0] },
});

/** One node for each medium. */
const media = scene("media", {
  nodes: {
    chat: node("chat", { prompt: "Tell me of a lighthouse." }),
    speak: node("speak", { text: "The lamp is lit." }),
    film: node("text_to_video", { prompt: "a ball that rolls" }),
    table: node("segment"),
    paint: node("text_to_image", { prompt: "a red circle" }),
  },
  positions: { chat: [0, 0], speak: [330, 0], table: [330, 260], film: [660, 0], paint: [990, 0] },
});

/** 100 rows of ten nodes: a prompt, a picture, and eight that paint it over. */
function large(): Scene {
  const nodes: JsonObject = {};
  const edges: Json[] = [];
  const positions: JsonObject = {};
  for (let row = 0; row < 100; row += 1) {
    for (let column = 0; column < 10; column += 1) {
      const id = `n${row}_${column}`;
      positions[id] = [column * 340, row * 620];
      if (column === 0) nodes[id] = node("prompt", { text: `row ${row}` });
      else if (column === 1) nodes[id] = node("text_to_image", { seed: row });
      else nodes[id] = node("duotone", { hue: column / 10 });
      const to = column === 1 ? "prompt" : "image";
      if (column > 0)
        edges.push({ from: `n${row}_${column - 1}.${column === 1 ? "text" : "image"}`, to: `${id}.${to}` });
    }
  }
  return scene("large", { nodes, edges, positions });
}

/** Made when asked for, so that a scene that is looked at does not wait for the others. */
const made: Record<string, () => Scene> = {
  empty: () => scene("untitled", {}),
  first: () => first,
  chain: () => chain,
  controls: () => controls,
  failing: () => failing,
  engine: () => engine,
  words: () => words,
  items: () => items,
  adapters: () => adapters,
  missing: () => missing,
  fits: () => fits,
  media: () => media,
  large,
};

export const SCENES: readonly string[] = Object.keys(made);

export function makeScene(name: string): Scene {
  return structuredClone((made[name] ?? made.first)?.() as Scene);
}
