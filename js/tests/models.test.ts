import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryKernel } from "../harness/kernel";
import { makeScene } from "../harness/scenes";
import { ModelDesk } from "../src/bridge/models";
import { missingWords } from "../src/editor/missing";
import { formatClock, wavePath } from "../src/media/Sound";
import { isLoud } from "../src/nodes/Below";
import { TestPage } from "./page";

let kernel: MemoryKernel;
let page: TestPage;
let desk: ModelDesk;

beforeEach(() => {
  vi.useFakeTimers();
  kernel = new MemoryKernel(makeScene("missing"));
  page = new TestPage(kernel);
  desk = new ModelDesk(page.link);
  page.settle();
});

afterEach(() => {
  kernel.close();
  page.close();
  vi.useRealTimers();
});

/** Asks, lets the messages travel, and returns the answer. */
async function asked<Answer>(question: Promise<Answer>): Promise<Answer> {
  page.settle();
  return question;
}

describe("the desk of models", () => {
  test("says which models of the flow are missing, with sizes and licences", async () => {
    const missing = await asked(desk.missing());
    expect(missing.map(({ name, megabytes, gated }) => [name, megabytes, gated])).toEqual([
      ["sdxl", 6940, undefined],
      ["flux-dev", 33_700, true],
    ]);
    expect(missingWords(missing)).toBe(
      "2 models of this flow are not on this machine: Stable Diffusion XL (6.9 GB), FLUX.1 dev (33.7 GB).",
    );
  });

  test("tells how far a download is, and asks anew about what has come", async () => {
    expect(desk.about("sdxl")).toBeNull();
    page.settle();
    await Promise.resolve();
    await Promise.resolve();
    expect(desk.about("sdxl")).toMatchObject({ base_model: "SDXL", installed: false });
    await asked(desk.get("sdxl"));
    vi.advanceTimersByTime(kernel.models.time / 2);
    page.settle();
    const half = desk.gettings().get("sdxl");
    expect(half).toMatchObject({ state: "getting", total: 6_940e6 });
    expect(half?.done).toBeCloseTo(3_470e6, -9);
    vi.advanceTimersByTime(kernel.models.time);
    page.settle();
    expect(desk.gettings().get("sdxl")?.state).toBe("done");
    expect(desk.about("sdxl")).toBeNull();
    expect((await asked(desk.missing())).map(({ name }) => name)).toEqual(["flux-dev"]);
    expect(kernel.traits.problems.map(({ node }) => node)).toEqual(["fine"]);
  });

  test("stops a download, and says why one failed", async () => {
    await asked(desk.get("sdxl"));
    desk.stop("sdxl");
    page.settle();
    expect(desk.gettings().get("sdxl")?.state).toBe("stopped");
    kernel.models.fails = "Its owner asks first.";
    await asked(desk.get("flux-dev"));
    expect(desk.gettings().get("flux-dev")).toMatchObject({ state: "failed", words: "Its owner asks first." });
  });

  test("says what is in memory, and gives it back", async () => {
    const [starter] = await asked(desk.resident());
    expect(starter?.components.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(starter?.bytes);
    expect(await asked(desk.free("starter"))).toBeGreaterThan(0);
    expect(await asked(desk.resident())).toEqual([]);
  });

  test("asks whether models fit one after another, and again once memory may have changed", async () => {
    kernel.models.free = 30;
    const fits = () => ["sdxl", "flux-dev"].map((name) => desk.fit(name)?.how);
    expect(fits()).toEqual([undefined, undefined]);
    expect(page.up.filter(({ message }) => message.type === "model_fit")).toHaveLength(1);
    await vi.waitFor(() => {
      page.settle();
      expect(fits()).toEqual(["fits", "offload"]);
    });
    kernel.models.free = 4;
    expect(fits()).toEqual(["fits", "offload"]);
    expect(page.up).toHaveLength(0);
    desk.weighAnew();
    expect(fits(), "what was known stands meanwhile").toEqual(["fits", "offload"]);
    await vi.waitFor(() => {
      page.settle();
      expect(fits()).toEqual(["offload", "too large"]);
    });
  });

  test("asks again later where it could not be said whether a model fits", async () => {
    kernel.models.free = null;
    desk.fit("sdxl");
    page.settle();
    await vi.advanceTimersByTimeAsync(1_000);
    kernel.models.free = 64;
    desk.fit("sdxl");
    expect(page.up).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(10_000);
    desk.fit("sdxl");
    page.settle();
    await vi.advanceTimersByTimeAsync(0);
    expect(desk.fit("sdxl")?.how).toBe("fits");
  });

  test("keeps the words of a refusal", async () => {
    desk.about("nobody/knows");
    page.settle();
    await vi.waitFor(() => expect(desk.about("nobody/knows")).toContain("nobody/knows"));
  });
});

describe("a problem", () => {
  test("is said at once where something does not fit, and later where something is only missing", () => {
    const problem = { node: "n1", port: "model", message: "", remedy: "" };
    expect(isLoud({ ...problem, code: "adapter" })).toBe(true);
    expect(isLoud({ ...problem, code: "missing-input" })).toBe(false);
    expect(isLoud(problem)).toBe(false);
  });
});

describe("a sound", () => {
  test("is drawn as loud as it is, and counted as a clock does", () => {
    expect(wavePath([0, 100])).toBe("M1.5 19.25v1.5M4.5 1.25v37.5");
    expect([0, 7.9, 61, 3_600].map(formatClock)).toEqual(["0:00", "0:07", "1:01", "60:00"]);
  });
});
