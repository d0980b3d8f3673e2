import { describe, expect, test, vi } from "vitest";
import { type About, type Backend, type Job, type Listener, Refused, Unreachable } from "../src/playground/backend";
import { costOf, estimate, formatSeconds } from "../src/playground/cost";
import { asForm, asValues, fieldsOf } from "../src/playground/fields";
import { fileName } from "../src/playground/files";
import { HttpBackend } from "../src/playground/httpBackend";
import { KernelBackend } from "../src/playground/kernelBackend";
import { peaksOf } from "../src/playground/peaks";
import { inputAt, Play } from "../src/playground/play";
import { laterSeed, withSeeds } from "../src/playground/seeds";
import { readEvent, readEvents } from "../src/playground/serverEvents";
import { formatTable, readTable } from "../src/playground/tables";

const REQUEST = {
  properties: {
    prompt: { title: "Prompt", type: "string", "x-type": "text" },
    image: { title: "Image", type: "string", "x-type": "image" },
    images: { type: "array", items: { type: "string" }, "x-type": "list[image]" },
    steps: { type: "integer", minimum: 1, maximum: 50, default: 20, "x-type": "int", "x-affects-cost": true },
    free: { type: "integer", minimum: -(2 ** 63), maximum: 2 ** 64, default: 3, "x-type": "int" },
    width: { type: "integer", minimum: 8, maximum: 8192, "x-type": "int", "x-control": { kind: "number" } },
    style: { type: "string", enum: ["soft", "hard"], default: "soft", "x-type": "text" },
    seed: { type: "integer", minimum: -1, maximum: 2 ** 64, default: -1, "x-seed": true, "x-type": "int" },
    vae: { type: "string", default: "own", "x-type": "text", "x-advanced": true },
  },
  required: ["prompt"],
};
const fields = fieldsOf(REQUEST);
const named = (name: string) => fields.find((field) => field.name === name);

const about: About = {
  ...{ name: "poster", title: "Poster", help: "", version: 1, request: REQUEST, result: {}, estimate: null },
  ...{ values: {}, models: [], problems: [] },
};

function job(id: string, more: Partial<Job> = {}): Job {
  return {
    ...{ id, status: "succeeded", position: null, progress: 1, note: "", created_at: 1, started_at: 1, finished_at: 2 },
    ...{ inputs: {}, outputs: {}, error: null, seeds: null, usage: null },
    ...more,
  } as Job;
}

describe("fields", () => {
  test("an input has the control that its schema asks for", () => {
    const kinds = fields.map(({ name, port }) => [name, port.control?.kind]);
    expect(kinds).toEqual([
      ["prompt", "prompt"],
      ["image", undefined],
      ["images", undefined],
      ["steps", "slider"],
      ["free", "number"],
      ["width", "number"],
      ["style", "choices"],
      ["seed", "seed"],
      ["vae", "text"],
    ]);
    expect(named("free")?.port.control, "the largest numbers there are, are no limit").toEqual({ kind: "number" });
    expect(named("vae")?.advanced).toBe(true);
    expect(named("width")?.port.optional, "left out, it is what suits the model").toBe(true);
  });

  test("what is sent is what the form shows: media by id, random seeds as -1, nothing that is empty", () => {
    const shown = { prompt: "a hill", image: { $media: "up_1" }, images: [{ $media: "up_2" }, { $media: "up_3" }] };
    const sent = { prompt: "a hill", image: "up_1", images: ["up_2", "up_3"] };
    const rest = { steps: 20, free: 3, style: "soft", seed: -1, vae: "own" };
    expect(asValues(fields, shown)).toEqual({ ...sent, ...rest });
    expect(asValues(fields, {})).toEqual(rest);
  });

  test("inputs come back into the form as they were", () => {
    const shown = {
      prompt: "a hill",
      image: { $media: "up_1" },
      images: [{ $media: "up_2" }],
      seed: "18446744073709551615",
    };
    expect(asForm(fields, asValues(fields, shown))).toEqual(shown);
    expect(asForm(fields, { gone: 1, prompt: "x" }), "an input that is not there any more").toEqual({ prompt: "x" });
  });
});

describe("seeds", () => {
  test("each of several generations has the next seed, also beyond 2^53 and over the end", () => {
    expect(withSeeds({ seed: 5 }, "seed", undefined, 3).map(({ seed }) => seed)).toEqual([5, 6, 7]);
    expect(laterSeed("18446744073709551610", 3, undefined)).toBe("18446744073709551613");
    expect(laterSeed(99, 2, 100)).toBe(0);
    expect(withSeeds({ seed: -1 }, "seed", undefined, 2), "drawn ones are drawn each").toEqual([
      { seed: -1 },
      { seed: -1 },
    ]);
    expect(withSeeds({ a: 1 }, undefined, undefined, 2)).toEqual([{ a: 1 }, { a: 1 }]);
  });
});

describe("cost", () => {
  const took = (seconds: number, steps: number, found = 0) =>
    job(`${seconds}`, { inputs: { steps }, usage: { seconds, nodes: 2, found } });

  test("the estimate is that of jobs which are alike in what affects the cost", () => {
    const jobs = [took(9, 50), took(2, 20), took(3, 20), took(0.01, 20, 2), job("x", { status: "failed" })];
    expect(estimate(fields, { steps: 20 }, jobs, 5)).toBe(2);
    expect(estimate(fields, { steps: 50 }, jobs, 5)).toBe(9);
    expect(estimate(fields, { steps: 30 }, jobs, 5), "nobody like it yet").toBe(5);
  });

  test("seconds are told as people say them", () => {
    expect([0.01, 0.42, 3.14, 42.4, 75, 3700].map(formatSeconds)).toEqual([
      "a moment",
      "0.4 s",
      "3.1 s",
      "42 s",
      "75 s",
      "1 h 1 min",
    ]);
    expect(costOf(took(0.01, 20, 2))?.words).toBe("was there already");
    expect(costOf(job("x"))).toBe(null);
  });
});

describe("tables", () => {
  test("a table comes back as it was written", () => {
    const text = 'name,weight,ripe\n"apple, ""red""",1.5,true\npear,,false';
    const rows = [
      ['apple, "red"', 1.5, true],
      ["pear", null, false],
    ];
    const table = { columns: ["name", "weight", "ripe"], rows };
    expect(readTable(text)).toEqual({ value: table });
    expect(readTable(formatTable(table))).toEqual({ value: table });
    expect(readTable("a\tb\n1\t007")).toEqual({ value: { columns: ["a", "b"], rows: [[1, "007"]] } });
  });

  test("what is no table says why", () => {
    expect(readTable("a,b\n1")).toEqual({ problem: "Row 1 has 1 cells; there are 2 columns." });
    expect(readTable("a,a")).toEqual({ problem: "Two columns have the same name." });
    expect(readTable(" ")).toEqual({ value: null });
  });
});

test("a sound's shape has its loudest moment at 100", () => {
  expect(peaksOf(Float32Array.of(0, 0.1, -0.5, 0.25), 2)).toEqual([20, 100]);
  expect(peaksOf(new Float32Array(4), 2)).toEqual([0, 0]);
});

test("files are named after what was played, without signs that file systems refuse", () => {
  expect(fileName("a/b: größe-7", "image/png")).toBe("a-b-größe-7.png");
});

describe("server-sent events", () => {
  test("an event is read from its lines, a sign of life is none", () => {
    expect(readEvent('id: 4\nevent: progress\ndata: {"progress": 0.5}')).toEqual({
      kind: "progress",
      data: { progress: 0.5 },
    });
    expect(readEvent(": ping - 2026")).toBe(null);
  });

  test("events are read however the bytes are cut", async () => {
    const bytes = new TextEncoder().encode(
      'event: a\r\ndata: {"x": "ü"}\r\n\r\n: ping\r\n\r\nevent: b\r\ndata: {}\r\n\r\n',
    );
    const body = new ReadableStream({
      start(stream) {
        for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
        stream.close();
      },
    });
    const events = [];
    for await (const event of readEvents(new Response(body))) events.push(event);
    expect(events).toEqual([
      { kind: "a", data: { x: "ü" } },
      { kind: "b", data: {} },
    ]);
  });
});

class Fake implements Partial<Backend> {
  listeners: Listener[] = [];
  refusal: Error | null = null;
  listen(listener: Listener) {
    this.listeners.push(listener);
    return () => {};
  }
  async start(values: Record<string, unknown>, count: number) {
    if (this.refusal) throw this.refusal;
    return {
      jobs: Array.from({ length: count }, (_, n) => job(`j${n}`, { status: "queued", inputs: values as never })),
      refused: null,
    };
  }
}

function play(): { play: Play; backend: Fake } {
  const backend = new Fake();
  return { play: new Play(backend as unknown as Backend, about), backend };
}

describe("a playground", () => {
  test("faults of a refusal stand at their inputs, and what is about none above the results", async () => {
    const { play: one, backend } = play();
    const faults = [
      { at: "/images/3", message: "No picture." },
      { at: "/elsewhere", message: "Too much." },
    ];
    backend.refusal = new Refused("values_refused", "Several values do not fit.", faults);
    await one.generate();
    expect(one.faults.get()).toEqual({ images: "No picture." });
    expect(one.notice.get()?.words).toBe("Too much.");
    one.set("images", null);
    expect(one.faults.get()).toEqual({});
    backend.refusal = new Unreachable("gone");
    await one.generate();
    expect(one.notice.get(), "the banner says it").toBe(null);
  });

  test("several are started and looked at; what has ended does not begin again", async () => {
    const { play: one, backend } = play();
    one.count.set(2);
    await one.generate();
    expect(one.shown.get()).toEqual(["j0", "j1"]);
    backend.listeners[0]?.job(job("j0", { status: "succeeded" }));
    backend.listeners[0]?.job(job("j0", { status: "running" }));
    expect(one.job("j0")?.status).toBe("succeeded");
  });

  test("a job brings its inputs back with the seed that was used", () => {
    const { play: one } = play();
    one.bringBack(job("j", { inputs: { prompt: "a hill", steps: 20, seed: -1 }, seeds: { seed: 77, "n4.seed": 3 } }));
    expect(one.values.get()).toEqual({ prompt: "a hill", seed: 77 });
  });

  test("a pointer names its input", () => {
    expect(["/prompt", "/images/3", "/a~1b", ""].map(inputAt)).toEqual(["prompt", "images", "a/b", ""]);
  });
});

describe("over HTTP", () => {
  test("a refusal keeps its type, its words and its faults", async () => {
    const details = [{ at: "/prompt", message: "It is missing." }];
    const body = { error: { type: "values_refused", message: "No.", details } };
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify(body), { status: 422 }));
    const failed = await new HttpBackend("poster", "k").start({}, 1).catch((error: unknown) => error);
    expect(failed).toMatchObject({ type: "values_refused", message: "No.", faults: details });
    vi.unstubAllGlobals();
  });

  test("where the queue is full, those that were taken go on", async () => {
    let count = 0;
    vi.stubGlobal("fetch", async () => {
      count++;
      const full = { error: { type: "queue_full", message: "Try again in 5 s." } };
      return count < 3 ? Response.json(job(`j${count}`)) : new Response(JSON.stringify(full), { status: 429 });
    });
    const { jobs, refused } = await new HttpBackend("poster", "k").start({}, 4);
    expect(jobs.map(({ id }) => id)).toEqual(["j1", "j2"]);
    expect(refused?.message).toBe("Try again in 5 s.");
    vi.unstubAllGlobals();
  });
});

describe("in a notebook", () => {
  function kernel(answer: (message: Record<string, unknown>) => object) {
    const heard: { message: Record<string, unknown>; buffers: ArrayBuffer[] | undefined }[] = [];
    let tell: (message: unknown, buffers: readonly DataView[]) => void = () => {};
    const backend = new KernelBackend({
      send(message, buffers) {
        heard.push({ message, buffers });
        const { client, seq } = message;
        if (seq) queueMicrotask(() => tell({ type: "ack", client, seq, ...answer(message) }, []));
      },
      onMessage(handler) {
        tell = handler;
        return () => {};
      },
    });
    return { backend, heard, tell: (message: unknown) => tell(message, []) };
  }

  test("a file goes to the kernel with what is started, as bytes, and in no notice before", async () => {
    const inputs = { image: "up_8", images: ["up_2", "up_9"] };
    const { backend, heard } = kernel(() => ({ jobs: [job("g1", { inputs })] }));
    const id = await backend.upload(new File(["abc"], "a.png"));
    backend.keep({ image: id, images: [id, "up_2"], prompt: "a hill" });
    expect(heard[0]?.message.values).toEqual({ prompt: "a hill" });
    await backend.start({ image: id, images: ["up_2", id], prompt: "a hill" }, 2);
    const { message, buffers } = heard[1] ?? {};
    expect(message?.values).toEqual({ image: { $buffer: 0 }, images: ["up_2", { $buffer: 1 }], prompt: "a hill" });
    expect(message?.count).toBe(2);
    expect(buffers?.map((bytes) => new TextDecoder().decode(bytes))).toEqual(["abc", "abc"]);
    expect(await (await backend.medium(id)).text(), "and is still shown here").toBe("abc");
    expect(heard[2]?.message.values, "the kernel has it now").toMatchObject({ image: expect.stringMatching(/^up_/) });
    await backend.start({ image: id }, 1);
    expect(heard[3]?.buffers, "no bytes twice").toEqual([]);
  });

  test("a refusal in words is one here, too", async () => {
    const details = [{ at: "/steps", message: "Too many." }];
    const { backend } = kernel(({ type }) =>
      type === "start"
        ? { refused: { type: "values_refused", message: "No.", details } }
        : { type: "reject", message: "What?" },
    );
    expect(await backend.start({}, 1).catch((error: unknown) => error)).toMatchObject({
      message: "No.",
      faults: details,
    });
    expect(await backend.jobs().catch((error: unknown) => error)).toMatchObject({ message: "What?" });
  });

  test("what the kernel tells of jobs is heard", () => {
    const { backend, tell } = kernel(() => ({}));
    const told: string[] = [];
    backend.listen({ job: ({ id }) => told.push(id), preview: () => {}, line: () => {} });
    backend.onChanged(() => told.push("changed"));
    tell({ type: "job", job: job("g7") });
    tell({ type: "changed" });
    expect(told).toEqual(["g7", "changed"]);
  });
});
