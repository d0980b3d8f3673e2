// esbuild makes the whole front end: editor (widget) and its panels, playground, fine-tuning. No code splitting by esbuild: a
// widget's module is handed over as text, so a relative chunk would never be found; `sharing.mjs` splits off the panels.
//
//   node build.mjs             ../pixelflow_widgets/static/{widget,panels,playground,finetuning}.{js,css}, then the size gate
//   node build.mjs --size      only the size gate, on the bundles that are there
//   node build.mjs --harness   .harness/index.html: the view on a page without Jupyter, to look at and to photograph
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { buildPage } from "./sharing.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const STATIC = here("../pixelflow_widgets/static");
const LIMITS_KB = { widget: 220, panels: 60, playground: 110, finetuning: 95 }; // the last one shows comparisons, too

/**
 * React Flow's style sheet holds for our own canvas only: another widget on the page may bring another version of it. Rules
 * of parts that the canvas does not have are left out.
 */
const scopeReactFlow = {
  name: "scope-react-flow",
  setup(build) {
    build.onLoad({ filter: /@xyflow[\\/]react[\\/]dist[\\/]base\.css$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const frames = /@keyframes[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/g;
      const absent =
        "minimap|controls|resize|attribution|arrowhead|edge-text|edgelabel|node-(?:input|default|output|group)";
      const named = text.replace(/\/\*.*?\*\//gs, "").replaceAll("dashdraw", "pf-dashdraw");
      const rules = named
        .replace(frames, "")
        .replace(new RegExp(`[^{}]*react-flow__(?:${absent})[^{}]*\\{[^{}]*\\}`, "g"), "")
        .replace(new RegExp(`--xy-(?:${absent}|node)[\\w-]*:[^;}]*;`, "g"), "");
      return { contents: `${(named.match(frames) ?? []).join("\n")}\n.pf-root {${rules}}`, loader: "css" };
    });
  },
};

/** Nothing but React Flow's own words keeps its map, buttons and shapes of edges in the bundle: calls that are pure say so. */
const onlyWhatIsUsed = {
  name: "only-what-is-used",
  setup(build) {
    build.onLoad({ filter: /@xyflow[\\/]react[\\/]dist[\\/]esm[\\/]index\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const contents = text
        .replace(/^(const \w+ = )((?:memo|forwardRef|createContext|create\w+Edge)\()/gm, "$1/* @__PURE__ */ $2")
        .replace(/^\w+\.displayName = '\w+';$/gm, "");
      return { contents };
    });
  },
};

/** Nothing moves by d3: ways of the viewport are our own (`canvas/glide.ts`), so nothing has to be cut short either. */
const STILL = {
  "d3-transition": `import { selection } from "d3-selection";
    selection.prototype.interrupt = function () { return this; };
    export const interrupt = () => {};`,
  "d3-interpolate": "export const interpolate = null, interpolateZoom = null;",
};
const noTransitions = {
  name: "no-transitions",
  setup(build) {
    build.onLoad({ filter: /[\\/]d3-(?:transition|interpolate)[\\/]dist[\\/]/ }, ({ path }) => ({
      contents: STILL[path.match(/d3-(?:transition|interpolate)(?=[\\/])/)[0]],
      resolveDir: dirname(path),
    }));
  },
};

const shared = {
  bundle: true,
  define: { "process.env.NODE_ENV": '"production"', "define.amd": "false" },
  jsx: "automatic",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  plugins: [scopeReactFlow, onlyWhatIsUsed, noTransitions],
  target: "es2022",
};

async function buildEditor() {
  const { page, panels } = await buildPage(shared, here("src/widget.tsx"), "esm");
  await mkdir(STATIC, { recursive: true });
  const files = { "widget.js": page.js, "widget.css": page.css, "panels.js": panels.js, "panels.css": panels.css };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(`${STATIC}/${name}`, text)));
}

async function buildOthers() {
  await esbuild.build({
    ...shared,
    entryPoints: {
      playground: here("src/playground/index.tsx"),
      finetuning: here("src/finetuning/index.tsx"),
    },
    format: "esm",
    outdir: STATIC,
  });
}

async function buildHarness() {
  const folder = here(".harness");
  await mkdir(folder, { recursive: true });
  // Classic scripts: a page opened from a file may not load modules.
  const { page, panels } = await buildPage(shared, here("harness/page.ts"), "iife");
  await writeFile(`${folder}/page.js`, page.js);
  await writeFile(`${folder}/page.css`, page.css);
  await writeFile(`${folder}/panels.js`, `window.panels = ${JSON.stringify(panels)};`);
  await copyFile(here("harness/index.html"), `${folder}/index.html`);
  console.log("harness: .harness/index.html");
}

async function checkSize(name, limit) {
  const files = [`${name}.js`, `${name}.css`];
  const sizes = await Promise.all(files.map(async (file) => gzipSync(await readFile(`${STATIC}/${file}`)).length));
  const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  console.log(`bundle: ${total.toFixed(1)} kB gzip of ${limit} kB (${files.join(" + ")})`);
  if (total > limit) {
    console.error(`The bundle is too large: ${total.toFixed(1)} kB gzip; at most ${limit} kB may be sent per ${name}.`);
    process.exitCode = 1;
  }
}

const flag = process.argv[2];
if (flag === "--harness") await buildHarness();
else {
  if (flag !== "--size") await Promise.all([buildEditor(), buildOthers()]);
  for (const [name, limit] of Object.entries(LIMITS_KB)) await checkSize(name, limit);
}
