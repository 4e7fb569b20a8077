/** What a page may rely on, in Chromium: it stays responsive, memory comes back, and errors say what to do. */

import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";
import esbuild from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { beforeAllWith } from "../support/tools.ts";
import { openChromium, serve, type TestServer, Workshop } from "./support.ts";

const root = path.resolve(import.meta.dirname, "../..");

let workshop: Workshop;
let browser: Browser;
let server: TestServer;
let page: Page;
/** What the page has said on its console, and errors nobody caught. */
let said: string[];

beforeAllWith(
  ["chromium"],
  async () => {
    [workshop, browser] = await Promise.all([Workshop.open(), openChromium()]);
    const folder = await workshop.project("page", {
      "main.js": `
        import * as wasmvisor from "wasmvisor";
        import * as disk from "wasmvisor/disk";
        Object.assign(globalThis, { wasmvisor, disk });`,
      "index.html": `<!doctype html><link rel="icon" href="data:,"><script type="module" src="bundle.js"></script>`,
      "elsewhere.html": `<!doctype html><title>elsewhere</title>`,
    });
    await esbuild.build({
      absWorkingDir: folder,
      entryPoints: { bundle: "main.js", worker: "wasmvisor/worker" },
      outdir: folder,
      bundle: true,
      format: "esm",
      logLevel: "silent",
    });
    await copyFile(path.join(root, "build/core.wasm"), path.join(folder, "core.wasm"));
    await copyFile(path.join(root, "guests/bin/demo.elf"), path.join(folder, "demo.elf"));
    const html = await readFile(path.join(folder, "index.html"));
    server = await serve(folder, (pathname, response) => {
      if (pathname === "/csp.html") {
        const policy = "script-src 'self'";
        response.writeHead(200, { "content-type": "text/html", "content-security-policy": policy }).end(html);
      } else if (pathname === "/slow.elf") {
        response.writeHead(200, { "content-length": 1000 }).write("part of it");
      } else if (pathname === "/cut.elf") {
        response.writeHead(200, { "content-length": 1000 }).write("part of it", () => response.destroy());
      } else if (pathname !== "/silent.wasm") return false;
      return true;
    });
  },
  120_000,
);

afterAll(async () => {
  await browser?.close();
  await server?.close();
  await workshop?.discard();
});

beforeEach(async () => {
  page = await browser.newPage();
  said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await open();
});

afterEach(() => page.close());

async function open(file = ""): Promise<void> {
  await page.goto(server.url + file);
  await page.waitForFunction("globalThis.wasmvisor !== undefined");
}

/** What pages begin with: hosts with the core and the worker beside the page, and a guest that never ends. */
const PRELUDE = `
  const { Host } = globalThis.wasmvisor;
  const at = (name) => new URL(name, location.href);
  const newHost = (options) => Host.create({ wasm: at("core.wasm"), ...options });
  const inWorker = { worker: at("worker.js") };
  const spin = Uint8Array.of(0x13, 0x04, 0x14, 0x00, 0x6f, 0xf0, 0xdf, 0xff); // addi s0, s0, 1; j back
  const spinning = { memory: "16M", bios: "none", kernel: spin };
  const codeOf = (promise) => promise.then(() => "none", ({ name, code, message }) => name + " " + code + ": " + message);
`;

function inPage<Result>(body: string): Promise<Result> {
  return page.evaluate(`(async () => { ${PRELUDE} ${body} })()`);
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** Microseconds of processor time. */
  readonly tdur?: number;
}

/** Milliseconds of processor time of each task of pages' main threads while `work` goes on, longest first. */
async function tasksDuring(work: () => Promise<void>): Promise<number[]> {
  await browser.startTracing(page, { categories: ["toplevel", "__metadata"] });
  await work();
  const { traceEvents } = JSON.parse(String(await browser.stopTracing())) as { traceEvents: TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const named = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const threads = new Set(named.map(threadOf));
  const tasks = traceEvents.filter((one) => one.name.endsWith("RunTask") && threads.has(threadOf(one)));
  // One that is not over has no length yet.
  return tasks.flatMap(({ tdur }) => (tdur === undefined ? [] : [tdur / 1000])).sort((a, b) => b - a);
}

describe("a page stays responsive while a guest spins", () => {
  test.each([
    ["on its own thread, interpreted", "{}", `engine: "interpreter"`],
    ["on its own thread, decoded each time", "{}", `engine: "interpret"`],
    ["on its own thread, translated", "{}", `engine: "tiered"`],
    ["in a worker", "inWorker", `engine: "tiered"`],
  ])("%s", async (_, options, config) => {
    await inPage(`
      globalThis.host = await newHost(${options});
      globalThis.vm = await host.createVm({ ...spinning, ${config} });
      await vm.start();`);
    const tasks = await tasksDuring(() => inPage(`await new Promise((resolve) => setTimeout(resolve, 2000));`));
    const instructions = await inPage<number>(`
      const { instructions } = await vm.counters();
      await host.close();
      return instructions;`);
    expect(instructions).toBeGreaterThan(100_000);
    expect(tasks[0]).toBeLessThan(50);
  });
});

/** Bytes of memory of its own that each of the browser's renderers occupies, by process. */
async function residentBytes(): Promise<Map<number, number>> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const renderers = processInfo.filter(({ type }) => type === "renderer");
  return new Map(
    await Promise.all(
      renderers.map(async ({ id }): Promise<[number, number]> => {
        const status = await readFile(`/proc/${id}/status`, "utf8").catch(() => "");
        return [id, Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024];
      }),
    ),
  );
}

/** By how much the most growing renderer has grown. One that is new is not the page's: browsers start some for pages to come. */
async function growth(before: ReadonlyMap<number, number>): Promise<number> {
  const sizes = await residentBytes();
  return Math.max(...[...sizes].map(([id, size]) => size - (before.get(id) ?? size)));
}

describe("memory is given back: 200 VMs leave no more behind than 50", () => {
  test.each([
    ["on the page's thread", "{}"],
    ["in a worker", "inWorker"],
  ])("%s", async (_, options) => {
    const turns = (count: number) =>
      inPage<number>(`
        globalThis.host ??= await newHost(${options});
        for (let n = 0; n < ${count}; n++) {
          const vm = await host.createVm({ ...spinning, engine: n % 2 ? "tiered" : "interpreter" });
          await vm.memory.write(0x80100000, new Uint8Array(2 ** 20).fill(1));
          await vm.start();
          while ((await vm.counters()).instructions === 0) await new Promise((resolve) => setTimeout(resolve));
          await vm.destroy();
        }
        return host.allocatedBytes;`);
    const collect = async () => {
      const session = await page.context().newCDPSession(page);
      await session.send("HeapProfiler.collectGarbage");
      await session.detach();
    };
    expect(await turns(50)).toBe(0);
    await collect();
    const before = await residentBytes();
    expect(Math.max(...before.values())).toBeGreaterThan(2 ** 20);
    expect(await turns(150)).toBe(0);
    // 150 VMs have written 1 MiB each, and as much again in tables. A browser takes its time to collect what they leave.
    await expect
      .poll(() => collect().then(() => growth(before)), { timeout: 30_000, interval: 500 })
      .toBeLessThan(48 * 2 ** 20);
  });
});

describe("a page learns what is wrong", () => {
  test("with the core, the worker or an image", async () => {
    const codes = await inPage<string[]>(`
      const host = await newHost();
      const boot = (kernel, more) => codeOf(host.createVm({ memory: "16M", kernel, ...more }));
      return [
        await codeOf(Host.create({ wasm: at("missing.wasm") })),
        await codeOf(Host.create({ wasm: at("demo.elf") })),
        await codeOf(Host.create({ wasm: at("silent.wasm"), signal: AbortSignal.timeout(50) })),
        await codeOf(newHost({ worker: at("missing.js") })),
        await boot(at("missing.elf")),
        await boot(at("slow.elf"), { stallTimeout: 200 }),
        await boot(at("cut.elf")),
        await boot(new Blob([new Uint8Array(await (await fetch(at("demo.elf"))).arrayBuffer()).subarray(0, 5000)])),
      ];`);
    const sentences = codes.map((text) => text.replace(/^(\S+ \S+): .*$/s, "$1"));
    expect(sentences).toEqual([
      "WasmvisorError core-unreachable",
      "WasmvisorError core-invalid",
      "TimeoutError 23",
      "WasmvisorError worker",
      "WasmvisorError source-unreadable",
      "WasmvisorError source-stalled",
      "WasmvisorError source-broken",
      expect.stringMatching(/^WasmvisorError elf-/) as string,
    ]);
    for (const text of codes.filter((one) => one.startsWith("WasmvisorError"))) expect(text).toMatch(/: [A-Z].*\.$/s);
  });

  test("when its policy forbids WebAssembly", async () => {
    await open("csp.html");
    expect(await inPage<string>(`return codeOf(newHost());`)).toMatch(/^WasmvisorError content-security-policy: /);
  });

  test("when address space cannot be had", async () => {
    const error = await inPage<string>(`
      WebAssembly.Memory = class { constructor() { throw new RangeError("could not allocate memory"); } };
      return codeOf(newHost());`);
    expect(error).toMatch(/^WasmvisorError host-memory: .*maxMemory/);
  });
});

test("a VM in a worker has disks in the browser's storage, which are free again when its host is closed", async () => {
  const report = await inPage<unknown>(`
    await disk.importOpfs("base.img", new Blob([new Uint8Array(2 ** 20).fill(1)]));
    const drives = [{ source: "base.img", overlay: "mine.qcow2" }];
    const host = await newHost(inWorker);
    const vm = await host.createVm({ ...spinning, drives });
    const [drive] = vm.drives;
    const other = await newHost(inWorker);
    const report = {
      drive: [drive.slot, await drive.size, await drive.readonly, await drive.description],
      map: (await drive.map()).bytes,
      counted: (await drive.statistics()).errors,
      twice: await codeOf(other.createVm({ ...spinning, drives })),
      here: await codeOf((await newHost()).createVm({ ...spinning, drives })),
      used: await codeOf(disk.deleteOpfs("mine.qcow2")),
    };
    await host.close();
    const again = await other.createVm({ ...spinning, drives });
    await other.close();
    const names = (await disk.listOpfs()).map(({ name }) => name);
    for (const name of names) await disk.deleteOpfs(name);
    return { ...report, again: again.drives.length, names };`);
  expect(report).toEqual({
    drive: [7, 2 ** 20, false, `qcow2 image in disk "mine.qcow2" in the browser's storage`],
    map: { data: 0, compressed: 0, zero: 0, below: 2 ** 20, nothing: 0 },
    counted: 0,
    twice: expect.stringMatching(/^WasmvisorError image-locked: The disk "mine\.qcow2"/) as string,
    here: expect.stringMatching(/^WasmvisorError unsupported: .*worker: true\.$/) as string,
    used: expect.stringMatching(/^WasmvisorError image-locked: /) as string,
    again: 1,
    names: ["base.img", "mine.qcow2"],
  });
});

test("a page that is left in the middle of a boot leaves nothing behind, and boots when it is opened again", async () => {
  const boot = `
    const hosts = [await newHost(), await newHost(inWorker)];
    globalThis.vms = await Promise.all(hosts.map((host) => host.createVm({ memory: "32M", kernel: at("demo.elf") })));
    for (const vm of vms) await vm.start();`;
  await inPage(`${boot} void hosts[0].createVm({ memory: "32M", kernel: at("slow.elf") });`);
  await page.goto(`${server.url}elsewhere.html`);
  expect(await page.title()).toBe("elsewhere");
  await open();
  const texts = await inPage<string[]>(`
    ${boot}
    return Promise.all(vms.map(async (vm) => (await vm.console.waitFor(/\\n(\\S*)> $/, 60_000)).before));`);
  expect(texts).toHaveLength(2);
  expect(texts[0]).toBe(texts[1]);
  expect(said).toEqual([]);
});
