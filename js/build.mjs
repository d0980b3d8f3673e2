// One esbuild call makes the whole front end. No code splitting: a widget's module is handed over as text, so a relative
// chunk would never be found.
//
//   node build.mjs             ../pixelflow_widgets/static/widget.{js,css}, then the size gate
//   node build.mjs --size      only the size gate, on the bundle that is there
//   node build.mjs --harness   .harness/index.html: the view on a page without Jupyter, to look at and to photograph
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const STATIC = here("../pixelflow_widgets/static");
const LIMIT_KB = 220;

const shared = {
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"', "define.amd": "false" },
  jsx: "automatic",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2022",
};

/** React Flow's style sheet holds for our own canvas only: another widget on the page may bring another version of it. */
const scopeReactFlow = {
  name: "scope-react-flow",
  setup(build) {
    build.onLoad({ filter: /@xyflow[\\/]react[\\/]dist[\\/]base\.css$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const frames = /@keyframes[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g;
      const named = text.replaceAll("dashdraw", "pf-dashdraw");
      const rules = named.replace(frames, "");
      return { contents: `${(named.match(frames) ?? []).join("\n")}\n.pf-root {${rules}}`, loader: "css" };
    });
  },
};

/** d3 brings the arithmetic of colours, to fade one into another; React Flow only moves things. So no text is a colour. */
const noColours = {
  name: "no-colours",
  setup(build) {
    build.onLoad({ filter: /[\\/]d3-color[\\/]dist[\\/]d3-color\.mjs$/ }, () => ({
      contents: `const none = () => null;
        export { none as color, none as rgb, none as hsl, none as lab, none as hcl, none as cubehelix, none as gray, none as lch };`,
    }));
  },
};

async function buildWidget() {
  await esbuild.build({
    ...shared,
    entryPoints: { widget: here("src/widget.tsx") },
    format: "esm",
    outdir: STATIC,
    plugins: [scopeReactFlow, noColours],
  });
}

async function buildHarness() {
  const folder = here(".harness");
  await mkdir(folder, { recursive: true });
  // A classic script: a page opened from a file may not load modules.
  await esbuild.build({
    ...shared,
    entryPoints: { page: here("harness/page.ts") },
    format: "iife",
    outdir: folder,
    plugins: [scopeReactFlow, noColours],
  });
  await copyFile(here("harness/index.html"), `${folder}/index.html`);
  console.log("harness: .harness/index.html");
}

async function checkSize() {
  const files = ["widget.js", "widget.css"];
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(`${STATIC}/${file}`)).length));
  const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  console.log(`bundle: ${total.toFixed(1)} kB gzip of ${LIMIT_KB} kB (${files.join(" + ")})`);
  if (total > LIMIT_KB) {
    console.error(
      `The bundle is too large: ${total.toFixed(1)} kB gzip; at most ${LIMIT_KB} kB may be sent per widget.`,
    );
    process.exit(1);
  }
}

const flag = process.argv[2];
if (flag === "--harness") await buildHarness();
else {
  if (flag !== "--size") await buildWidget();
  await checkSize();
}
