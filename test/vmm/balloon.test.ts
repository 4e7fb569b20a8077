/** Pages that a VM has given back: by the device, whose driver is the test. */

import { afterEach, describe, expect, test } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
import { flatGuest } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

const PAGE = 4096;
const RAM_PA = 0x8000_0000;

/** Stores to pages 16 to 79, waits for a byte in memory, and reads and writes page 20. */
const STORES = `
  li s0, 0x80010000
  li s1, 64
  li s2, 4096
  li t1, 0x55
  fill: sd t1, 8(s0)
  add s0, s0, s2
  addi s1, s1, -1
  bnez s1, fill
  li s3, 0x80100000
  wait: lb t0, 0(s3)
  beqz t0, wait
  li s0, 0x80014000
  ld s4, 8(s0)
  sd t1, 16(s0)
  ld s5, 16(s0)
  stay: j stay`;

async function vmOf(host: Host, source: string, config: VmConfig = {}): Promise<Vm> {
  return host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), balloon: true, ...config });
}

async function newHost(options = {}): Promise<Host> {
  const host = await Host.create(options);
  hosts.push(host);
  return host;
}

const pages = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe.each([
  ["one range", {}],
  ["page by page", { memoryLimit: "2M" }],
  ["one range, tracked", {}],
] as const)("RAM of %s", (kind, config) => {
  test.each(["tiered", "interpreter", "interpret"] as const)(
    "pages that are given back free their frames, read as zeros, and come back when they are stored to (%s)",
    async (engine) => {
      const host = await newHost();
      const vm = await vmOf(host, STORES, { ...config, engine });
      const since = kind.endsWith("tracked") ? vm.memory.trackStores() : 0;
      vm.step(0, 2000);
      expect(vm.memory.read(RAM_PA + 20 * PAGE + 8, 1)[0]).toBe(0x55);
      const before = vm.memory.statistics().touchedBytes;
      const free = host.accounting().pool.freeBytes;
      vm.machine.space.discardPages(pages(16, 64));
      const after = vm.memory.statistics();
      // Of RAM in one range, what the translated code has touched through its window counts from now on.
      if (kind !== "one range") expect(before - after.touchedBytes).toBe(64 * PAGE);
      expect(host.accounting().pool.freeBytes - free).toBeGreaterThanOrEqual(
        kind === "page by page" ? 60 * PAGE : 64 * PAGE,
      );
      expect(after.window).toBe(false);
      expect(vm.memory.read(RAM_PA + 16 * PAGE, 64 * PAGE).every((byte) => byte === 0)).toBe(true);
      vm.memory.write(0x8010_0000, Uint8Array.of(1));
      vm.step(0, 2000);
      expect([vm.hart(0).x(20), vm.hart(0).x(21)]).toEqual([0n, 0x55n]);
      expect(vm.memory.read(RAM_PA + 20 * PAGE + 8, 9)).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0x55));
      if (since > 0) {
        const { pages: dirty } = vm.memory.dirtyFrames(since);
        expect(pages(16, 64).every((page) => dirty.includes(page))).toBe(true);
      }
    },
  );
});

test("what one VM gives back another one takes, and sees nothing of what it held", async () => {
  const host = await newHost({ maxMemory: 160 * 2 ** 20 });
  const giver = await vmOf(host, STORES, { memory: "64M" });
  giver.memory.write(RAM_PA + 2 ** 20, new Uint8Array(48 * 2 ** 20).fill(0xaa));
  // A VM's own tables take their part; RAM is what is left, page by page.
  const taker = await vmOf(host, STORES, { memory: "256M", memoryLimit: "256M" });
  let taken = 0;
  const take = (): boolean => {
    try {
      taker.memory.write(RAM_PA + 2 ** 21 + taken * PAGE, Uint8Array.of(1));
      taken++;
      return true;
    } catch {
      return false;
    }
  };
  while (take());
  const before = taken;
  giver.machine.space.discardPages(pages(256, 12 * 1024));
  while (take());
  expect(taken - before).toBe(12 * 1024);
  const seen = taker.memory.read(RAM_PA + 2 ** 21 + before * PAGE, 16 * PAGE);
  expect(seen.filter((byte) => byte !== 0).length).toBe(16);
  // And the giver may be reset, and destroyed, while others use its range.
  await giver.reset();
  giver.destroy();
  expect(taker.memory.read(RAM_PA + 2 ** 21 + before * PAGE, 1)[0]).toBe(1);
  taker.destroy();
  expect(host.allocatedBytes).toBe(0);
});

test("code in a page that is given back is forgotten", async () => {
  const source =
    "la t1, again\ncsrw mtvec, t1\nli a0, 0x80100000\nli t0, 0x00008067\nsw t0, 0(a0)\nfence.i\nli a1, 100\nloop: jalr ra, 0(a0)\naddi a1, a1, -1\nbnez a1, loop\n.align 2\nagain: j again";
  for (const engine of ["tiered", "interpreter", "translator"] as const) {
    const host = await newHost();
    const vm = await vmOf(host, source, { engine });
    vm.step(0, 18);
    expect(vm.memory.read(0x8010_0000, 4)).toEqual(Uint8Array.of(0x67, 0x80, 0, 0));
    vm.machine.space.discardPages([256]);
    vm.step(0, 20);
    // Zeros are an illegal instruction.
    expect(vm.hart(0).csr("mcause")).toBe(2n);
  }
});

describe("as programs see it", () => {
  test("a target is a number of bytes of RAM", async () => {
    const host = await newHost();
    const vm = await vmOf(host, "again: wfi\nj again");
    vm.start();
    vm.setMemory(2 ** 20 + 8192);
    await expect.poll(() => vm.balloon.target).toBe(2 ** 20 - 8192);
    vm.setMemory(2 ** 21);
    await expect.poll(() => vm.balloon.target).toBe(0);
    for (const bytes of [0, 2 ** 20 - 1, 2 ** 21 + 1, NaN, "1M" as never])
      expect(() => vm.setMemory(bytes)).toThrow(expect.objectContaining({ code: "option" }));
    vm.balloon.setTarget(2 ** 20 + 100);
    while (vm.balloon.target === 0) await new Promise((resolve) => setImmediate(resolve));
    expect([vm.balloon.target, vm.balloon.size]).toEqual([2 ** 20, 0]);
    for (const bytes of [-1, NaN, 2 ** 22, "1" as never]) {
      expect(() => vm.balloon.setTarget(bytes)).toThrow(expect.objectContaining({ code: "option" }));
    }
    expect(await vm.balloon.statistics()).toEqual({
      target: 2 ** 20,
      size: 0,
      inflatedBytes: 0,
      reportedBytes: 0,
      guest: undefined,
    });
  });

  test("a VM without one says so", async () => {
    const host = await newHost();
    const vm = await vmOf(host, "again: j again", { balloon: false });
    expect(() => vm.balloon).toThrow(/balloon: true/);
    await expect(vmOf(host, "", { balloon: { deflateOnOom: 1 as never } })).rejects.toMatchObject({ code: "option" });
  });
});
