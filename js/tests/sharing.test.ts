// The panels as the build makes them: a module that is given what the page has, and brings nothing twice.

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
// @ts-expect-error: a script of the build, which has no types.
import { buildPage } from "../sharing.mjs";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SETTINGS = { bundle: true, jsx: "automatic", minify: true, target: "es2022", plugins: [] };
const DEFINE = { "process.env.NODE_ENV": '"production"', "define.amd": "false" };

const built = await buildPage({ ...SETTINGS, define: DEFINE }, here("../src/widget.tsx"), "esm");
const asUrl = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;

test("panels bring no React, no store and no link of their own", () => {
  const inside = built.panels.js;
  for (const words of ["react.transitional.element", "Nothing of the editor can stand outside", "createContext"]) {
    expect(inside).not.toContain(words);
    expect(built.page.js).toContain(words);
  }
});

test("panels say for which page they are, and the page knows itself by the same digest", async () => {
  const { page } = await import(/* @vite-ignore */ asUrl(built.panels.js));
  expect(page).toMatch(/^[0-9a-f]{16}$/);
  expect(built.page.js).toContain(page);
  expect(built.page.js).not.toContain("@@pixelflow");
});

test("another page has other panels", async () => {
  const other = await buildPage({ ...SETTINGS, define: { ...DEFINE, more: "1" } }, here("../harness/page.ts"), "iife");
  expect(other.panels.js.slice(-40)).not.toBe(built.panels.js.slice(-40));
});

test("panels are made of what they are given, and are all there", async () => {
  const module = await import(/* @vite-ignore */ asUrl(built.panels.js));
  const shared = new Proxy([], { get: () => new Proxy([], { get: (_, key) => given(key) }) });
  expect(Object.keys(module.default(shared))).toEqual(
    expect.arrayContaining(["Export", "Models", "Publish", "Timeline", "Versions"]),
  );
});

/** Anything that is taken out of a module is a function. */
function given(key: string | symbol) {
  if (key === Symbol.iterator) {
    return function* () {
      for (;;) yield () => null;
    };
  }
  return () => null;
}
