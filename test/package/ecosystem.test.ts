/**
 * The package with other tools, and other versions of them, than the project's own: as README's table says that each is used.
 * `npm run ecosystem` fetches them.
 */

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasTool, toolFolder } from "../../scripts/ecosystem.mjs";
import { nodePath } from "../../scripts/nodes.mjs";
import { requireThat, requireTools } from "../support/tools.ts";
import { openChromium, Workshop } from "./support.ts";

const run = promisify(execFile);

let workshop: Workshop;
let browser: Browser | undefined;

beforeAll(async () => {
  workshop = await Workshop.open();
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await workshop?.discard();
});

/** A project below the tool's folder, with the package installed. */
async function projectWith(tool: string, files: Readonly<Record<string, string>>): Promise<string> {
  requireThat(hasTool(tool), "needs other tools to work with: npm run ecosystem");
  const folder = path.join(toolFolder(tool), "project");
  await rm(folder, { recursive: true, force: true });
  for (const name of Object.keys(files)) await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
  return workshop.projectIn(folder, files);
}

const bin = (tool: string, name: string) => path.join(toolFolder(tool), "node_modules/.bin", name);

/** Boots the demo guest's self-check; exported, and called by what follows it. */
const SELFCHECK = `
  import { DEMO_GUEST, Host } from "wasmvisor";
  export async function selfcheck(options) {
    const host = await Host.create(options);
    const vm = await host.createVm({ memory: "32M", kernel: DEMO_GUEST, append: "selfcheck" });
    await vm.start();
    const { code, reason } = await vm.exited;
    const checked = /all \\d+ checks passed/.test(vm.console.pending);
    await host.close();
    return [code, reason, checked].join();
  }
`;

/** Both ways to have a host. */
const BOTH = "[await selfcheck({}), await selfcheck({ worker: true })].join(' and ')";
const PASSED = "0,poweroff,true";
const BOTH_PASSED = `${PASSED} and ${PASSED}`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Runs a server while `use` uses it; what it prints is told when that fails. */
async function serving<T>(folder: string, args: readonly string[], url: string, use: () => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: quietEnv });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
  try {
    for (let tries = 0; ; tries++) {
      const up = await fetch(url).then(
        () => true,
        () => false,
      );
      if (up) break;
      if (tries === 300 || child.exitCode !== null) throw new Error(`the server does not come up:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return await use();
  } finally {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
}

const quietEnv = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", CI: "true" };

/** What the page at `url` reports. */
async function reported(url: string): Promise<string> {
  requireTools("chromium");
  browser ??= await openChromium();
  const page = await browser.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  try {
    await page.goto(url);
    const report = page.locator("[data-report]");
    await report.waitFor({ state: "attached", timeout: 90_000 }).catch((cause: unknown) => {
      throw new Error(`the page reports nothing; it says:\n${said.join("\n")}`, { cause });
    });
    return (await report.getAttribute("data-report")) ?? "";
  } finally {
    await page.close();
  }
}

describe("vite's development server", () => {
  const page = {
    "index.html": `<!doctype html><body><script type="module" src="/main.js"></script></body>`,
    "main.js": `${SELFCHECK}
      document.body.dataset.report = await (async () => ${BOTH})().catch(String);`,
  };
  const CONFIG = `export default { optimizeDeps: { exclude: ["wasmvisor"] } };`;

  async function report(tool: string, vite: string, files: Readonly<Record<string, string>>): Promise<string> {
    const folder = await projectWith(tool, files);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const args = [vite, "--host", "127.0.0.1", "--port", `${port}`, "--strictPort"];
    return serving(folder, args, url, () => reported(url));
  }

  test.each(["vite5", "vite6", "vite7"])("%s, told not to optimize the package", async (tool) => {
    const vite = path.join(toolFolder(tool), "node_modules/vite/bin/vite.js");
    expect(await report(tool, vite, { ...page, "vite.config.js": CONFIG })).toBe(BOTH_PASSED);
  });

  test("vite7 that has not been told: the error says what to set", async () => {
    const vite = path.join(toolFolder("vite7"), "node_modules/vite/bin/vite.js");
    expect(await report("vite7", vite, page)).toContain(
      `add "wasmvisor" to optimizeDeps.exclude in vite's configuration`,
    );
  });

  test("vite 8, as it is", async () => {
    const vite = path.resolve(import.meta.dirname, "../../node_modules/vite/bin/vite.js");
    expect(await report("vite7", vite, page)).toBe(BOTH_PASSED);
  });
}, 180_000);

describe("other runtimes", () => {
  test("deno", async () => {
    const folder = await projectWith("deno", { "main.js": `${SELFCHECK} console.log(${BOTH});` });
    const { stdout } = await run(bin("deno", "deno"), ["run", "-A", "main.js"], { cwd: folder });
    expect(stdout.trim()).toBe(BOTH_PASSED);
  });

  test("bun, on its own thread", async () => {
    const folder = await projectWith("bun", { "main.js": `${SELFCHECK} console.log(await selfcheck({}));` });
    const { stdout } = await run(bin("bun", "bun"), ["main.js"], { cwd: folder });
    expect(stdout.trim()).toBe(PASSED);
  });
}, 120_000);

test("Next.js, in a page and in a route", async () => {
  const folder = await projectWith("next", {
    "next.config.mjs": `export default { serverExternalPackages: ["wasmvisor"] };`,
    "app/layout.js": `export default ({ children }) => <html lang="en"><body>{children}</body></html>;`,
    "app/selfcheck.js": SELFCHECK,
    "app/page.js": `"use client";
      import { useEffect, useState } from "react";
      export default function Page() {
        const [report, setReport] = useState();
        useEffect(() => {
          import("./selfcheck.js").then(async ({ selfcheck }) => ${BOTH}).catch(String).then(setReport);
        }, []);
        return <p data-report={report}>{report}</p>;
      }`,
    "app/vm/route.js": `import { selfcheck } from "../selfcheck.js";
      export const dynamic = "force-dynamic";
      export const GET = async () => new Response(await (async () => ${BOTH})().catch(String));`,
  });
  const next = path.join(toolFolder("next"), "node_modules/next/dist/bin/next");
  await run(process.execPath, [next, "build", "--webpack"], { cwd: folder, env: quietEnv });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  await serving(folder, [next, "start", "-H", "127.0.0.1", "-p", `${port}`], url, async () => {
    expect(await (await fetch(`${url}vm`)).text()).toBe(BOTH_PASSED);
    expect(await reported(url)).toBe(BOTH_PASSED);
  });
}, 400_000);

describe("types", () => {
  const PROGRAM = `
    import { DEMO_GUEST, type ErrorCode, Host, type VmConfig, WasmvisorError } from "wasmvisor";
    import { disassemble } from "wasmvisor/debug";
    import { defineExperiment } from "wasmvisor/study";
    import "wasmvisor/worker";
    const config: VmConfig = { memory: "64M", kernel: DEMO_GUEST };
    const host = await Host.create();
    const vm = await host.createVm(config);
    vm.on("output", (bytes) => bytes.length);
    const bytes: Uint8Array = vm.memory.read(0x80000000, 4);
    try { vm.start(); } catch (error) {
      if (error instanceof WasmvisorError) { const code: ErrorCode = error.code; }
    }
    export { bytes, defineExperiment, disassemble };
  `;

  test.each([
    ["typescript52", "ES2022", "node"],
    ["typescript52", "ES2022,DOM", undefined],
    ["typescript59", "ES2022", "node"],
    ["typescript59", "ES2022,WebWorker", undefined],
    ["typescript7", "ES2022", "node"],
    ["typescript7", "ES2024,DOM", undefined],
  ])("compile with %s and its library %s, declarations checked too", async (tool, lib, types) => {
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, target: "ES2022", lib: lib.split(",") },
      ...{ module: "NodeNext", moduleResolution: "NodeNext", types: types === undefined ? [] : [types] },
    };
    const folder = await projectWith(tool, {
      "main.ts": PROGRAM,
      "tsconfig.json": JSON.stringify({ compilerOptions, files: ["main.ts"] }),
    });
    const said = await run(process.execPath, [path.join(toolFolder(tool), "node_modules/typescript/bin/tsc")], {
      cwd: folder,
    }).then(
      ({ stdout }) => stdout,
      (error: unknown) => (error as { stdout: string }).stdout,
    );
    expect(said).toBe("");
  });
}, 120_000);

test("an experiment in TypeScript runs with TypeScript 7 where node cannot strip types by itself", async () => {
  requireThat(await exists(nodePath("20.19.0")), "needs node 20: npm run nodes");
  const folder = await projectWith("typescript7", {
    "name.mts": `export const NAME: string = "mine";`,
    "mine.ts": `import { NAME } from "./name.mts";
      import { defineExperiment, type Experiment } from "wasmvisor/study";
      const experiment: Experiment = { name: NAME, title: "Mine", question: "Why?", workloads: ["sha256"],
        variants: [{ name: "late", vm: { engine: "tiered" } }],
        plots: [{ title: "Slowdown", kind: "bars", quantity: "slowdown" }] };
      export default defineExperiment(experiment);`,
  });
  const main = path.join(folder, "node_modules/wasmvisor/dist/src/cli/main.js");
  const { stdout } = await run(nodePath("20.19.0"), [main, "study", "--quick", "./mine.ts"], { cwd: folder });
  expect(stdout).toMatch(/late +[\d.]+x/);
}, 180_000);

async function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
