/** Hosts in a browser's workers: a pool that moves VMs between them, and memory whose pages leave for the browser's storage. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, expect, test } from "vitest";
import type { MigrationStatistics, PagingStatistics } from "../../src/index.ts";
import { storing } from "../support/page-guests.ts";
import { beforeAllWith } from "../support/tools.ts";
import { printed } from "../support/vm-text.ts";
import { newHost, closeHosts } from "../support/hosts.ts";
import { serve, type TestServer } from "../package/support.ts";
import { bundleWorker } from "./worker/bundle.ts";

const PATIENCE = 150_000;
const [MIB, PAGES] = [2 ** 20, 3000];

let server: TestServer;
let browser: BrowserContext;
let page: Page;
const profile = mkdtempSync(path.join(tmpdir(), "wasmvisor-hosts-"));

beforeAllWith(
  ["chromium"],
  async () => {
    const files: Readonly<Record<string, readonly [type: string, content: string | Uint8Array]>> = {
      "/": [
        "text/html",
        `<!doctype html><link rel="icon" href="data:,"><script type="module" src="hosts.js"></script>`,
      ],
      "/hosts.js": ["text/javascript", await bundleWorker("hosts.ts")],
      "/worker.js": ["text/javascript", await bundleWorker("../../../src/worker/main.ts")],
      "/core.wasm": ["application/wasm", readFileSync(new URL("../../build/core.wasm", import.meta.url))],
    };
    server = await serve(profile, (name, response) => {
      const [type, content] = files[name] ?? [];
      if (type !== undefined) response.writeHead(200, { "content-type": type }).end(content);
      return type !== undefined;
    });
    browser = await chromium.launchPersistentContext(profile, {
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
    });
  },
  PATIENCE,
);

closeHosts();
afterEach(() => page?.close());
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(profile, { recursive: true, force: true });
});

/** Has a page do something: the body of a function, with `wasmvisor` and what PRELUDE has. */
async function tell<Value>(body: string): Promise<Value> {
  page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction("globalThis.act !== undefined");
  return page.evaluate<Value>(`act(${JSON.stringify(PRELUDE + body)})`);
}

const PRELUDE = `
const { Host, HostPool } = wasmvisor;
const wasm = new URL("core.wasm", location.href);
const worker = new URL("worker.js", location.href);
const guest = (pages) => Uint8Array.from(guests[pages]);
const guests = ${JSON.stringify({ 300: [...storing(300)], [PAGES]: [...storing(PAGES)] })};
const config = (pages) => ({ memory: "32M", bios: "none", clock: "deterministic", kernel: guest(pages) });
/** What a VM prints from now on. */
const textOf = (vm) => {
  const output = { text: "" };
  vm.on("output", (bytes) => (output.text += new TextDecoder().decode(bytes)));
  return output;
};
`;

/** What such a guest prints where nothing happens to it. */
async function alone(pages: number, length: number): Promise<string> {
  const host = await newHost();
  const vm = await host.createVm({ memory: "32M", bios: "none", kernel: storing(pages), clock: "deterministic" });
  const text = printed(vm);
  vm.start();
  await expect.poll(() => text().length, { timeout: PATIENCE }).toBeGreaterThanOrEqual(length);
  return text().slice(0, length);
}

test(
  "a page's pool moves a VM between two workers, and it and another one go on",
  async () => {
    const { moved, stayed, statistics, hosts } = await tell<{
      readonly moved: string;
      readonly stayed: string;
      readonly statistics: MigrationStatistics;
      readonly hosts: number[];
    }>(`
    const pool = await HostPool.create({ hosts: 2, worker, wasm });
    const vms = [];
    for (let made = 0; made < 2; made++) vms.push(await pool.createVm(config(300)));
    const texts = vms.map(textOf);
    for (const vm of vms) await vm.start();
    await until(() => texts.every(({ text }) => text.length > 20));
    const [vm, other] = vms;
    const hosts = vms.map((one) => pool.hostOf(one)).sort();
    const statistics = await pool.move(vm, pool.hostOf(other));
    const [moved, stayed] = texts.map(({ text }) => text.length);
    await until(() => texts[0].text.length > moved + 50 && texts[1].text.length > stayed + 50);
    hosts.push(pool.hostOf(vm) - pool.hostOf(other));
    await pool.close();
    return { moved: texts[0].text, stayed: texts[1].text, statistics, hosts };
  `);
    expect(hosts).toEqual([0, 1, 0]);
    expect(statistics.pages).toBeGreaterThan(300);
    const expected = await alone(300, Math.max(moved.length, stayed.length));
    expect([moved, stayed]).toEqual([expected.slice(0, moved.length), expected.slice(0, stayed.length)]);
  },
  PATIENCE,
);

/** The page files that there are in the browser's storage. */
const FILES = `
    const left = [];
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("wasmvisor-pages", { create: true });
    for await (const name of folder.keys()) left.push(name);`;

test(
  "pages of workers' VMs leave for the browser's storage, come back as they were, and nothing of them stays",
  async () => {
    const { texts, paging, there, left } = await tell<{
      readonly texts: string[];
      readonly paging: PagingStatistics[];
      readonly there: string[];
      readonly left: string[];
    }>(`
    const files = async () => { ${FILES} return left.sort(); };
    const pool = await HostPool.create({ hosts: 2, worker, wasm, maxMemory: ${28 * MIB}, paging: { file: "pages" } });
    const there = await files();
    const vms = [];
    for (const host of [0, 0, 1, 1]) vms.push(await pool.createVm(config(${PAGES}), { host }));
    const outputs = vms.map(textOf);
    for (const vm of vms) await vm.start();
    await until(() => outputs.every(({ text }) => text.length > 4));
    const paging = await Promise.all(pool.hosts.map(async (host) => (await host.accounting()).paging));
    await pool.close();
    return { texts: outputs.map(({ text }) => text), paging, there, left: await files() };
  `);
    for (const one of paging) {
      expect(one.failure).toBeUndefined();
      expect(one.written).toBeGreaterThan(2 * PAGES);
      expect(one.returned).toBeGreaterThan(2 * PAGES);
    }
    const expected = await alone(PAGES, Math.max(...texts.map(({ length }) => length)));
    for (const text of texts) expect(text).toBe(expected.slice(0, text.length));
    expect([there, left]).toEqual([["pages-0", "pages-1"], []]);
  },
  PATIENCE,
);

test(
  "a page's own thread, and a name that is in use, are refused a page file in a sentence",
  async () => {
    const [own, taken] = await tell<string[]>(`
    const codeOf = (promise) => promise.then(() => "none", ({ code, message }) => code + ": " + message);
    const paging = { file: "pages" };
    const host = await Host.create({ worker, wasm, paging });
    const codes = [await codeOf(Host.create({ wasm, paging })), await codeOf(Host.create({ worker, wasm, paging }))];
    await host.close();
    return codes;
  `);
    expect(own).toMatch(/^page-store: The page file pages cannot be made here; make the host in a worker/);
    expect(taken).toMatch(/^page-store: The page file pages is another host's/);
  },
  PATIENCE,
);

test(
  "a disk in the browser's storage is copied to another one while its VM moves, and nothing stays of what is given up",
  async () => {
    const { names, same, taken, given } = await tell<{
      readonly names: string[][];
      readonly same: boolean;
      readonly taken: string;
      readonly given: string;
    }>(`
    const disks = await (await navigator.storage.getDirectory()).getDirectoryHandle("wasmvisor-disks", { create: true });
    const names = async () => { const all = []; for await (const name of disks.keys()) all.push(name); return all.sort(); };
    const content = crypto.getRandomValues(new Uint8Array(65536));
    const file = await (await disks.getFileHandle("here.img", { create: true })).createWritable();
    await file.write(content);
    await file.close();
    const hosts = [await Host.create({ worker, wasm }), await Host.create({ worker, wasm })];
    const vm = await hosts[0].createVm({ ...config(300), drives: [{ source: "here.img", format: "raw" }] });
    await vm.start();
    const move = (source, signal) => {
      const [down, up] = [new TransformStream(), new TransformStream()];
      const options = { disks: "mirror", ...(signal && { signal, bandwidth: 65536 }) };
      return Promise.allSettled([
        hosts[1].receive({ readable: down.readable, writable: up.writable }, { drives: [{ source, format: "raw" }] }),
        vm.migrateTo({ readable: up.readable, writable: down.writable }, options),
      ]);
    };
    const found = [];
    const [taken] = await move("here.img");
    found.push(await names());
    const giveUp = new AbortController();
    const givenUp = move("never.img", giveUp.signal);
    await until(async () => (await names()).includes("never.img"));
    giveUp.abort(new Error("enough"));
    const [, given] = await givenUp;
    found.push(await names());
    const [arrived] = await move("there.img");
    for (const host of hosts) await host.close();
    found.push(await names());
    const bytes = async (name) =>
      new Uint8Array(await (await (await disks.getFileHandle(name)).getFile()).arrayBuffer());
    const [here, there] = [await bytes("here.img"), await bytes("there.img")];
    const same = arrived.status === "fulfilled" && [here, there].every((one) => one.every((byte, at) => byte === content[at]));
    for (const name of await names()) await disks.removeEntry(name);
    return { names: found, same: same && there.length === content.length, taken: String(taken.reason), given: String(given.reason) };
  `);
    expect(taken).toMatch(/here\.img is there already; name another one/);
    expect(given).toContain("enough");
    expect(names).toEqual([["here.img"], ["here.img"], ["here.img", "there.img"]]);
    expect(same).toBe(true);
  },
  PATIENCE,
);
