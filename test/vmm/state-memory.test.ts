/** Restoring a VM whose pages must come from somewhere: refused before anything changes when they cannot. */

import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import type { SavedState } from "../../src/state/section.ts";
import { flatGuest } from "../support/guest.ts";
import { identical } from "../support/state.ts";

const RAM_PA = 0x8000_0000;
const PAGE = 4096;
const MIB = 2 ** 20;
const kernel = flatGuest("stay: j stay");
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(maxMemory?: number): Promise<Host> {
  const host = await Host.create(maxMemory === undefined ? {} : { maxMemory });
  hosts.push(host);
  return host;
}

const vmOf = (host: Host, config: VmConfig = {}): Promise<Vm> =>
  host.createVm({ memory: "8M", bios: "none", clock: "deterministic", engine: "interpreter", kernel, ...config });

/** Stores to `count` pages from `first` on, a different byte in each. */
function touch(vm: Vm, first: number, count: number): void {
  for (let page = first; page < first + count; page++)
    vm.memory.write(RAM_PA + page * PAGE, new Uint8Array(PAGE).fill(1 + (page % 251)));
}

/** A state of a VM of 8 MiB with this many pages that hold something. */
async function stateOf(pages: number): Promise<SavedState> {
  const vm = await vmOf(await newHost());
  const touched = new Set(vm.saveState().ram.numbers);
  for (let page = 300; touched.size < pages; touched.add(page++)) touch(vm, page, 1);
  const state = vm.saveState();
  expect(state.ram.numbers.length).toBe(pages);
  return state;
}

/** Takes all frames that the host has left. */
async function fill(host: Host): Promise<Vm> {
  const hog = await vmOf(host, { memory: "64M", memoryLimit: "64M" });
  for (let page = 1; ; page++) {
    try {
      touch(hog, page, 1);
    } catch (error) {
      expect(error).toMatchObject({ code: "host-memory" });
      return hog;
    }
  }
}

function refuses(vm: Vm, state: SavedState, code: string): void {
  const before = vm.saveState();
  const untouched = vm.memory.statistics();
  expect(() => vm.restoreState(state)).toThrow(expect.objectContaining({ code }) as Error);
  expect(() => vm.restoreState(state)).toThrow(/^The [^.]*\.$/);
  expect(identical(vm.saveState(), before)).toBe(true);
  expect(vm.memory.statistics()).toEqual(untouched);
}

function takes(vm: Vm, state: SavedState): void {
  vm.restoreState(state);
  expect(identical(vm.saveState(), state)).toBe(true);
}

describe("a state's pages", () => {
  test("are at most as many as the VM's limit allows", async () => {
    const vm = await vmOf(await newHost(), { memoryLimit: "1M" });
    touch(vm, 100, 50);
    refuses(vm, await stateOf(257), "state-machine");
    takes(vm, await stateOf(256));
    vm.loop.advance(100);
    expect(vm.state).toBe("created");
  });

  test("take what the VM has already, and no more than the host has", async () => {
    const host = await newHost(40 * MIB);
    const vm = await vmOf(host, { memoryLimit: "8M" });
    touch(vm, 600, 300);
    const own = vm.saveState().ram.numbers.length;
    const hog = await fill(host);
    refuses(vm, await stateOf(own + 1), "host-memory");
    takes(vm, await stateOf(own));
    hog.destroy();
    takes(vm, await stateOf(own + 1));
  });

  test("are not the ones that the VM shares with another", async () => {
    const host = await newHost(40 * MIB);
    const [vm, neighbour] = [await vmOf(host, { memoryLimit: "8M" }), await vmOf(host, { memoryLimit: "8M" })];
    for (const one of [vm, neighbour]) touch(one, 600, 300);
    expect(host.shareMemory()).toBeGreaterThanOrEqual(300 * PAGE);
    const hog = await fill(host);
    const untouched = neighbour.saveState();
    refuses(vm, await stateOf(300), "host-memory");
    expect(identical(neighbour.saveState(), untouched)).toBe(true);
    neighbour.destroy();
    takes(vm, await stateOf(300));
    hog.destroy();
  });

  test("have their places in the VM's own range, unless others have been given those", async () => {
    const host = await newHost(64 * MIB);
    const [vm, neighbour] = [await vmOf(host), await vmOf(host)];
    for (const one of [vm, neighbour]) touch(one, 600, 300);
    expect(host.shareMemory()).toBeGreaterThanOrEqual(300 * PAGE);
    const hog = await fill(host);
    const state = await stateOf(1500);
    // One of the two has given up its places, and the hog has them; the other's are used by both.
    for (const one of [vm, neighbour]) refuses(one, state, "host-memory");
    hog.destroy();
    for (const one of [vm, neighbour]) takes(one, state);
    expect(vm.memory.statistics()).toMatchObject({ touchedBytes: 1500 * PAGE, sharedBytes: 0 });
  });

  test("count as stored to, as do those that become zeros, for who tracks stores", async () => {
    const vm = await vmOf(await newHost());
    touch(vm, 700, 5);
    const since = vm.memory.trackStores();
    const state = await stateOf(20);
    takes(vm, state);
    const { pages, epoch } = vm.memory.dirtyFrames(since);
    expect([...pages]).toEqual(expect.arrayContaining([...state.ram.numbers, 700, 701, 702, 703, 704]));
    vm.loop.advance(10);
    touch(vm, 900, 1);
    expect([...vm.memory.dirtyFrames(epoch).pages]).toEqual([900]);
  });
});
