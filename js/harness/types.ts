// Node types as the kernel describes them, some of them as pixelflow_widgets has them, and one with every kind of control.

import type { ControlDescription, NodeType, NodeTypes, Port } from "../src/flow/nodeType";
import type { PortType } from "../src/flow/portType";

type Extra = Partial<Omit<Port, "name" | "type">>;

function port(name: string, type: PortType, extra: Extra = {}): Port {
  const title = name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");
  return { name, title, type, ...("default" in extra || extra.optional ? {} : { required: true }), ...extra };
}

const control = (kind: string, fields: Record<string, string | number | boolean | string[]> = {}) =>
  ({ control: { kind, ...fields } as ControlDescription }) satisfies Extra;

/** An input that only some families of models have. */
const option = (name: string, type: PortType, families: string[], extra: Extra): Port => ({
  ...port(`options.${name}`, type, { default: null, optional: true, advanced: true, families, ...extra }),
  title: name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " "),
});

function output(name: string, type: PortType): Port {
  return { name, title: name.charAt(0).toUpperCase() + name.slice(1), type };
}

function nodeType(
  name: string,
  title: string,
  family: string,
  inputs: Port[],
  outputs: Port[],
  help = "",
  pure = true,
): NodeType {
  return { name, title, help, version: 1, family, pure, where: "auto", inputs, outputs };
}

const SEED = control("seed", { min: 0, max: "18446744073709551615" });
const pixels = (min: number) => control("number", { min, max: 8192, step: 8, unit: "px" });
const ENDINGS = { endings: [".png", ".jpg", ".webp"] };
const BLENDS = { choices: ["multiply", "screen"] };

const all: NodeType[] = [
  nodeType(
    "prompt",
    "Prompt",
    "prompt",
    [port("text", "text", { default: "", ...control("prompt", { lines: 3 }) })],
    [output("text", "text")],
    "Holds a prompt that several nodes may share.",
  ),
  nodeType(
    "write_prompt",
    "Write a prompt",
    "prompt",
    [port("idea", "text", control("text")), port("styles", "list[text]", { default: [] })],
    [output("text", "text")],
    "Makes a prompt of an idea and styles.",
  ),
  nodeType(
    "text_to_image",
    "Text to image",
    "image",
    [
      port("prompt", "text", control("prompt", { lines: 3, placeholder: "a red circle on a blue background" })),
      port("negative_prompt", "text", { default: "", ...control("prompt", { lines: 1, negative: true }) }),
      port("model", "model", { default: "starter", ...control("model", { task: "text_to_image" }) }),
      port("steps", "int", { default: 20, ...control("slider", { min: 1, max: 150, step: 1 }) }),
      port("guidance", "float", {
        default: null,
        optional: true,
        ...control("slider", { min: 0, max: 20, step: 0.1 }),
      }),
      port("width", "int", { default: null, optional: true, advanced: true, ...pixels(8) }),
      port("height", "int", { default: null, optional: true, advanced: true, ...pixels(8) }),
      port("seed", "int", { default: 0, ...SEED }),
    ],
    [output("image", "image")],
    "Paints a picture of what a prompt says.",
  ),
  nodeType(
    "image_to_image",
    "Image to image",
    "image",
    [
      port("prompt", "text", control("prompt", { lines: 3 })),
      port("image", "image", { default: null, optional: true, ...control("upload") }),
      port("model", "model", { default: "starter", ...control("model", { task: "text_to_image" }) }),
      port("strength", "float", { default: 0.6, ...control("slider", { min: 0, max: 1, step: 0.01 }) }),
      option("clip_skip", "int", ["SD1.5", "SDXL"], control("slider", { min: 0, max: 4, step: 1 })),
      option("true_guidance", "float", ["FLUX.1"], control("slider", { min: 1, max: 10, step: 0.5 })),
    ],
    [output("image", "image")],
    "Paints a picture over.",
  ),
  nodeType(
    "load_model",
    "Load model",
    "model",
    [port("model", "model", control("model", { task: "" }))],
    [output("model", "model")],
    "Names a model that several nodes share.",
  ),
  nodeType(
    "add_lora",
    "Add LoRA",
    "model",
    [
      port("model", "model", control("model", { task: "text_to_image" })),
      port("lora", "text", control("lora")),
      port("weight", "float", { default: 1, ...control("slider", { min: -2, max: 2, step: 0.05 }) }),
    ],
    [output("model", "model")],
    "Lays an adapter onto a model.",
  ),
  nodeType(
    "lora_stack",
    "LoRA stack",
    "model",
    [
      port("model", "model", control("model", { task: "text_to_image" })),
      port("loras", "text", { default: "", ...control("loras") }),
    ],
    [output("model", "model")],
    "Lays several adapters onto a model.",
  ),
  nodeType(
    "chat",
    "Chat",
    "text",
    [port("prompt", "text", control("prompt", { lines: 3 }))],
    [output("text", "text")],
    "Answers what it is asked.",
  ),
  nodeType(
    "text_to_video",
    "Text to video",
    "video",
    [port("prompt", "text", control("prompt", { lines: 2 }))],
    [output("video", "video")],
    "Films what a prompt says.",
  ),
  nodeType(
    "segment",
    "Segment",
    "image",
    [port("about", "text", { default: "everything", ...control("text") })],
    [output("table", "table")],
    "Says what is where in a picture.",
  ),
  nodeType(
    "duotone",
    "Duotone",
    "image",
    [
      port("image", "image", control("upload")),
      port("hue", "float", { default: 0.6, ...control("slider", { min: 0, max: 1, step: 0.01 }) }),
      port("blend", BLENDS, { default: "screen", ...control("choices", { options: BLENDS.choices }) }),
    ],
    [output("image", "image")],
    "Paints a picture in two colours.",
  ),
  nodeType(
    "load_image",
    "Load image",
    "files",
    [port("path", "text", control("file", { write: false, ...ENDINGS }))],
    [output("image", "image")],
    "Reads a picture from a file.",
  ),
  nodeType(
    "save_image",
    "Save image",
    "files",
    [
      port("image", "image", control("upload")),
      port("path", "text", { default: "outputs/image.png", ...control("file", { write: true, ...ENDINGS }) }),
    ],
    [output("text", "text")],
    "Writes a picture to a file, and never over another one.",
    false,
  ),
  nodeType(
    "variants",
    "Variants",
    "image",
    [
      port("prompt", "text", control("prompt", { lines: 2 })),
      port("count", "int", { default: 4, ...control("slider", { min: 1, max: 12, step: 1 }) }),
    ],
    [output("images", "list[image]")],
    "Paints several pictures of one prompt.",
  ),
  nodeType(
    "fragile",
    "Fragile",
    "image",
    [port("image", "image", control("upload"))],
    [output("image", "image")],
    "Fails on every third picture, so that one sees how that looks.",
  ),
  nodeType(
    "choose",
    "Choose",
    "logic",
    [
      port("candidates", "list[image]"),
      port("note", "text", { default: "Which one do you like best?", ...control("text") }),
    ],
    [output("image", "image")],
    "Stops the run until one of several pictures is picked.",
  ),
  nodeType(
    "choose_words",
    "Choose words",
    "logic",
    [port("candidates", "list[text]"), port("note", "text", { default: "", ...control("text") })],
    [output("text", "text")],
    "Stops the run until one of several texts is picked.",
  ),
  nodeType(
    "ideas",
    "Ideas",
    "prompt",
    [port("about", "text", { default: "the sea", ...control("text") })],
    [output("texts", "list[text]")],
    "Has several ideas about something.",
  ),
  nodeType(
    "speak",
    "Text to speech",
    "audio",
    [port("text", "text", control("text", { lines: 2 }))],
    [output("audio", "audio")],
    "Says a text.",
  ),
  nodeType(
    "number",
    "Number",
    "values",
    [port("value", "float", { default: 0, ...control("number") })],
    [output("number", "float")],
    "Holds a number that several nodes may share.",
  ),
  nodeType(
    "seed",
    "Seed",
    "values",
    [port("value", "int", { default: 0, ...SEED })],
    [output("number", "int")],
    "Holds a seed, so that several nodes draw the same noise.",
  ),
  nodeType(
    "always_fails",
    "Always fails",
    "values",
    [port("image", "image", { default: null, optional: true, ...control("upload") })],
    [output("image", "image")],
    "Raises, so that one sees how that looks.",
  ),
  nodeType(
    "every_control",
    "Every control",
    "values",
    [
      port("slider", "float", {
        default: 0.5,
        help: "How much.",
        ...control("slider", { min: 0, max: 1, step: 0.05 }),
      }),
      port("number", "int", { default: 512, ...pixels(64) }),
      port("text", "text", { default: "one line", ...control("text", { lines: 1 }) }),
      port("lines", "text", { default: "two\nlines", ...control("text", { lines: 3 }) }),
      port("prompt", "text", { default: "a (red:1.2) circle", ...control("prompt", { lines: 3 }) }),
      port("seed", "int", { default: "random", ...SEED }),
      port("choices", BLENDS, { default: "screen", ...control("choices", { options: BLENDS.choices }) }),
      port(
        "several",
        { ...BLENDS, many: true },
        { default: ["screen"], ...control("choices", { options: BLENDS.choices }) },
      ),
      port("toggle", "flag", { default: true, ...control("toggle") }),
      port("colour", "text", { default: "#2b59d9", ...control("colour") }),
      port("file", "text", { default: "in.png", ...control("file", { write: false, ...ENDINGS }) }),
      port("upload", "image", { default: null, optional: true, ...control("upload") }),
      port("mask", "mask", { default: null, optional: true, ...control("upload") }),
      port("model", "model", { default: "starter", ...control("model", { task: "text_to_image" }) }),
      port("lora", "text", { default: "adapters/ink.safetensors", ...control("lora") }),
      port("loras", "text", { default: "ink-sdxl 0.8\n# neon-flux 1", ...control("loras") }),
      port("numbers", "list[float]", { default: [0.25, 0.5], ...control("number", { min: 0, max: 1 }) }),
      port("words", "list[text]", { default: ["flat colours"], ...control("text") }),
      port("pictures", "list[image]", { default: [] }),
      port("optional_number", "float", { default: null, optional: true, ...control("number", { min: 0 }) }),
      port("optional_text", "text", { default: null, optional: true, ...control("text") }),
      port("advanced", "int", { default: 1, advanced: true, ...control("number", { min: 1, step: 1 }) }),
      port("required_text", "text", control("text")),
      port("latents", "latents", { default: null, optional: true }),
    ],
    [output("text", "text"), output("number", "float")],
    "Has one input of every kind.",
  ),
];

export const types: NodeTypes = Object.fromEntries(all.map((type) => [type.name ?? "", type]));
