// The panels of the editor are a module of their own, which a page asks the kernel for when the first one is opened. It
// brings no second React and no second store: what it imports that the page has already, it is given by the page.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const PANELS = here("src/panels.ts");
/** What the page's half of the sharing is imported as. */
const SHARED = "pixelflow:shared";
/** Stands in the page for its own digest, which is known when it is built. */
const DIGEST = "@@pixelflow-page@@";

/** Which names a text imports from a module; types are none. */
function namesFrom(text, specifier) {
  const statements = text.matchAll(/^import\s+(?!type\b)([^;]*?)\s+from\s+"([^"]+)";/gms);
  return [...statements].flatMap(([statement, names, from]) => {
    if (from !== specifier) return [];
    if (!names.startsWith("{")) throw new Error(`Panels share by name only: ${statement}`);
    return names
      .slice(1, -1)
      .split(",")
      .map((name) => name.trim().split(/\s+as\s+/)[0])
      .filter((name) => name && !name.startsWith("type "));
  });
}

/** Hands what the page has to the panels: `shared[3]` holds what is imported from one module, in the order of its names. */
const givenByThePage = (inPage, wanted) => ({
  name: "given-by-the-page",
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === "asked" || kind === "entry-point" || path.endsWith(".css")) return;
      const found = await build.resolve(path, { importer, kind, resolveDir, pluginData: "asked" });
      if (!inPage.has(found.path)) return found;
      const names =
        path === "react/jsx-runtime" ? ["jsx", "jsxs", "Fragment"] : namesFrom(await readFile(importer, "utf8"), path);
      const known = wanted.get(found.path) ?? new Set();
      wanted.set(found.path, known);
      for (const name of names) known.add(name);
      return { path: found.path, namespace: "shared", sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: "shared" }, ({ path }) => {
      const place = [...wanted.keys()].sort().indexOf(path);
      const names = [...wanted.get(path)].sort();
      // Any name may be asked of CommonJS: while it is found out which ones are.
      if (!wanted.isWhole) return { contents: "module.exports = {};" };
      return { contents: `export const [${names.join(", ")}] = shared[${place}];` };
    });
  },
});

/** The page's half: what it gives, made when it is first asked for, so that nothing has to be ready before. */
const givenToPanels = (wanted) => ({
  name: "given-to-panels",
  setup(build) {
    build.onResolve({ filter: new RegExp(`^${SHARED}$`) }, () => ({ path: SHARED, namespace: "giving" }));
    build.onLoad({ filter: /./, namespace: "giving" }, () => {
      const modules = [...wanted.keys()].sort().map((path, place) => {
        const names = [...wanted.get(path)].sort();
        const as = names.map((name) => `${name} as ${name}${place}`).join(", ");
        return [`import { ${as} } from ${JSON.stringify(path)};`, `[${names.map((name) => name + place).join(", ")}]`];
      });
      const imports = modules.map(([line]) => line).join("\n");
      return {
        contents: `${imports}\nexport default () => [${modules.map(([, list]) => list)}];`,
        resolveDir: here("."),
      };
    });
  },
});

const nothingShared = new Map();

/** The files of a page, which its panels need not bring. */
async function filesOf(shared, page) {
  const { metafile } = await esbuild.build({
    ...shared,
    plugins: [...shared.plugins, givenToPanels(nothingShared)],
    entryPoints: [page],
    outdir: "unused",
    absWorkingDir: here("."),
    metafile: true,
    write: false,
  });
  return new Set(Object.keys(metafile.inputs).map((path) => resolve(here("."), path)));
}

const buildPanels = async (shared, inPage, wanted) => {
  const { outputFiles } = await esbuild.build({
    ...shared,
    plugins: [...shared.plugins, givenByThePage(inPage, wanted)],
    entryPoints: { panels: PANELS },
    // A function of what is shared, and no globals: two pages in one window may each have a React of their own.
    format: "cjs",
    platform: "browser",
    banner: { js: "export default(shared)=>{var module={exports:{}};" },
    footer: { js: "return module.exports};" },
    outdir: "unused",
    write: false,
  });
  return textsOf(outputFiles);
};

const textsOf = (files) => ({
  js: files.find(({ path }) => path.endsWith(".js")).text,
  css: files.find(({ path }) => path.endsWith(".css")).text,
});

/**
 * Builds a page and its panels; both as texts, `{ page: { js, css }, panels: { js, css } }`. The panels say for which page
 * they are: a kernel of another version would hand over others.
 */
export async function buildPage(shared, page, format) {
  const wanted = new Map();
  const inPage = await filesOf(shared, page);
  await buildPanels(shared, inPage, wanted);
  wanted.isWhole = true;
  const panels = await buildPanels(shared, inPage, wanted);
  const { outputFiles } = await esbuild.build({
    ...shared,
    plugins: [...shared.plugins, givenToPanels(wanted)],
    define: { ...shared.define, PAGE_DIGEST: JSON.stringify(DIGEST) },
    entryPoints: { page },
    format,
    outdir: "unused",
    write: false,
  });
  const made = textsOf(outputFiles);
  const digest = createHash("sha256").update(made.js).digest("hex").slice(0, 16);
  const js = `${panels.js.trimEnd()}\nexport const page="${digest}";\n`;
  return { page: { ...made, js: made.js.replaceAll(DIGEST, digest) }, panels: { ...panels, js } };
}
