/** What is in the page store survives whatever is done to its VM, and a store that fails ends one VM in a sentence. */

import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Host, Vm, WasmvisorError, PagingOptions } from "../../../src/index.ts";
import { FilePages } from "../../../src/memory/paging/file-pages.ts";
import { Wire } from "../../support/line.ts";
import { flatGuest, powerOff } from "../../support/guest.ts";
import { goOn } from "../../support/vm-text.ts";
import { closeHosts, newHost } from "../../support/hosts.ts";

const MIB = 2 ** 20;
const RAM_PA = 0x8000_0000;
/** Where the guest's pages begin, and how many it fills: more than the host has memory for. */
const DATA_PA = RAM_PA + 4 * MIB;
const PAGES = 3000;
const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-paging-"));
closeHosts();
afterAll(() => rm(folder, { recursive: true }));

const hostOf = (mib: number, paging: boolean | PagingOptions = {}): Promise<Host> =>
  newHost({ maxMemory: mib * MIB, paging });

/** Fills its pages with words that say where they lie, then adds them all up, again and again. */
const GUEST = flatGuest(`
  li s0, ${DATA_PA}
  li s1, ${PAGES}
  li s2, 0
  fill:
  slli t0, s2, 12
  add t0, t0, s0
  sd t0, 16(t0)
  addi s2, s2, 1
  bne s2, s1, fill
  li s4, 3
  li s3, 0
  round:
  li s2, 0
  sum:
  slli t0, s2, 12
  add t0, t0, s0
  ld t1, 16(t0)
  bne t0, t1, wrong
  addi s3, s3, 1
  addi s2, s2, 1
  bne s2, s1, sum
  addi s4, s4, -1
  bnez s4, round
  ${powerOff()}
  wrong: j wrong
`);

const config = { memory: "64M", bios: "none", clock: "deterministic", engine: "interpreter", kernel: GUEST } as const;

/** A VM most of whose pages have left. */
async function filled(host: Host): Promise<Vm> {
  const vm = await host.createVm(config);
  goOn(vm, PAGES * 5 + 20);
  expect(vm.memory.statistics().pagedBytes).toBeGreaterThan(2 * MIB);
  return vm;
}

/** It runs to its end, and has found all that it stored. */
async function ends(vm: Vm): Promise<void> {
  if (vm.state === "created") vm.start();
  else vm.resume();
  expect(await vm.exited).toMatchObject({ reason: "poweroff", code: 0 });
}

const word = (vm: Vm, page: number): number =>
  new DataView(vm.memory.read(DATA_PA + page * 4096 + 16, 4).buffer).getUint32(0, true);

async function taken(vm: Vm, options = {}): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(vm.snapshot(options) as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

describe("pages that have left", () => {
  test("are read and written by the debugger, which has the guest's other pages leave", async () => {
    const host = await hostOf(10);
    const vm = await filled(host);
    for (let page = 0; page < PAGES; page += 7) expect(word(vm, page)).toBe(DATA_PA + page * 4096);
    vm.memory.write(DATA_PA + 1000, new Uint8Array(8 * MIB).fill(5));
    expect(vm.memory.read(DATA_PA, 8 * MIB + 2000).filter((byte) => byte === 5).length).toBe(8 * MIB);
  });

  test("are in a snapshot, whoever restores it, and in an incremental one", async () => {
    const host = await hostOf(10);
    const vm = await filled(host);
    const parent = await taken(vm, { track: true });
    const { snapshotId } = vm;
    vm.memory.write(DATA_PA + 16, Uint8Array.of(0));
    vm.memory.write(DATA_PA + 16, Uint8Array.of(DATA_PA & 0xff));
    const later = await taken(vm, { parent: snapshotId });
    expect(later.length).toBeLessThan(parent.length / 4);
    vm.destroy();
    const plain = await hostOf(64, false);
    await ends(await plain.restore(parent));
    await ends(await host.restore(later, { parents: [parent], engine: "interpreter" }));
  });

  test("are in clones and templates, which become them again", async () => {
    const host = await hostOf(14);
    const vm = await filled(host);
    const template = await vm.template();
    vm.destroy();
    const clone = await template.clone();
    await ends(clone);
    clone.destroy();
    const other = await template.clone();
    other.memory.write(DATA_PA, new Uint8Array(2 * MIB).fill(9));
    await template.reset(other);
    for (let page = 0; page < PAGES; page += 3) expect(word(other, page)).toBe(DATA_PA + page * 4096);
    await ends(other);
    other.destroy();
    template.close();
    expect(host.accounting().paging).toMatchObject({ pages: 0, storedBytes: 0 });
  });

  test("go along when the VM moves", async () => {
    const [from, to] = [await hostOf(10), await hostOf(10)];
    const vm = await filled(from);
    const [there, back] = [new Wire(), new Wire()];
    const [, arrived] = await Promise.all([
      vm.migrateTo({ readable: back.readable, writable: there.writable }),
      to.receive({ readable: there.readable, writable: back.writable }, { engine: "interpreter" }),
    ]);
    await ends(arrived);
    expect(to.accounting().paging!.written).toBeGreaterThan(500);
  });

  test("are given up by a reset and by the end of the VM", async () => {
    const host = await hostOf(10);
    const vm = await filled(host);
    await vm.reset();
    expect(host.accounting().paging).toMatchObject({ pages: 0, storedBytes: 0 });
    await ends(vm);
    vm.destroy();
    expect(host.accounting().paging).toMatchObject({ pages: 0, storedBytes: 0 });
    expect(host.allocatedBytes).toBe(0);
  });

  test("lie in a file that nobody else can open, and that is gone with the host", async () => {
    const file = path.join(folder, "pages");
    const host = await hostOf(10, { file });
    await ends(await filled(host));
    host.close();
    expect(await readdir(folder)).toEqual([]);
    await expect(hostOf(10, { file: path.join(folder, "none", "pages") })).rejects.toMatchObject({
      code: "page-store",
    });
  });

  test("make room for other VMs, all of which run to their ends", async () => {
    const host = await hostOf(20);
    const vms: Vm[] = [];
    for (let index = 0; index < 4; index++) vms.push(await host.createVm(config));
    await Promise.all(vms.map((vm) => ends(vm)));
    expect(vms.every((vm) => vm.hart(0).x(19) === BigInt(3 * PAGES))).toBe(true);
  });
});

describe("a page store that fails", () => {
  test("ends the VM whose page is damaged, and no other", async () => {
    const host = await hostOf(16, { file: path.join(folder, "damaged") });
    const [vm, other] = [await filled(host), await host.createVm(config)];
    const { read } = FilePages.prototype;
    let damages = 1;
    FilePages.prototype.read = function (number, page) {
      read.call(this, number, page);
      if (damages-- > 0) page[5]! ^= 1;
    };
    try {
      vm.start();
      const { reason, error } = await vm.exited;
      expect(reason).toBe("failure");
      expect((error as WasmvisorError).code).toBe("page-store");
      expect((error as WasmvisorError).message).toMatch(/^A page of the VM's cannot be read [^.]*\.$/);
      vm.destroy();
      await ends(other);
    } finally {
      FilePages.prototype.read = read;
    }
  });

  test("that is full ends the VM that needs room, and the others go on", async () => {
    const host = await hostOf(16, { file: path.join(folder, "full"), storeBytes: 2 * MIB });
    const other = await host.createVm(config);
    const vm = await host.createVm(config);
    vm.start();
    expect((await vm.exited).reason).toBe("out-of-memory");
    vm.destroy();
    other.memory.write(DATA_PA, new Uint8Array(MIB).fill(1));
    expect(other.memory.read(DATA_PA + MIB - 1, 2)).toEqual(Uint8Array.of(1, 0));
  });
});

describe("a memory limit with paging", () => {
  test("has pages of that VM leave, and the guest runs to its end", async () => {
    const host = await hostOf(64);
    const vm = await host.createVm({ ...config, memoryLimit: "4M" });
    await ends(vm);
    expect(vm.memory.statistics().touchedBytes).toBeLessThanOrEqual(4.5 * MIB);
  });
});
