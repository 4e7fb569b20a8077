import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { parseControl } from "../../src/cli/control/options.ts";
import { printSnapshotInfo } from "../../src/cli/snapshot-info.ts";
import { Host, snapshotInfo, type SnapshotOptions } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { flatGuest } from "../support/guest.ts";

async function snapshotOf(options: SnapshotOptions = {}): Promise<Uint8Array> {
  using host = await Host.create();
  const vm = await host.createVm({
    ...{ memory: "2M", bios: "none", kernel: flatGuest("again: j again"), harts: 2, generationId: true },
    drives: [{ source: new Uint8Array(2 ** 16).fill(3) }, { source: new Uint8Array(4096), readonly: true }],
    networks: [{ mac: "52:54:00:00:00:07" }],
  });
  vm.step(0, 1000);
  const stream = vm.snapshot({ name: "first\x1b[2J", ...options }) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

test("a snapshot says what is in it", async () => {
  const info = await snapshotInfo(await snapshotOf());
  expect(info).toMatchObject({
    ...{ name: "first\x1b[2J", encrypted: false, memory: 2 ** 21, harts: 2, clock: "host", agent: false },
    drives: [
      { content: "whole", size: 2 ** 16, readonly: false, storedBytes: 2 ** 16 },
      { content: "same", size: 4096, readonly: true, storedBytes: 0 },
    ],
    ...{ networks: ["52:54:00:00:00:07"], shares: [], instructions: 1000 },
  });
  expect(info.parts).toEqual(expect.arrayContaining(["device/plic", "device/vmgenid", "hart/1"]));
  expect(info.storedMemory).toBeGreaterThanOrEqual(4096);
  expect(info.storedMemory).toBeLessThan(2 ** 16);
});

test("all of the file is read: any damage is found", async () => {
  const bytes = await snapshotOf();
  for (const at of [50, bytes.length >> 1, bytes.length - 5]) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1;
    expect(await failureOf(() => snapshotInfo(damaged))).toMatchObject({ code: "snapshot-damaged" });
  }
  expect(await failureOf(() => snapshotInfo(bytes.slice(0, -1)))).toMatchObject({ code: "snapshot-damaged" });
  expect(await failureOf(() => snapshotInfo(new Uint8Array(100)))).toMatchObject({ code: "snapshot-format" });
  const key = new Uint8Array(16).fill(7);
  const secret = await snapshotOf({ key });
  expect(await failureOf(() => snapshotInfo(secret))).toMatchObject({ code: "snapshot-key" });
  expect(await snapshotInfo(secret, { key })).toMatchObject({ encrypted: true });
});

test("the command prints it, and passes no control characters on", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-info-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "vm.snap");
  writeFileSync(file, await snapshotOf());
  let printed = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text, ...rest) => {
    printed += String(text);
    for (const done of rest) if (typeof done === "function") done();
    return true;
  });
  onTestFinished(() => write.mockRestore());
  await printSnapshotInfo(file, false);
  expect(printed).toMatch(/^name {10}first\?\[2J$/m);
  expect(printed).toMatch(/^disk 0 {8}64 KiB, raw image in disk in memory; in the file \(64 KiB\)$/m);
  expect(printed).not.toContain("\x1b");
  printed = "";
  await printSnapshotInfo(file, true);
  expect(JSON.parse(printed)).toMatchObject({ harts: 2 });
});

test("info is a word of the command's, and --json is info's alone", () => {
  expect(parseControl("snapshot", ["info", "a.snap", "--json"], undefined)).toMatchObject({
    ...{ kind: "snapshot-info", file: "a.snap", json: true },
  });
  expect(parseControl("snapshot", ["info"], undefined)).toMatchObject({ kind: "snapshot", file: "info" });
  expect(() => parseControl("snapshot", ["a", "--json"], undefined)).toThrow(/--json/);
});
