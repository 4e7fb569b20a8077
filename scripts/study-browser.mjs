// `npm run study:browser [-- --quick] [--rungs A,B] [--workloads A,B] [--rounds N] [--seconds N] [--json F] [--md F] [EXPERIMENT]`:
// the same experiments as `wasmvisor study`, in Chromium on the page's thread, for `wasmvisor study compare` with node's.

import { createServer } from "node:http";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { buildCore } from "./build-core.mjs";
import { buildDist } from "./build-dist.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = path.join(root, "dist");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };

/** The package's own imports, which a bundler would resolve. */
const PAGE = `<!doctype html><title>wasmvisor study</title>
<script type="importmap">{"imports":{"#disk":"/src/host/disk-web.js","#load":"/src/host/load-web.js","#network":"/src/host/network-web.js","#thread":"/src/host/thread-web.js"}}</script>`;

function serve() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = path.normalize(path.join(dist, decodeURIComponent(pathname)));
    try {
      const body = pathname === "/" ? PAGE : file.startsWith(dist + path.sep) ? await readFile(file) : undefined;
      if (body === undefined) throw new Error("outside");
      const type = pathname === "/" ? "text/html" : (TYPES[path.extname(file)] ?? "application/octet-stream");
      response.writeHead(200, { "content-type": type }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Runs in the page. */
async function studyInPage({ version, experiment, ...options }) {
  const { EXPERIMENTS, Study, webEnvironment } = await import("/src/study/index.js");
  const experiments = EXPERIMENTS.filter(({ name }) => name === experiment);
  const environment = webEnvironment(new URL("/guests/", globalThis.location.href), version);
  const study = new Study(environment, { ...options, experiments, sections: [], peers: [] }, ({ doing }) => {
    globalThis.progress(doing);
  });
  await study.run(new globalThis.AbortController().signal);
  return study.result();
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    rungs: { type: "string" },
    workloads: { type: "string" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    json: { type: "string" },
    md: { type: "string" },
  },
});

const list = (text) => (text === undefined ? undefined : text.split(","));
const number = (text) => (text === undefined ? undefined : Number(text));
const options = {
  experiment: positionals[0] ?? "ladder",
  quick: values.quick,
  rungs: list(values.rungs),
  workloads: list(values.workloads),
  rounds: number(values.rounds),
  seconds: number(values.seconds),
  flags: process.argv.slice(2),
  version: JSON.parse(await readFile(path.join(root, "package.json"), "utf8")).version,
};

await buildCore();
await buildDist();
const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
try {
  const page = await browser.newPage();
  let shown = "";
  await page.exposeFunction("progress", (doing) => {
    const what = doing.split(" on ")[0];
    if (what !== shown) console.error((shown = what));
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const result = await page.evaluate(studyInPage, options);
  const { markdownReport, textReport } = await import(path.join(dist, "src/study/index.js"));
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 1)}\n`);
  if (values.md !== undefined) await writeFile(values.md, markdownReport(result));
  process.stdout.write(textReport(result));
  process.exitCode = result.summary.voided.length > 0 ? 1 : 0;
} finally {
  await browser.close();
  server.close();
}
