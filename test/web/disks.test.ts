/** Disks in a browser: backends, formats and the browser's own storage, in a worker of Chromium. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { pattern } from "../contract/block-contract.ts";
import { beforeAllWith, requireTools } from "../support/tools.ts";
import { bundleWorker } from "./worker/bundle.ts";
import type { Result } from "./worker/vitest.ts";

/** Milliseconds for what a worker does. */
const PATIENCE = 300_000;
const CHROMIUM = { executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] };

const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-disks-"));
const at = (name: string) => path.join(folder, name);
let server: Server;
let browser: Browser;
/** A window whose storage is files of the host, as a visitor's, and a private one, whose storage is memory. */
let usual: Page;
let privately: Page;

/** Files of the folder; what is put comes into it. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const name = path.basename(request.url ?? "");
  if (request.method === "PUT") writeFileSync(at(name), await buffer(request));
  response.setHeader("content-type", name.endsWith(".js") ? "text/javascript" : "text/html");
  response.end(name.includes(".") ? readFileSync(at(name)) : `<!doctype html><link rel="icon" href="data:,">`);
}

async function openedBy(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return page;
}

beforeAllWith(["chromium"], async () => {
  for (const name of ["contract", "told"]) writeFileSync(at(`${name}.js`), await bundleWorker(`${name}.ts`));
  server = createServer((request, response) => {
    answer(request, response).catch(() => response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  usual = await openedBy(await chromium.launchPersistentContext(at("profile"), CHROMIUM));
  browser = await chromium.launch(CHROMIUM);
  privately = await openedBy(await browser.newContext());
});

afterAll(async () => {
  await usual?.context().close();
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Has a worker of a page do something: the body of a function, with `disk` (wasmvisor/disk) and `codeOf`. */
async function tell<Value>(page: Page, body: string, worker = "first"): Promise<Value> {
  const { value, error } = await page.evaluate<{ value: Value; error?: string }>(`new Promise((resolve) => {
    const workers = (globalThis.workers ??= {});
    const worker = (workers[${JSON.stringify(worker)}] ??= new Worker("told.js", { type: "module" }));
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ error: message });
    worker.postMessage(${JSON.stringify(body)});
  })`);
  if (error !== undefined) throw new Error(error);
  return value;
}

/** Ends the workers, with whatever they hold, and empties the storage. */
beforeEach(async () => {
  for (const page of [usual, privately]) {
    await page.evaluate(
      `for (const worker of Object.values(globalThis.workers ?? {})) worker.terminate(); globalThis.workers = {};`,
    );
    await expect
      .poll(() =>
        tell(
          page,
          `globalThis.held = {};
           for (const { name } of await disk.listOpfs()) await disk.deleteOpfs(name).catch(() => undefined);
           return (await disk.listOpfs()).length;`,
        ),
      )
      .toBe(0);
  }
});

test(
  "in a browser, every backend and format keeps the contract",
  async () => {
    const results = await usual.evaluate<Result[]>(`new Promise((resolve, reject) => {
      const worker = new Worker("contract.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    })`);
    expect(results.filter(({ error }) => error !== undefined)).toEqual([]);
    expect(results.length).toBeGreaterThan(100);
    expect(results.filter(({ name }) => name.includes("browser's storage")).length).toBeGreaterThan(15);
  },
  PATIENCE,
);

/** Gives the page's origin so many bytes, until what is returned is called. */
async function setQuota(page: Page, quotaSize: number): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize });
  return () => session.detach();
}

describe.each([
  ["a window", () => usual],
  ["a private window", () => privately],
])("the storage of %s", (_, pageOf) => {
  test("has one user of a disk at a time, or many readers", async () => {
    await tell(pageOf(), `held.one = await disk.openOpfs("a.img", { create: 4096 });`);
    const code = await tell<string>(pageOf(), `return codeOf(disk.openOpfs("a.img", { readonly: true }));`, "second");
    expect(code).toBe(
      `image-locked: The disk "a.img" in the browser's storage is in use, here or in another tab; close it there.`,
    );
    for (const act of [`disk.deleteOpfs("a.img")`, `disk.importOpfs("a.img", new Blob(["x"]), { replace: true })`]) {
      expect(await tell(pageOf(), `return codeOf(${act});`, "second"), act).toMatch(/^image-locked: /);
    }
    await tell(pageOf(), `await held.one.close();`);
    const readers = `globalThis.held ??= {}; held.one = await disk.openOpfs("a.img", { readonly: true });`;
    await tell(pageOf(), readers);
    await tell(pageOf(), readers, "second");
    expect(await tell(pageOf(), `return codeOf(disk.openOpfs("a.img"));`)).toMatch(/^image-locked: /);
    await tell(pageOf(), `await held.one.close();`, "second");
  });

  test("that is full is an error that says so, and the disk goes on", async () => {
    const page = pageOf();
    await tell(
      page,
      `held.one = await disk.openOpfs("a.img", { create: 2 ** 20 }); await held.one.write(0, new Uint8Array(2 ** 20).fill(5));`,
    );
    const giveRoom = await setQuota(page, 2 ** 23);
    try {
      const codes = await tell<string[]>(
        page,
        `const [one, zeros] = [held.one, new Uint8Array(2 ** 20)];
         const codes = [await codeOf((async () => one.resize(2 ** 25))()), String(one.size)];
         const qcow2 = await disk.openOpfs("b.img", { create: 0 });
         await disk.createDisk(qcow2, { size: 2 ** 30 });
         const image = await disk.openDisk(qcow2);
         codes.push(await codeOf((async () => { for (let at = 0; at < 2 ** 25; at += 2 ** 20) await image.write(at, zeros); })()));
         held.image = image;
         const into = new Uint8Array(4);
         await one.read(2 ** 20 - 4, into);
         codes.push(into.join());
         codes.push(await codeOf(disk.importOpfs("c.img", new Blob(Array.from({ length: 32 }, () => zeros)))));
         codes.push(await codeOf(disk.openOpfs("d.img", { create: 2 ** 25 })));
         codes.push((await disk.listOpfs()).map(({ name }) => name).join());
         return codes;`,
      );
      const full = expect.stringMatching(
        /^block-full: There is no room left for the disk "\w.img" in the browser's storage; /,
      ) as string;
      expect(codes).toEqual([full, String(2 ** 20), full, "5,5,5,5", full, full, "a.img,b.img"]);
    } finally {
      await giveRoom();
    }
  });
});

describe("the browser's storage", () => {
  test("takes images in whole, with progress, and gives them back", async () => {
    const report = await tell<unknown>(
      usual,
      `const bytes = new Uint8Array(3_000_001).map((_, at) => at % 251);
       const seen = [];
       await disk.importOpfs("a.img", new Blob([bytes]), { onProgress: (done, total) => seen.push([done, total]) });
       await disk.importOpfs("b.img", new Blob([bytes]).stream());
       const back = new Uint8Array(await (await disk.exportOpfs("b.img")).arrayBuffer());
       return {
         list: (await disk.listOpfs()).map(({ name, size, modified }) => [name, size, Date.now() - modified < 3.6e6]),
         last: seen.at(-1),
         rises: seen.every(([done], index) => index === 0 || done > seen[index - 1][0]),
         same: back.length === bytes.length && back.every((byte, at) => byte === bytes[at]),
         again: await codeOf(disk.importOpfs("a.img", new Blob(["x"]))),
         replaced: [await codeOf(disk.importOpfs("a.img", new Blob(["x"]), { replace: true })), (await disk.exportOpfs("a.img")).size],
         deleted: [await codeOf(disk.deleteOpfs("a.img")), await codeOf(disk.deleteOpfs("a.img")), await codeOf(disk.exportOpfs("a.img"))],
       };`,
    );
    const none = `source-unreadable: There is no disk "a.img" in the browser's storage; check the name.`;
    expect(report).toEqual({
      list: [
        ["a.img", 3_000_001, true],
        ["b.img", 3_000_001, true],
      ],
      last: [3_000_001, 3_000_001],
      rises: true,
      same: true,
      again: `file-unwritable: There is a disk "a.img" in the browser's storage already; delete it, or choose another name.`,
      replaced: ["none", 1],
      deleted: ["none", none, none],
    });
  });

  test("keeps nothing of an import that is given up or breaks off, and what was there before", async () => {
    const report = await tell<unknown>(
      usual,
      `const endless = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
       const broken = () => new ReadableStream({ pull: (c) => (c.desiredSize > 0 ? c.enqueue(new Uint8Array(9)) : 0), start: (c) => setTimeout(() => c.error(new Error("cut")), 50) });
       const controller = new AbortController();
       const stop = (done) => done > 1_000_000 && controller.abort(new Error("enough"));
       await disk.importOpfs("old.img", new Blob(["old"]));
       return {
         aborted: await codeOf(disk.importOpfs("a.img", endless(), { signal: controller.signal, onProgress: stop })),
         aborting: await codeOf(disk.importOpfs("a.img", endless(), { signal: controller.signal })),
         broken: await codeOf(disk.importOpfs("old.img", broken(), { replace: true })),
         nonsense: await codeOf(disk.importOpfs("b.img", new ReadableStream({ pull: (c) => c.enqueue("text") }))),
         wrong: await codeOf(disk.importOpfs("b.img", "text")),
         left: (await disk.listOpfs()).map(({ name, size }) => [name, size]),
       };`,
    );
    expect(report).toEqual({
      aborted: "Error: enough",
      aborting: "Error: enough",
      broken: expect.stringMatching(/^source-broken: .*; try again\.$/) as string,
      nonsense: expect.stringMatching(/^image-source: /) as string,
      wrong: expect.stringMatching(/^image-source: /) as string,
      left: [["old.img", 3]],
    });
  });

  // Chromium keeps the name of a file locked that it has deleted in use.
  test("that is cleared under a disk is an I/O error at the next flush", async () => {
    await tell(usual, `held.one = await disk.openOpfs("cleared.img", { create: 4096 }); await held.one.flush();`);
    const session = await usual.context().newCDPSession(usual);
    await session.send("Storage.clearDataForOrigin", {
      origin: new URL(usual.url()).origin,
      storageTypes: "file_systems",
    });
    await session.detach();
    const codes = await tell<string[]>(
      usual,
      `return [await codeOf(held.one.flush()), await codeOf(held.one.close())];`,
    );
    const gone = `block-io: The disk "cleared.img" in the browser's storage has been deleted while it was used; bring it in again under another name.`;
    expect(codes).toEqual([gone, gone]);
  });

  test("refuses names that are paths, and what is not there", async () => {
    const names = ["", ".", "..", "a/b", "a\\b", "file:a", " a", "a\n", "x".repeat(101), "\ud800", "a\0"];
    const codes = await tell<string[]>(
      usual,
      `const codes = [];
       for (const name of ${JSON.stringify(names)}) codes.push(await codeOf(disk.openOpfs(name, { create: 1 })));
       codes.push(await codeOf(disk.openDisk("missing.img")), await codeOf(disk.openDisk("/etc/passwd")));
       return codes;`,
    );
    for (const code of codes.slice(0, names.length))
      expect(code).toMatch(/^option: A disk in the browser's storage cannot/);
    expect(codes.slice(names.length)).toEqual([
      expect.stringMatching(/^source-unreadable: There is no disk "missing\.img"/),
      expect.stringMatching(/^option: /),
    ]);
  });

  test("is looked through from a page's own thread, but its disks are opened in workers only", async () => {
    await tell(usual, `await disk.importOpfs("a.img", new Blob(["x"]));`);
    const report = await usual.evaluate<unknown>(`(async () => {
      const { told } = await import("./told.js");
      return told(${JSON.stringify(`return [(await disk.listOpfs()).length, await codeOf(disk.openDisk("a.img"))];`)});
    })()`);
    expect(report).toEqual([1, expect.stringMatching(/^unsupported: .*worker: true\.$/)]);
  });
});

test("a tab that is closed loses nothing that was flushed, and leaves images without errors", async () => {
  await tell(usual, `await disk.createDisk("crash.qcow2", { size: 2 ** 24, clusterBytes: 4096 });`);
  /** Writes blocks from number `first` on, each to a place of its own, flushes each, and says so. */
  const work = (first: number) => `
    const said = new BroadcastChannel("flushed");
    const image = await disk.openDisk("crash.qcow2");
    for (let n = ${first}; ; n++) {
      await image.write(((n * 7919) % 4000) * 4096, new Uint8Array(4096).fill(1 + (n % 255)));
      if (n % 3 === 0) await image.writeZeroes(((n * 7919 + 7919 * 2000) % 4000) * 4096, 4096, true);
      await image.flush();
      said.postMessage(n);
    }`;
  const flushed: number[] = [];
  for (let round = 0, first = 0; round < 10; round++) {
    const last = await usual.evaluate<number>(`new Promise((resolve) => {
      const said = new BroadcastChannel("flushed");
      const worker = new Worker("told.js", { type: "module" });
      worker.postMessage(${JSON.stringify(work(first))});
      said.onmessage = ({ data }) => {
        if (data < ${first + 5 + 9 * round}) return;
        worker.terminate();
        said.close();
        resolve(data);
      };
    })`);
    for (let n = first; n <= last; n++) flushed.push(n);
    first = last + 100;
    const report = await tell<unknown>(
      usual,
      `let image;
       for (;;) {
         try {
           image = await disk.openDisk("crash.qcow2");
           break;
         } catch (error) {
           // The browser takes a moment to see that its user is gone.
           if (error.code !== "image-locked") throw error;
         }
       }
       const { corruptions } = await image.check();
       const lost = [];
       const block = new Uint8Array(4096);
       for (const n of ${JSON.stringify(flushed)}) {
         await image.read(((n * 7919) % 4000) * 4096, block);
         if (!block.every((byte) => byte === 1 + (n % 255))) lost.push(n);
       }
       await image.close();
       return { corruptions, lost };`,
    );
    expect(report, `round ${round}`).toEqual({ corruptions: 0, lost: [] });
  }
  expect(flushed.length).toBeGreaterThan(300);
});

describe("qcow2 in a browser", () => {
  const qemuImg = (...args: string[]) => execFileSync("qemu-img", args, { encoding: "utf8", cwd: folder });
  const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

  /** Bytes that can be compressed, and such that cannot, with holes between. */
  const content = pattern(3_000_000, 3);
  content.fill(0, 300_000, 900_000);
  for (let at = 1_000_000; at < 1_300_000; at++) content[at] = (Math.imul(at, 2_654_435_761) >>> 13) & 255;

  beforeEach(() => requireTools("qemu-img"));

  const FETCH = `
    const fetched = async (name) => (await fetch(name)).blob();
    const put = async (name) => fetch(name, { method: "PUT", body: await disk.exportOpfs(name) });
    const hashOf = async (image) => {
      const bytes = new Uint8Array(image.size);
      for (let at = 0; at < bytes.length; at += 1_000_000) await image.read(at, bytes.subarray(at, at + 1_000_000));
      return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.subarray(0, 3_000_000)))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    };
  `;

  test.each(["zlib", "zstd"])(
    "is read where its clusters are compressed by %s, from the storage and from a Blob",
    async (type) => {
      writeFileSync(at("content.raw"), content);
      qemuImg("convert", "-c", "-O", "qcow2", "-o", `compression_type=${type}`, "content.raw", `${type}.qcow2`);
      const hashes = await tell<unknown>(
        usual,
        `${FETCH}
       const blob = await fetched("${type}.qcow2");
       await disk.importOpfs("a.qcow2", blob);
       const images = [await disk.openDisk("a.qcow2"), await disk.openDisk(new disk.BlobBlock(blob))];
       const hashes = [];
       for (const image of images) hashes.push(await hashOf(image)), await image.close();
       return hashes;`,
      );
      expect(hashes).toEqual([hash(content), hash(content)]);
    },
  );

  test("that is made and written there, over another image, is what QEMU takes it for", async () => {
    writeFileSync(at("content.raw"), content);
    qemuImg("convert", "-c", "-O", "qcow2", "content.raw", "base.qcow2");
    const changed = content.slice();
    changed.set(pattern(200_000, 9), 850_000);
    const report = await tell<{ hash: string; findings: number; readonly: string }>(
      usual,
      `${FETCH}
       await disk.importOpfs("base.qcow2", await fetched("base.qcow2"));
       const file = await disk.openOpfs("mine.qcow2", { create: 0 });
       await disk.createDisk(file, { size: 3_000_320, backingFile: "base.qcow2", backingFormat: "qcow2" });
       await file.close();
       const image = await disk.openDisk("mine.qcow2");
       const bytes = new Uint8Array(${JSON.stringify([...pattern(256, 9)])});
       const part = new Uint8Array(200_000);
       for (let at = 0; at < part.length; at++) part[at] = at * 7 + (at >> 8) * 13 + 9;
       await image.write(850_000, part);
       await image.flush();
       const { corruptions, leaks } = await image.check();
       const hash = await hashOf(image);
       const readonly = await codeOf((async () => image.backing.write(0, bytes))());
       await image.close();
       await put("mine.qcow2");
       return { hash, findings: corruptions + leaks, readonly };`,
    );
    expect(report).toEqual({
      hash: hash(changed),
      findings: 0,
      readonly: expect.stringMatching(/^block-readonly/) as string,
    });
    expect(qemuImg("check", "mine.qcow2")).toContain("No errors were found");
    qemuImg("convert", "-O", "raw", "mine.qcow2", "mine.raw");
    expect(hash(readFileSync(at("mine.raw")).subarray(0, 3_000_000))).toBe(hash(changed));
  });
});
