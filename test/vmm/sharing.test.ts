/** Pages of VMs that hold the same share a frame while the VMs run. */

import { afterEach, expect, test } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
import { Scanner } from "../../src/memory/scanner.ts";
import { flatGuest } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

const PAGE = 4096;
const RAM_PA = 0x8000_0000;
const DATA = RAM_PA + 2 ** 20;

async function newHost(options = {}): Promise<Host> {
  const host = await Host.create({ sharing: { leastPagesPerSecond: 1e6, mostPagesPerSecond: 1e6 }, ...options });
  hosts.push(host);
  return host;
}

/** Counts up in a page of its own, so that there are tasks, and something that changes. */
const SPIN = "li s0, 0x80140000\nagain: ld t0, 0(s0)\naddi t0, t0, 1\nsd t0, 0(s0)\nj again";

const vmOf = (host: Host, config: VmConfig = {}): Promise<Vm> =>
  host.createVm({ memory: "4M", bios: "none", kernel: flatGuest(SPIN), ...config });

const passes = (host: Host) => host.accounting().sharing!.passes;

async function pass(host: Host, count = 3): Promise<void> {
  const before = passes(host);
  while (passes(host) < before + count) await new Promise((resolve) => setImmediate(resolve));
}

/** Page n holds n, and n in all of it. */
function fill(vm: Vm, first: number, count: number): void {
  for (let page = first; page < first + count; page++)
    vm.memory.write(DATA + page * PAGE, new Uint8Array(PAGE).fill(page + 1));
}

const dataOf = (vm: Vm) => vm.memory.read(DATA, 48 * PAGE);

test.each([
  ["in one range", {}],
  ["page by page", { memoryLimit: "4M" }],
])("equal pages of VMs with RAM %s share one frame, and each diverges alone", async (_, config) => {
  const host = await newHost();
  const vms: Vm[] = [];
  for (let count = 0; count < 4; count++) vms.push(await vmOf(host, config));
  for (const vm of vms) fill(vm, 0, 48);
  for (const vm of vms) vm.start();
  await pass(host);
  const { sharing } = host.accounting();
  expect(sharing!.savedBytes).toBeGreaterThanOrEqual(3 * 48 * PAGE);
  for (const vm of vms) expect(vm.accounting().memory.sharedBytes).toBeGreaterThanOrEqual(48 * PAGE);
  const before = dataOf(vms[1]!);
  vms[0]!.memory.write(DATA + 5 * PAGE, new Uint8Array(20 * PAGE).fill(0xee));
  for (const vm of vms.slice(1)) expect(dataOf(vm)).toEqual(before);
  await pass(host, 20);
  // The guests have gone on, each counting in its own page.
  for (const vm of vms) {
    vm.pause();
    const count = new DataView(vm.memory.read(0x8014_0000, 8).buffer).getUint32(0, true);
    expect(count).toBeGreaterThan(0);
    expect(Math.abs(count - vm.accounting().instructions / 4)).toBeLessThan(2);
  }
  expect(
    dataOf(vms[0]!)
      .subarray(5 * PAGE, 6 * PAGE)
      .every((byte) => byte === 0xee),
  ).toBe(true);
  for (const vm of vms) vm.destroy();
  expect(host.allocatedBytes).toBe(0);
});

test("pages of zeros lose their frames, and nothing else changes", async () => {
  const host = await newHost();
  const vm = await vmOf(host);
  fill(vm, 0, 8);
  vm.memory.write(DATA + 8 * PAGE, new Uint8Array(8 * PAGE));
  const since = vm.memory.trackStores();
  const before = vm.memory.statistics().touchedBytes;
  const data = dataOf(vm);
  vm.start();
  await pass(host);
  expect(before - vm.memory.statistics().touchedBytes).toBeGreaterThanOrEqual(8 * PAGE - PAGE);
  expect(dataOf(vm)).toEqual(data);
  // Giving zeros back is no store.
  const { pages } = vm.memory.dirtyFrames(since);
  expect([...pages].filter((page) => page >= 264 && page < 272)).toEqual([]);
});

test("what changes from pass to pass is not shared", async () => {
  const host = await newHost();
  const [one, other] = [await vmOf(host), await vmOf(host)];
  for (const vm of [one, other]) vm.start();
  for (let round = 0; round < 6; round++) {
    for (const vm of [one, other]) vm.memory.write(DATA, new Uint8Array(PAGE).fill(round + 1));
    await pass(host, 1);
  }
  const { mergedPages } = host.accounting().sharing!;
  await pass(host, 3);
  expect(host.accounting().sharing!.mergedPages).toBeGreaterThan(mergedPages);
});

test("a hash that does not tell two pages apart shares nothing that differs", () => {
  const shared: string[] = [];
  const ram = (name: string, equal: boolean) => ({
    pages: 3,
    touched: () => true,
    frame: (page: number) => page + 1,
    share: (page: number, _other: unknown, otherPage: number) => {
      if (equal) shared.push(`${name}${page}=${otherPage}`);
      return equal;
    },
  });
  const rams = new Map([
    [1, ram("a", false)],
    [2, ram("b", false)],
  ]);
  const scanner = new Scanner({ rams: () => rams as never, hash: () => 7, holds: () => true }, { least: 1, most: 64 });
  for (let count = 0; count < 40; count++) scanner.scan(3);
  expect(scanner.statistics).toMatchObject({ mergedPages: 0, zeroPages: 0 });
  // Nothing was found: it has become slow.
  expect(scanner.statistics.rate).toBe(1);
});

test("the rate bounds what is looked at, also after a long time without a task", () => {
  const rams = new Map([[1, { pages: 100_000, touched: () => true, frame: () => 4096, share: () => false }]]);
  let looked = 0;
  const scanner = new Scanner(
    { rams: () => rams as never, hash: () => looked++, holds: () => true },
    { least: 1000, most: 1000 },
  );
  for (let now = 0; now <= 10_000; now++) scanner.tick(now);
  expect(looked).toBeLessThanOrEqual(10_000);
  expect(looked).toBeGreaterThan(9000);
  scanner.tick(10_000_000);
  expect(looked).toBeLessThanOrEqual(10_600);
});

test("options that make no sense are refused", async () => {
  for (const sharing of [{ most: 1 }, { mostPagesPerSecond: 0 }, { leastPagesPerSecond: 5, mostPagesPerSecond: 2 }]) {
    await expect(Host.create({ sharing: sharing as never })).rejects.toMatchObject({ code: "option" });
  }
  const host = await Host.create();
  expect(host.accounting().sharing).toBeUndefined();
});
