/** The package as its users get it: installed from the tarball, alone or through a bundler, in node and in Chromium. */

import { readFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import path from "node:path";
import esbuild from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build as viteBuild } from "vite";
import webpack from "webpack";
import { requireTools } from "../support/tools.ts";
import { openChromium, runNode, serve, Workshop } from "./support.ts";

let workshop: Workshop;
let browser: Browser | undefined;

beforeAll(async () => {
  workshop = await Workshop.open();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await workshop?.discard();
});

/** Boots the demo guest's self-check on this thread and in a worker; `report` gets what came of it. */
function program(report: string, { wasm = "undefined", worker = "true", kernel = "DEMO_GUEST" } = {}): string {
  return `
    import { DEMO_GUEST, Host } from "wasmvisor";
    async function selfcheck(options) {
      const host = await Host.create({ wasm: ${wasm}, ...options });
      const vm = await host.createVm({ memory: "32M", kernel: ${kernel}, append: "selfcheck" });
      await vm.start();
      const { code, reason } = await vm.exited;
      const { pending } = vm.console;
      await host.close();
      return { code, reason, text: pending };
    }
    try {
      ${report}(JSON.stringify([await selfcheck({}), await selfcheck({ worker: ${worker} })]));
    } catch (error) {
      ${report}(JSON.stringify({ error: String(error) }));
    }`;
}

const IN_PAGE = "document.body.dataset.report = String";
const page = (script: string) => `<!doctype html><body><script type="module" src="${script}"></script></body>`;

interface Report {
  readonly code: number;
  readonly reason: string;
  readonly text: string;
}

function expectSelfchecks(report: string): void {
  const reports = JSON.parse(report) as Report[];
  expect(reports).toHaveLength(2);
  for (const { code, reason, text } of reports) {
    expect({ code, reason }).toEqual({ code: 0, reason: "poweroff" });
    expect(text).toMatch(/selfcheck: all \d+ checks passed/);
  }
}

/** A tab of the one browser of this file; the test is skipped where there is none. */
async function openTab(): Promise<Page> {
  requireTools("chromium");
  browser ??= await openChromium();
  return browser.newPage();
}

/** What the page in `folder` reports, with nothing said on its console. */
async function inChromium(folder: string): Promise<string> {
  const tab = await openTab();
  const server = await serve(folder);
  const said: string[] = [];
  tab.on("console", (message) => said.push(message.text()));
  const failed = new Promise<never>((_, reject) => tab.on("pageerror", reject));
  try {
    await tab.goto(server.url);
    const body = await Promise.race([
      tab.waitForSelector("body[data-report]", { state: "attached", timeout: 30_000 }),
      failed,
    ]);
    expect(await tab.evaluate("crossOriginIsolated")).toBe(false);
    expect(said).toEqual([]);
    return (await body.getAttribute("data-report")) ?? "";
  } finally {
    await tab.close();
    await server.close();
  }
}

/** The README's `main.js`. */
function readmeProgram(): string {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  return /```js\n(\/\/ main\.js\n[\s\S]*?)```/.exec(readme)?.[1] ?? "";
}

test("the README's lines for the browser boot the guest, and it answers what is typed", async () => {
  const folder = await workshop.project("readme", { "main.js": readmeProgram(), "index.html": page("/main.js") });
  await viteBuild({ root: folder, base: "./", logLevel: "error", configFile: false, build: { target: "es2023" } });
  const tab = await openTab();
  const server = await serve(path.join(folder, "dist"));
  try {
    await tab.goto(server.url);
    await tab.locator("pre", { hasText: "demo> " }).waitFor({ timeout: 30_000 });
    await tab.keyboard.type("uptime\n");
    await tab.locator("pre", { hasText: /\d+ instructions/ }).waitFor({ timeout: 30_000 });
  } finally {
    await tab.close();
    await server.close();
  }
});

describe("the bundled guest boots on this thread and in a worker, the package being used by", () => {
  test("node", async () => {
    const folder = await workshop.project("in-node", { "main.js": program("console.log") });
    expectSelfchecks(await runNode(folder, ["main.js"]));
  });

  test("vite", async () => {
    const folder = await workshop.project("in-vite", { "main.js": program(IN_PAGE), "index.html": page("/main.js") });
    await viteBuild({ root: folder, base: "./", logLevel: "error", configFile: false, build: { target: "es2023" } });
    expectSelfchecks(await inChromium(path.join(folder, "dist")));
  });

  test("webpack", async () => {
    const folder = await workshop.project("in-webpack", {
      "main.js": program(IN_PAGE),
      "index.html": page("main.js"),
    });
    const output = {
      path: path.join(folder, "dist"),
      filename: "main.js",
      module: true,
      chunkFormat: "module",
    } as const;
    const compiler = webpack({
      mode: "production",
      context: folder,
      entry: "./main.js",
      output,
      experiments: { outputModule: true },
      performance: { hints: false },
    });
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
      compiler?.run((error, result) => (error === null ? resolve(result) : reject(error))),
    );
    expect(stats?.toString({ all: false, errors: true, warnings: true })).toBe("");
    await copyFile(path.join(folder, "index.html"), path.join(folder, "dist/index.html"));
    expectSelfchecks(await inChromium(path.join(folder, "dist")));
  });

  test("esbuild, with core, worker and guest beside the page", async () => {
    const beside = (name: string) => `new URL("${name}", location.href)`;
    const folder = await workshop.project("in-esbuild", {
      "main.js": program(IN_PAGE, {
        wasm: beside("core.wasm"),
        worker: beside("worker.js"),
        kernel: beside("demo.elf"),
      }),
      "index.html": page("bundle.js"),
      "copy.js": `
        import { copyFileSync } from "node:fs";
        import { fileURLToPath } from "node:url";
        copyFileSync(fileURLToPath(import.meta.resolve("wasmvisor/core.wasm")), "core.wasm");
        copyFileSync(fileURLToPath(import.meta.resolve("wasmvisor/guests/demo.elf")), "demo.elf");`,
    });
    await runNode(folder, ["copy.js"]);
    const { warnings } = await esbuild.build({
      absWorkingDir: folder,
      entryPoints: { bundle: "main.js", worker: "wasmvisor/worker" },
      outdir: folder,
      bundle: true,
      minify: true,
      format: "esm",
      target: "es2022",
      logLevel: "silent",
    });
    expect(warnings).toEqual([]);
    expectSelfchecks(await inChromium(folder));
  });
});
