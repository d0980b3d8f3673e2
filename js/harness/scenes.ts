import type { ViewDocument } from "../src/bridge/model";
import type { ResultMessage } from "../src/bridge/results";

interface HarnessScene {
  document: ViewDocument;
  messages: ResultMessage[];
}

const types: ViewDocument["types"] = {
  text_to_image: {
    title: "Text to image",
    inputs: [
      { name: "model", title: "Model", type: "model", default: { $model: { source: "starter" } } },
      { name: "prompt", title: "Prompt", type: "text" },
      { name: "negative_prompt", title: "Negative prompt", type: "text", default: "" },
      { name: "steps", title: "Steps", type: "int", default: 12 },
      { name: "guidance", title: "Guidance", type: "float", default: 5 },
      { name: "seed", title: "Seed", type: "int", default: "random" },
    ],
    outputs: [{ name: "image", title: "Image", type: "image" }],
  },
  write_prompt: {
    title: "Write a prompt",
    inputs: [
      { name: "idea", title: "Idea", type: "text" },
      { name: "styles", title: "Styles", type: "list[text]", default: [] },
    ],
    outputs: [{ name: "text", title: "Text", type: "text" }],
  },
  duotone: {
    title: "Duotone",
    inputs: [
      { name: "image", title: "Image", type: "image" },
      { name: "hue", title: "Hue", type: "float", default: 0.6 },
      { name: "blend", title: "Blend", type: { choices: ["multiply", "screen"] }, default: "screen" },
    ],
    outputs: [{ name: "image", title: "Image", type: "image" }],
  },
  speak: {
    title: "Text to speech",
    inputs: [{ name: "text", title: "Text", type: "text" }],
    outputs: [{ name: "audio", title: "Audio", type: "audio" }],
  },
};

const first: HarnessScene = {
  document: {
    types,
    flow: {
      format: "pixelflow",
      version: 1,
      name: "first",
      nodes: { n1: { type: "text_to_image", type_version: 1, title: null, values: { seed: "7" } } },
      edges: [],
      inputs: [{ name: "prompt", type: "text", default: "a red circle on a blue background", feeds: ["n1.prompt"] }],
      outputs: [{ name: "image", from: "n1.image" }],
      layout: { positions: { n1: [0, 0] } },
    },
  },
  messages: [{ type: "result", node: "n1", port: "image", mime: "image/png" }],
};

const chain: HarnessScene = {
  document: {
    types,
    flow: {
      format: "pixelflow",
      version: 1,
      name: "poster",
      nodes: {
        n1: { type: "write_prompt", type_version: 1, values: { styles: ["flat colours", "screen print"] } },
        n2: { type: "text_to_image", type_version: 1, title: "Draw the poster", values: { steps: 20, seed: "41" } },
        n3: { type: "duotone", type_version: 1, values: { hue: 0.12 } },
        n4: { type: "speak", type_version: 1, values: {} },
        n5: { type: "upscale_by_hand", type_version: 3, values: { factor: 4 } },
      },
      edges: [
        { from: "n1.text", to: "n2.prompt" },
        { from: "n1.text", to: "n4.text" },
        { from: "n2.image", to: "n3.image" },
        { from: "n2.image", to: "n5.image" },
      ],
      inputs: [
        { name: "idea", type: "text", title: "Idea", default: "a lighthouse at night", feeds: ["n1.idea"] },
        { name: "guidance", type: "float", default: 5.5, feeds: ["n2.guidance"] },
      ],
      outputs: [
        { name: "poster", from: "n3.image" },
        { name: "voice", from: "n4.audio" },
      ],
    },
  },
  messages: [{ type: "preview", node: "n2", port: "image", mime: "image/png" }],
};

const empty: HarnessScene = {
  document: {
    types: {},
    flow: { format: "pixelflow", version: 1, name: "untitled", nodes: {}, edges: [], inputs: [], outputs: [] },
  },
  messages: [],
};

export const scenes: Record<string, HarnessScene> = { first, chain, empty };
