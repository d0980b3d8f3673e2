import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Line, MemoryKernel } from "../harness/kernel";
import { makeScene, type Scene } from "../harness/scenes";
import type { Change } from "../src/bridge/protocol";
import { removeItems } from "../src/flow/edits";
import type { Operation } from "../src/flow/operations";
import { canonical } from "./canonical";
import { TestPage } from "./page";

const RUNS = 200 * Number(process.env.PIXELFLOW_SOAK ?? 1);

const ids = fc.constantFrom("a", "b", "c");
const places = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));

/** What hands might do; `number` tells every edit from every other. */
type Hand = (number: number) => Operation[];
const hands: fc.Arbitrary<Hand> = fc.oneof(
  fc.record({ id: ids, place: places }).map(({ id, place }) => (number: number) => [
    { op: "add_node", id, node: { type: "duotone", values: { number } }, position: place },
  ]),
  ids.map((id) => (number: number) => [{ op: "set_values", id, values: { number } }]),
  ids.map((id) => (number: number) => [{ op: "set_node", id, fields: { note: number } }]),
  fc.record({ id: ids, place: places }).map(({ id, place }) => (number: number) => [
    { op: "move_nodes", positions: { [id]: [place[0], number] } },
  ]),
  fc.tuple(ids, ids).map(([one, other]) => (number: number) => [
    { op: "connect", from: `${one}.image`, to: `${other}.image`, fields: { number } },
  ]),
  ids.map((id) => (number: number) => [
    { op: "add_output", output: { name: `output_${number}`, from: `${id}.image` } },
  ]),
);

type Step =
  | { what: "edit"; page: number; hand: Hand }
  | { what: "remove"; page: number; id: string }
  | { what: "code"; hand: Hand }
  | { what: "up" | "down"; page: number; lost: boolean }
  | { what: "undo" | "redo" | "resend" | "reload"; page: number };

const pages = fc.integer({ min: 0, max: 1 });
const lost = fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("edit" as const), page: pages, hand: hands }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("remove" as const), page: pages, id: ids }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("code" as const), hand: hands }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant("up" as const), page: pages, lost }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant("down" as const), page: pages, lost }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constantFrom("undo" as const, "redo", "resend", "reload"), page: pages }),
  },
);

function startingScene(): Scene {
  const scene = makeScene("empty");
  const node = { type: "duotone", values: {} };
  return { ...scene, flow: { ...scene.flow, nodes: { a: node, b: node } } };
}

/** Two pages, a kernel, and what was said; every message waits until a step moves it. */
class World {
  readonly kernel = new MemoryKernel(startingScene());
  readonly pages = [new TestPage(this.kernel, "p0"), new TestPage(this.kernel, "p1")];
  /** Everything that the kernel accepted, and what pages asked for, by their names and numbers. */
  readonly accepted: Change[] = [];
  readonly asked = new Map<string, string>();
  /** The kernel's document of every revision. */
  readonly documents = new Map([[0, canonical(this.kernel.document)]]);
  #edits = 0;
  #loads = 2;

  constructor() {
    this.kernel.quiet = 1e9;
    this.kernel.refuse = (operations) => (JSON.stringify(operations).includes("3") ? "No threes." : null);
    const line: Line = {
      send: (message) => {
        if (message.type !== "change") return;
        this.accepted.push(message as unknown as Change);
        this.documents.set(this.kernel.rev, canonical(this.kernel.document));
      },
      trait: () => {},
    };
    this.kernel.join(line);
  }

  page(number: number): TestPage {
    return this.pages[number] as TestPage;
  }

  take(step: Step): void {
    this.#edits += 1;
    if (step.what === "code") {
      try {
        this.kernel.edit(step.hand(this.#edits));
      } catch {}
      return;
    }
    const page = this.page(step.page);
    if (step.what === "up") page.sendOne(step.lost);
    else if (step.what === "down") page.hearOne(step.lost);
    else if (step.what === "edit") this.#edit(page, step.hand(this.#edits));
    else if (step.what === "remove") this.#edit(page, removeItems(page.sync.snapshot().document, { nodes: [step.id] }));
    else if (step.what === "resend") page.link.resend();
    else if (step.what === "reload") this.#reload(step.page);
    else page.sync[step.what]();
  }

  #edit(page: TestPage, operations: Operation[]): void {
    const before = page.up.length;
    if (page.sync.edit(operations) !== null || page.up.length === before) return;
    const sent = page.up.at(-1)?.message;
    this.asked.set(`${sent?.client} ${sent?.seq}`, JSON.stringify(operations));
  }

  #reload(number: number): void {
    this.page(number).close();
    this.pages[number] = new TestPage(this.kernel, `p${this.#loads}`);
    this.#loads += 1;
  }

  /** A page on which nothing waits shows the kernel's document of its revision, at any time. */
  check(): void {
    for (const page of this.pages) {
      const { document, rev, pending, ready } = page.sync.snapshot();
      if (pending === 0 && ready) expect(canonical(document)).toBe(this.documents.get(rev));
    }
  }

  /** Nothing is lost any more, and what was lost is sent again. */
  settle(): void {
    for (let round = 0; round < 4; round += 1) {
      for (const page of this.pages) {
        page.noticeTrait();
        page.link.resend();
        page.settle();
      }
      for (const page of this.pages) page.settle();
    }
  }
}

describe("two pages and a kernel", () => {
  test("end with one document, whatever is late, lost, refused, taken back or reloaded", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const world = new World();
        for (const next of steps) {
          world.take(next);
          world.check();
        }
        world.settle();
        const { kernel } = world;
        for (const page of world.pages) {
          const { document, rev, pending, canUndo, canRedo } = page.sync.snapshot();
          expect(pending).toBe(0);
          expect(rev).toBe(kernel.rev);
          expect(canonical(document)).toBe(canonical(kernel.document));
          if (world.accepted.length > 0) {
            const last = world.accepted.at(-1);
            expect([canUndo, canRedo]).toEqual([last?.undo, last?.redo]);
          }
        }
        // Each edit was done once at most, as it was asked for; on a page that stayed, once or refused.
        const done = world.accepted.filter(({ client, source }) => client !== null && source === client);
        const names = done.map(({ client, seq }) => `${client} ${seq}`);
        expect(new Set(names).size).toBe(names.length);
        for (const { client, seq, ops } of done) expect(world.asked.get(`${client} ${seq}`)).toBe(JSON.stringify(ops));
        for (const page of world.pages) {
          const mine = [...world.asked.keys()].filter((name) => name.startsWith(`${page.link.client} `));
          expect(mine.filter((name) => names.includes(name)).length + page.refused.length).toBe(mine.length);
        }
        kernel.close();
        for (const page of world.pages) page.close();
      }),
      { numRuns: RUNS },
    );
  });
});
