/** Checkpoints: what a VM was, with its disks, and going back to it by hand and after failures. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { flatGuest } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string, config: VmConfig = {}, options = {}): Promise<Vm> {
  const host = await Host.create(options);
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });
}

/** Counts in memory; when the second word is set, it does nothing but trap; when the third is, it stores to one page after the other. */
const FUSE = `
  la t0, handler
  csrw mtvec, t0
  li s0, 0x80140000
  li s2, 4096
again:
  ld t0, 0(s0)
  addi t0, t0, 1
  sd t0, 0(s0)
  ld t1, 16(s0)
  bnez t1, hungry
  ld t1, 8(s0)
  beqz t1, again
.align 2
handler: .word 0
hungry: li s1, 0x80150000
fill: sd s1, 0(s1)
  add s1, s1, s2
  j fill
`;
const COUNT = 0x8014_0000;
const STORM = 0x8014_0008;
const HUNGER = 0x8014_0010;

const count = (vm: Vm): number => Number(new DataView(vm.memory.read(COUNT, 8).buffer).getBigUint64(0, true));
const light = (vm: Vm, fuse = STORM): void => vm.memory.write(fuse, Uint8Array.of(1));

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Has it run for a while. */
async function run(vm: Vm): Promise<void> {
  const before = count(vm);
  if (vm.state === "created") vm.start();
  else vm.resume();
  await until(() => count(vm) > before + 1000);
  vm.pause();
}

test("a VM goes back to its checkpoint, again and again, and runs on", async () => {
  const vm = await vmOf(FUSE);
  expect(await failureOf(() => vm.revert())).toMatchObject({ code: "checkpoint" });
  await run(vm);
  await vm.checkpoint();
  const kept = vm.saveState();
  const ages: number[] = [];
  vm.on("restored", ({ age }) => ages.push(age));
  for (let time = 0; time < 3; time++) {
    await run(vm);
    expect(count(vm)).toBeGreaterThan(1000);
    await vm.revert();
    expect(vm.state).toBe("paused");
    expect(vm.saveState().sections).toEqual(kept.sections);
  }
  expect(ages.length).toBe(3);
});

test.each([
  ["trap-storm", STORM, {}],
  ["out-of-memory", HUNGER, { memory: "64M", memoryLimit: "2M" }],
] as const)(
  "onFailure restore goes back after %s, and a second failure restarts the VM",
  async (reason, fuse, config) => {
    const vm = await vmOf(FUSE, { onFailure: "restore", ...config });
    const seen: string[] = [];
    vm.on("exit", (exit) => seen.push(exit.reason));
    vm.on("restored", () => seen.push("restored"));
    vm.on("reset", ({ by }) => seen.push(`reset by ${by}`));
    await run(vm);
    await vm.checkpoint();
    const kept = count(vm);
    vm.resume();
    light(vm, fuse);
    await until(() => seen.includes("restored"));
    expect(vm.state).toBe("running");
    await until(() => count(vm) > kept + 1000);
    expect(seen).toEqual([reason, "restored"]);
    light(vm, fuse);
    await until(() => seen.length === 4);
    expect(seen).toEqual([reason, "restored", reason, "reset by host"]);
  },
);

test("a VM without a checkpoint is restarted", async () => {
  const vm = await vmOf(FUSE, { onFailure: "restore" });
  let resets = 0;
  vm.on("reset", () => resets++);
  vm.start();
  light(vm);
  await until(() => resets > 0);
  expect(vm.state).toBe("running");
});

test("checkpoints are taken by themselves, and the last one counts", async () => {
  const vm = await vmOf(FUSE, { onFailure: "restore", checkpoints: { every: 100 } });
  vm.start();
  let after: number | undefined;
  vm.on("restored", () => (after = count(vm)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = count(vm);
  await new Promise((resolve) => setTimeout(resolve, 500));
  light(vm);
  await until(() => after !== undefined);
  expect(after).toBeGreaterThan(before);
});

const at = async (vm: Vm, offset: number): Promise<number> => {
  const bytes = new Uint8Array(512);
  await vm.drives[0]!.backend!.read(offset, bytes);
  return bytes[0]!;
};
async function write(vm: Vm, offset: number, value: number): Promise<void> {
  await vm.drives[0]!.backend!.write(offset, new Uint8Array(512).fill(value));
}

function diskFile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-checkpoint-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "disk");
  writeFileSync(file, new Uint8Array(2 ** 20).fill(7));
  return file;
}

test.each(["bytes", "a file whose changes are forgotten"])("disks go back with their VM: %s", async (kind) => {
  const drive = kind === "bytes" ? { source: new Uint8Array(2 ** 20).fill(7) } : { source: diskFile(), snapshot: true };
  const vm = await vmOf(FUSE, { drives: [drive], onFailure: "restore" });
  await write(vm, 0, 1);
  await vm.checkpoint();
  await write(vm, 0, 2);
  await write(vm, 4096, 2);
  await vm.revert();
  expect([await at(vm, 0), await at(vm, 4096), await at(vm, 8192)]).toEqual([1, 7, 7]);
  for (let time = 10; time < 40; time++) {
    await write(vm, 512 * time, time);
    await vm.checkpoint();
    await write(vm, 512 * time, 99);
    await write(vm, 512 * (time + 1), 99);
    await vm.revert();
    expect([await at(vm, 0), await at(vm, 512 * time), await at(vm, 512 * (time + 1))]).toEqual([1, time, 7]);
    await vm.checkpoint();
  }
  // All is in two layers, however many checkpoints there were.
  expect(await at(vm, 512 * 15)).toBe(15);
  expect((await vm.drives[0]!.map()).bytes.data).toBeLessThanOrEqual(2 ** 20);
  await vm.close();
});

test("a disk that is written to its file is refused, before there is a VM", async () => {
  const source = diskFile();
  const wanted = { drives: [{ source }] };
  expect(await failureOf(() => vmOf(FUSE, { ...wanted, onFailure: "restore" }))).toMatchObject({
    code: "snapshot-drive",
  });
  const vm = await vmOf(FUSE, wanted);
  expect(await failureOf(() => vm.checkpoint())).toMatchObject({ code: "snapshot-drive" });
  await run(vm);
  await vm.close();
  const again = await vmOf(FUSE, { drives: [{ source, readonly: true }], onFailure: "restore" });
  await again.checkpoint();
  await again.close();
});

test("another disk in the drive is no disk of the checkpoint's; a failure restarts the VM then", async () => {
  const vm = await vmOf(FUSE, { drives: [{ source: new Uint8Array(4096) }], onFailure: "restore" });
  await run(vm);
  await vm.checkpoint();
  await vm.drives[0]!.insert(new Uint8Array(8192));
  expect(await failureOf(() => vm.revert())).toMatchObject({ code: "snapshot-drive" });
  let resets = 0;
  vm.on("reset", () => resets++);
  vm.resume();
  light(vm);
  await until(() => resets > 0);
});

test("a restored VM goes back to what it was restored from", async () => {
  const first = await vmOf(FUSE);
  await run(first);
  const kept = count(first);
  const bytes = new Uint8Array(
    await new Response(first.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
  const vm = await hosts[0]!.restore(bytes, { onFailure: "restore" });
  let after: number | undefined;
  vm.on("restored", () => (after = count(vm)));
  vm.start();
  await until(() => count(vm) > kept + 1000);
  light(vm);
  await until(() => after !== undefined);
  expect(after).toBe(kept);
});

test("what checkpoints may be told is checked", async () => {
  for (const checkpoints of [{ every: 1 }, { every: "1" }, {}, { often: 5 }])
    expect(await failureOf(() => vmOf(FUSE, { checkpoints: checkpoints as never }))).toMatchObject({ code: "option" });
});
