import fc from "fast-check";
import { renderToStaticMarkup } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { KernelLink } from "../src/bridge/link";
import { ModelDesk } from "../src/bridge/models";
import type { ModelEntry } from "../src/bridge/protocol";
import { Control, controlBlock, hasControl } from "../src/controls/Control";
import { whyNotFile } from "../src/controls/files";
import {
  fitsLines,
  formatChoices,
  formatLines,
  formatNumbers,
  readChoices,
  readLines,
  readNumbers,
} from "../src/controls/items";
import { kindOf } from "../src/controls/kind";
import {
  cautionOf,
  factsOf,
  filtersOf,
  findModel,
  isWeighable,
  modelIn,
  modelsFor,
  readModel,
  sizeFacts,
  suggest,
} from "../src/controls/modelChoice";
import {
  drawSeed,
  formatNumber,
  limitsOf,
  readNumber,
  readPosition,
  readSeed,
  stepOf,
  stepped,
} from "../src/controls/numbers";
import { PAUSE_MS, type Typed, Typing, type TypingOptions } from "../src/controls/typing";
import { formatJson, formatText, readColour, readJson, readText, withSource } from "../src/controls/values";
import type { Json } from "../src/flow/document";
import { modelSource } from "../src/flow/modelFeed";
import type { Port } from "../src/flow/nodeType";

const port = (type: Port["type"], control?: object, more: Partial<Port> = {}): Port =>
  ({ name: "value", type, ...(control ? { control } : {}), ...more }) as Port;

const NO_LIMITS = { min: null, max: null };
const seedPort = port("int", { kind: "seed", min: 0, max: "18446744073709551615" });
const steps = port("int", { kind: "slider", min: 1, max: 150, step: 1 });

describe("numbers", () => {
  test("come back as they were, whatever their size", () => {
    const whole = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n });
    fc.assert(
      fc.property(whole, (number) => {
        const value: Json = Number.isSafeInteger(Number(number)) ? Number(number) : String(number);
        expect(readNumber(formatNumber(value), true, NO_LIMITS)).toEqual({ value });
      }),
    );
    const finite = fc.double({ noNaN: true, min: -1e300, max: 1e300 }).map((number) => number + 0);
    fc.assert(
      fc.property(finite, (value) => {
        expect(readNumber(formatNumber(value), false, NO_LIMITS)).toEqual({ value: value === 0 ? 0 : value });
      }),
    );
  });

  test("outside the limits are refused in words", () => {
    expect(readNumber("151", true, limitsOf(steps))).toEqual({ problem: "At most 150." });
    expect(readNumber("0", true, limitsOf(steps))).toEqual({ problem: "At least 1." });
    expect(readSeed("18446744073709551616", limitsOf(seedPort))).toEqual({ problem: "At most 18446744073709551615." });
    expect(readSeed("18446744073709551615", limitsOf(seedPort))).toEqual({ value: "18446744073709551615" });
  });

  test("that cannot be read are refused in words; nothing typed is nothing set", () => {
    expect(readNumber("many", true, NO_LIMITS)).toEqual({ problem: "“many” is not a whole number." });
    expect(readNumber("1.5", true, NO_LIMITS)).toEqual({ problem: "Write a whole number." });
    expect(readNumber("0,5", false, NO_LIMITS)).toEqual({ problem: "Write it with a point: 0.5." });
    expect(readNumber("1e999", false, NO_LIMITS)).toEqual({ problem: "This number is too large." });
    for (const text of ["0x10", "1_000", "Infinity", "NaN", "--1", "1 2", "."]) {
      expect(readNumber(text, false, NO_LIMITS)).toHaveProperty("problem");
    }
    expect(readNumber("  ", false, NO_LIMITS)).toEqual({ value: null });
    expect(readNumber(" +12.0 ", true, NO_LIMITS)).toEqual({ value: 12 });
    expect(readNumber("１２", true, NO_LIMITS)).toEqual({ value: 12 });
    expect(readNumber("−3", true, NO_LIMITS)).toEqual({ value: -3 });
  });

  test("whatever is typed is a value within the limits, nothing, or words", () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (text, whole) => {
        const reading = readNumber(text, whole, { min: -5, max: 5 });
        if ("problem" in reading) expect(reading.problem).toMatch(/\.$/);
        else expect(reading.value === null || Math.abs(Number(reading.value)) <= 5).toBe(true);
      }),
    );
  });

  test("a seed may be random; a drawn one is within the limits", () => {
    expect(readSeed("Random", limitsOf(seedPort))).toEqual({ value: "random" });
    for (const limits of [limitsOf(seedPort), { min: 5, max: 7 }, { min: -3, max: -3 }]) {
      const drawn = BigInt(drawSeed(limits) as number);
      expect(drawn >= BigInt(limits.min ?? 0) && drawn <= BigInt(limits.max ?? 0)).toBe(true);
    }
  });
});

describe("steps", () => {
  test("are sensible where the control names none", () => {
    const slider = (type: string, min: number, max: number) => stepOf(port(type, { kind: "slider", min, max }));
    expect(slider("float", 0, 1)).toBe(0.01);
    expect(slider("float", 0, 20)).toBe(0.2);
    expect(slider("float", -1, 1)).toBe(0.02);
    expect(slider("float", 0, 0.003)).toBe(0.00005);
    expect(slider("int", 0, 1000)).toBe(1);
    expect(stepOf(port("float"))).toBe(0.1);
  });

  test("leave no dust of binary fractions and stay within the limits", () => {
    const guidance = port("float", { kind: "slider", min: 0, max: 20, step: 0.1 });
    expect(stepped(0.2, 1, guidance)).toBe(0.3);
    expect(stepped(0.25, 1, guidance)).toBe(0.35);
    expect(stepped(19.95, 1, guidance)).toBe(20);
    expect(stepped(null, 1, guidance)).toBe(0);
    expect(readPosition(0.1 + 0.2, guidance)).toBe(0.3);
    expect(stepped("18446744073709551615", 1, seedPort)).toBe("18446744073709551615");
    expect(stepped("18446744073709551615", -1, seedPort)).toBe("18446744073709551614");
    expect(stepped("not a number", 1, steps)).toBe("not a number");
  });

  test("of any slider give values that the field would take", () => {
    const limits = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }));
    fc.assert(
      fc.property(limits, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), ([min, range], part, whole) => {
        const slider = port(whole ? "int" : "float", { kind: "slider", min, max: min + range });
        const value = readPosition(min + part * range, slider);
        expect(readNumber(formatNumber(value), whole, limitsOf(slider))).toEqual({ value: value === 0 ? 0 : value });
      }),
    );
  });
});

describe("lists", () => {
  const line = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => text.trim() !== "" && !/[\r\n]/.test(text));

  test("come back as they were", () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), (value) => {
        expect(fitsLines(value)).toBe(true);
        expect(readLines(formatLines(value))).toEqual({ value });
      }),
    );
    const numbers = fc.array(fc.double({ noNaN: true, min: -1e300, max: 1e300 }).filter((number) => number !== 0));
    fc.assert(
      fc.property(numbers, (value) => {
        expect(readNumbers(formatNumbers(value), false, NO_LIMITS)).toEqual({ value: value.length > 0 ? value : null });
      }),
    );
    const options = ["left", "right", "both sides"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...options), { minLength: 1 }), (value) => {
        expect(readChoices(formatChoices(value), options)).toEqual({ value });
      }),
    );
  });

  test("whose items are not lines of text are shown as JSON, which loses nothing", () => {
    for (const value of [["two\nlines"], [""], [" "], [1], ["a", null]]) {
      expect(fitsLines(value)).toBe(false);
      expect(readJson(formatJson(value))).toEqual({ value });
    }
  });

  test("say which item is wrong", () => {
    expect(readNumbers("1, x, 3", false, NO_LIMITS)).toEqual({ problem: "“x” is not a number." });
    expect(readNumbers("1,, 3", true, NO_LIMITS)).toEqual({ problem: "There is nothing between two commas." });
    expect(readNumbers("1, 2,", true, NO_LIMITS)).toEqual({ value: [1, 2] });
    expect(readChoices("up", ["left", "right"])).toEqual({ problem: "“up” is not one of left, right." });
  });
});

describe("texts, colours and JSON", () => {
  test("come back as they were", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1 });
    fc.assert(
      fc.property(text, (value) => {
        expect(readText(formatText(value), port("text"))).toEqual({ value });
      }),
    );
    const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
    fc.assert(
      fc.property(json, (value) => {
        expect(readJson(formatJson(value))).toEqual({ value });
      }),
    );
    const hex = fc.integer({ min: 0, max: 0xffffff }).map((number) => `#${number.toString(16).padStart(6, "0")}`);
    fc.assert(
      fc.property(hex, (value) => {
        expect(readColour(value)).toEqual({ value });
      }),
    );
  });

  test("an empty text is a value only where the port has a text of its own", () => {
    expect(readText("", port("text", undefined, { default: "a fog" }))).toEqual({ value: "" });
    expect(readText("", port("text", undefined, { required: true }))).toEqual({ value: null });
    expect(readText("", port("text", undefined, { default: null, optional: true }))).toEqual({ value: null });
  });

  test("JSON that would be rounded is refused", () => {
    expect(readJson("[12345678901234567891]")).toHaveProperty("problem");
    expect(readJson('["12345678901234567891"]')).toEqual({ value: ["12345678901234567891"] });
    expect(readJson("{")).toHaveProperty("problem");
  });

  test("colours may be short", () => {
    expect(readColour("f80")).toEqual({ value: "#ff8800" });
    expect(readColour("red")).toEqual({ problem: "Write a colour as #rrggbb." });
  });
});

describe("models", () => {
  const entry = (name: string, title: string, task: string): ModelEntry => {
    return { name, title, tasks: [task], base_model: "SDXL", installed: true, megabytes: 10, help: "" };
  };
  const models = [entry("starter", "Starter", "text_to_image"), entry("sdxl", "Stable Diffusion XL", "text_to_image")];

  test("are those of the task, found by any of their words", () => {
    expect(modelsFor([...models, entry("whisper", "Whisper", "speech_to_text")], "text_to_image")).toEqual(models);
    expect(suggest(models, "diff sta").map((option) => option.source)).toEqual(["sdxl", "diff sta"]);
    expect(suggest(models, "").map((option) => option.source)).toEqual(["starter", "sdxl"]);
    expect(findModel(models, " stable diffusion xl ")?.name).toBe("sdxl");
  });

  test("that are here come first, and filters leave those that make the wanted thing", () => {
    const away = {
      ...entry("wan", "Wan 2.1", "text_to_video"),
      installed: false,
      modality: "video",
      base_model: "Wan",
    };
    const all = [away, { ...entry("starter", "Starter", "text_to_image"), modality: "image" }];
    expect(suggest(all, "").map((option) => option.source)).toEqual(["starter", "wan"]);
    expect(suggest(all, "", { modality: "video", base: "" }).map((option) => option.source)).toEqual(["wan"]);
    expect(suggest(all, "", { modality: "", base: "SDXL" }).map((option) => option.source)).toEqual(["starter"]);
    expect(filtersOf(all)).toEqual({ modalities: ["video", "image"], bases: ["Wan", "SDXL"] });
  });

  test("say their base model, size, licence, memory, and that their owner asks first", () => {
    const flux = { ...entry("flux", "FLUX.1 dev", "text_to_image"), base_model: "FLUX.1", megabytes: 33_700 };
    const facts = factsOf({ ...flux, licence: "Non-Commercial", memory_gb: 33.6, gated: true });
    expect(facts).toEqual(["FLUX.1", "33.7 GB", "Non-Commercial", "needs about 34\u00a0GB", "asks first"]);
    expect(factsOf({ ...flux, base_model: "", megabytes: 0 })).toEqual([]);
  });

  test("of another kind are no models, and a picker of theirs has only them", () => {
    const ink = { ...entry("ink", "Ink wash", "lora"), kind: "lora" };
    expect(modelsFor([...models, ink], "")).toEqual(models);
    expect(modelsFor([...models, ink], "", "lora")).toEqual([ink]);
  });

  test("are found in a sentence by the longest title, those without a card while they are on their way", () => {
    const turbo = entry("turbo", "Starter Turbo", "text_to_image");
    const getting = { source: "owner/tiny", title: "tiny", state: "getting", done: 1, total: 4, words: "" } as const;
    const found = (words: string) => modelIn(words, [...models, turbo], [getting])?.name;
    expect(found("'Paint': Starter Turbo is not on this machine.")).toBe("turbo");
    expect(found("'Paint': Starter is not on this machine.")).toBe("starter");
    expect(found("The model 'owner/tiny' is not on this machine.")).toBe("owner/tiny");
    expect(found("The model 'owner/other' is not on this machine.")).toBeUndefined();
  });

  test("are weighed where they are whole and their size is known; only what is slow or fails is cautioned against", () => {
    const away = { ...entry("big", "Big", "text_to_image"), installed: false, megabytes: 0 };
    expect(isWeighable(away)).toBe(false);
    expect(isWeighable({ ...away, megabytes: 10 })).toBe(true);
    expect(isWeighable({ ...away, memory_gb: 8 })).toBe(true);
    expect(isWeighable({ ...away, megabytes: 10, kind: "lora" })).toBe(false);
    const cautions = (["resident", "fits", "others make room", "offload", "too large"] as const).map((how) =>
      cautionOf({ how, sentence: "" }),
    );
    expect(cautions).toEqual(["", "", "", "offloads", "too large"]);
    const known = { ...away, megabytes: 6940, memory_gb: 8 };
    expect(sizeFacts(known, null)).toEqual(["SDXL", "6.9 GB", "needs about 8\u00a0GB"]);
    expect(sizeFacts(known, { how: "fits", sentence: "" })).toEqual(["SDXL", "6.9 GB"]);
  });

  test("may be a Hub id or a folder; other words are no model", () => {
    expect(readModel(models, "Starter")).toBe("starter");
    expect(readModel(models, "owner/name")).toBe("owner/name");
    expect(readModel(models, "./folder")).toBe("./folder");
    expect(readModel(models, "ink.safetensors")).toBe("ink.safetensors");
    expect(readModel(models, "nonsense")).toBeNull();
  });

  test("keep what code has given them when the source changes", () => {
    const value = { $model: { source: "sdxl", options: { dtype: "float16" } } };
    expect(modelSource(value)).toBe("sdxl");
    expect(withSource(value, "starter")).toEqual({ $model: { source: "starter", options: { dtype: "float16" } } });
    expect(withSource("sdxl", "starter")).toBe("starter");
  });
});

describe("files", () => {
  test("of another medium are refused in words", () => {
    const file = (name: string, type: string) => ({ name, type }) as File;
    expect(whyNotFile(file("a.wav", "audio/wav"), "image")).toBe("“a.wav” is not a picture.");
    expect(whyNotFile(file("a.png", "image/png"), "mask")).toBeNull();
    expect(whyNotFile(file("a.flac", ""), "audio")).toBeNull();
  });
});

describe("the kind", () => {
  test("is the one the control names, where it suits the type", () => {
    expect(kindOf(steps)).toBe("slider");
    expect(kindOf(port("text", { kind: "slider", min: 0, max: 1 }))).toBe("text");
    expect(kindOf(port("float", { kind: "from the future" }))).toBe("number");
    expect(kindOf(port("text", { kind: "choices", options: ["a"] }))).toBe("choices");
    expect(kindOf(port("text", { kind: "choices" }))).toBe("text");
  });

  test("is the type's own where there is no control, and JSON where the type is not known", () => {
    expect(kindOf(port({ choices: ["a", "b"] }))).toBe("choices");
    expect(kindOf(port({ choices: ["a", "b"], many: true }))).toBe("several");
    expect(kindOf(port({ choices: ["a, b"], many: true }))).toBe("json");
    expect(kindOf(port("list[image]", { kind: "upload" }))).toBe("gallery");
    expect(kindOf(port("list[text]", { kind: "prompt" }))).toBe("lines");
    expect(kindOf(port("list[float]"))).toBe("numbers");
    expect(kindOf(port("list[model]", { kind: "model" }))).toBe("lines");
    expect(kindOf(port("constructor"))).toBe("json");
    expect(kindOf(port("any"))).toBe("json");
    expect(hasControl(port("latents"), null)).toBe(false);
    expect(hasControl(port("latents"), { $media: "x.latents" })).toBe(true);
  });
});

describe("the block", () => {
  test("is 0 for what stands on the title's line", () => {
    for (const inline of [steps, seedPort, port("flag"), port("text"), port({ choices: ["a"] }), port("list[int]")]) {
      expect(controlBlock(inline, null)).toBe(0);
    }
    expect(controlBlock(port("any"), 4)).toBe(0);
  });

  test("follows the lines of a text and what a medium shows", () => {
    const prompt = (lines: number) => controlBlock(port("text", { kind: "prompt", lines }), "");
    expect(prompt(3) - prompt(2)).toBe(17);
    expect(prompt(1e9)).toBeLessThan(1000);
    const picture = { $media: "a.png" };
    expect(controlBlock(port("image"), picture)).toBeGreaterThan(controlBlock(port("image"), null));
    const tiles = (count: number) => controlBlock(port("list[image]"), Array(count).fill(picture));
    expect(tiles(3)).toBe(tiles(1));
    expect(tiles(4)).toBeGreaterThan(tiles(3));
    expect(controlBlock(port("any"), { a: "long enough for a block" })).toBeGreaterThan(0);
  });
});

describe("the control", () => {
  const media = { upload: async () => null, url: async () => "" };
  const desk = new ModelDesk(new KernelLink({ send: () => {}, onMessage: () => () => {} }));
  const markup = (shown: Port, value: Json, disabled = false) =>
    renderToStaticMarkup(
      <Control
        id="c"
        port={shown}
        value={value}
        preset={false}
        disabled={disabled}
        onChange={() => {}}
        media={media}
        models={[]}
        desk={desk}
        label="Strength"
      />,
    );
  const ports: [Port, Json][] = [
    [steps, 20],
    [seedPort, "18446744073709551615"],
    [port("int", { kind: "number", unit: "px" }, { optional: true }), null],
    [port("text", { kind: "prompt", lines: 3 }), "a fog"],
    [port("text", { kind: "file", write: true, endings: [".png"] }), "a.png"],
    [port("text", { kind: "colour" }), "#ff0000"],
    [port({ choices: ["a", "b"] }), "gone"],
    [port("flag"), true],
    [port("model", { kind: "model", task: "" }), { $model: { source: "owner/name" } }],
    [port("text", { kind: "lora" }), "ink.safetensors"],
    [port("image"), null],
    [port("audio"), { $media: "a.audio" }],
    [port("list[image]"), [{ $media: "a.png" }]],
    [port("list[text]"), ["a", "b"]],
    [port("any"), { a: 1 }],
    [port("latents"), { $media: "a.latents" }],
  ];

  test.each(ports)("carries its name once and its id once: %j", (shown, value) => {
    const html = markup(shown, value);
    expect(html.match(/aria-label="[^"]*Strength"/g)).toHaveLength(1);
    expect(html.match(/ id="c"/g)).toHaveLength(1);
    expect(html).toContain("nodrag nopan");
    expect(markup(shown, value, true)).toContain("disabled");
  });

  test.each(ports)("takes values of any shape: %j", (shown) => {
    const odd: Json[] = [null, "", "x", 7, -0.5, true, [], [null], {}, { $media: 3 }, [[1], { a: null }]];
    for (const value of odd) {
      expect(() => markup(shown, value)).not.toThrow();
      expect(controlBlock(shown, value)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("typing", () => {
  /** A field over a value that takes what it is told. */
  function fieldOf(value: Json, more: Partial<TypingOptions> = {}) {
    const said: [Json, string][] = [];
    const shown: { typed: Typed | null } = { typed: null };
    const read = (text: string) => readNumber(text, true, { min: null, max: 150 });
    const onChange = (next: Json, phase: string) => {
      said.push([next, phase]);
      give(next);
    };
    const typing = new Typing({ value, preset: false, format: formatNumber, read, onChange, ...more }, (typed) => {
      shown.typed = typed;
    });
    const give = (next: Json) => {
      typing.options = { ...typing.options, value: next };
      typing.receive();
    };
    return { typing, said, shown, give };
  }

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("is sent after a pause, and ends with Enter in the same step of undo", () => {
    const { typing, said, shown } = fieldOf(1, { live: true });
    typing.set("2");
    typing.set("23");
    expect(said).toEqual([]);
    vi.advanceTimersByTime(PAUSE_MS);
    expect(said).toEqual([[23, "typing"]]);
    typing.set("24");
    typing.commit();
    expect(said.slice(1)).toEqual([
      [24, "typing"],
      [24, "final"],
    ]);
    expect(shown.typed).toBeNull();
    vi.runAllTimers();
    expect(said).toHaveLength(3);
  });

  test("that does not fit is marked, kept and not sent", () => {
    const { typing, said, shown } = fieldOf(1, { live: true });
    typing.set("151");
    vi.advanceTimersByTime(PAUSE_MS);
    typing.commit();
    expect(shown.typed).toEqual({ text: "151", problem: "At most 150." });
    expect(said).toEqual([]);
    expect(typing.restore()).toBe(true);
    expect(shown.typed).toBeNull();
  });

  test("is taken back by Escape, also what was sent already", () => {
    const { typing, said } = fieldOf(1, { live: true });
    typing.set("2");
    vi.advanceTimersByTime(PAUSE_MS);
    expect(typing.restore()).toBe(true);
    expect(said.at(-1)).toEqual([1, "final"]);
    expect(typing.restore()).toBe(false);
  });

  test("is not disturbed from elsewhere in the middle; where all was sent, the newer value shows", () => {
    const { typing, said, shown, give } = fieldOf(1, { live: true });
    typing.focused = true;
    typing.set("2");
    give(7);
    expect(shown.typed?.text).toBe("2");
    vi.advanceTimersByTime(PAUSE_MS);
    give(8);
    expect(shown.typed).toBeNull();
    typing.commit();
    expect(said).toEqual([[2, "typing"]]);
  });

  test("of an emptied field goes back to the default only when it ends; composing sends nothing", () => {
    const { typing, said } = fieldOf(1, { live: true });
    typing.set("");
    vi.advanceTimersByTime(PAUSE_MS);
    typing.set("2", true);
    vi.advanceTimersByTime(PAUSE_MS);
    expect(said).toEqual([]);
    typing.set("");
    typing.commit();
    expect(said).toEqual([[null, "final"]]);
  });

  test("what changes nothing says nothing", () => {
    const { typing, said } = fieldOf(1);
    typing.set("1");
    vi.advanceTimersByTime(PAUSE_MS);
    expect(typing.restore()).toBe(false);
    typing.set("01");
    typing.commit();
    expect(said).toEqual([]);
  });
});
