/** What is left of a destroyed VM reaches nothing: neither its own memory nor its successor's. */

import { describe, expect, test } from "vitest";
import { ENGINE_NAMES, Hart, type Host } from "../../src/index.ts";
import type { Device, DeviceDeps, Vm, VmConfig } from "../../src/index.ts";
import { PhysicalMemory } from "../../src/vmm/physical-memory.ts";
import { flatGuest, powerOff } from "../support/guest.ts";
import { code } from "../support/expected.ts";
import { closeHosts, newHost } from "../support/hosts.ts";

closeHosts();

const SPIN = "again: addi s0, s0, 1\n j again";

const config = (source: string, more: VmConfig = {}): VmConfig => ({
  memory: "2M",
  bios: "none",
  kernel: flatGuest(source),
  ...more,
});

/** A device of the owner's that does something at each load. */
function deviceThat(load: () => void, made?: (deps: DeviceDeps) => void) {
  return (deps: DeviceDeps): Device => {
    made?.(deps);
    return {
      name: "own",
      size: 4096,
      access: { min: 4, max: 8 },
      load: () => (load(), 1),
      store: () => undefined,
      reset: () => undefined,
      save: () => ({}),
      restore: () => undefined,
    };
  };
}

/** Loads from the first device of the owner's, and goes on. */
const LOAD = "li t0, 0x4000000\nagain: addi s0, s0, 1\nlw t1, 0(t0)\naddi s0, s0, 1\nj again";

/** Every member of a class, used with arguments that would do for a living object. */
function uses(
  target: object,
  type: { readonly prototype: object },
  args: Readonly<Record<string, readonly unknown[]>>,
) {
  const own = Object.getOwnPropertyDescriptors(type.prototype);
  return Object.entries(own).flatMap(([name, { get, set, value }]): [string, () => unknown][] => {
    const given = args[name] ?? [];
    if (name === "constructor") return [];
    if (get === undefined) return [[name, () => (value as (...all: unknown[]) => unknown).apply(target, [...given])]];
    const reads: [string, () => unknown] = [`get ${name}`, () => void get.call(target)];
    return set === undefined ? [reads] : [reads, [`set ${name}`, () => set.call(target, given[0])]];
  });
}

const HART_ARGS = {
  pc: [0xdeadn],
  x: [1],
  setX: [1, 5n],
  f: [1],
  setF: [1, 5n],
  csr: ["satp"],
  setCsr: ["pmpcfg0", 31n],
  translate: [0x8000_0000n],
  read: [0x8000_0000n, 8],
  write: [0x8000_0000n, new Uint8Array(8)],
};
const MEMORY_ARGS = { contains: [0x8000_0000, 8], read: [0x8000_0000, 8], write: [0x8000_0000, new Uint8Array(8)] };

describe("handles of a destroyed VM", () => {
  test("answer vm-state, whichever member is used, and its successor is not touched", async () => {
    const host = await newHost();
    const gone = await host.createVm(config(SPIN));
    const { memory } = gone;
    const hart = gone.hart(0);
    gone.destroy();
    const next = await host.createVm(config(SPIN));
    const before = [
      next.memory.read(0x8000_0000, 4096),
      next.hart(0).pc,
      next.hart(0).x(1),
      next.hart(0).csr("pmpcfg0"),
    ];
    for (const [name, use] of uses(hart, Hart, HART_ARGS)) expect(use, name).toThrow(code("vm-state"));
    for (const [name, use] of uses(memory, PhysicalMemory, MEMORY_ARGS)) {
      if (name !== "get start" && name !== "get size") expect(use, name).toThrow(code("vm-state"));
    }
    const methods = {
      counters: () => gone.counters(),
      engine: () => gone.engine,
      sample: () => gone.sample(100_003, () => 0),
    };
    for (const [name, use] of Object.entries(methods)) expect(use, name).toThrow(code("vm-state"));
    expect([
      next.memory.read(0x8000_0000, 4096),
      next.hart(0).pc,
      next.hart(0).x(1),
      next.hart(0).csr("pmpcfg0"),
    ]).toEqual(before);
  });

  test("on the device's side refuse, and its interrupt leads nowhere", async () => {
    const host = await newHost();
    let deps!: DeviceDeps;
    const gone = await host.createVm(
      config(SPIN, {
        devices: [
          deviceThat(
            () => undefined,
            (made) => (deps = made),
          ),
        ],
      }),
    );
    // Source 64 for the S context of hart 0.
    const listen = `li t0, 0x0c000100\nli t1, 1\nsw t1, 0(t0)\nli t0, 0x0c002088\nsw t1, 0(t0)\nwfi\nj again\nagain: j again`;
    gone.destroy();
    const next = await host.createVm(config(listen));
    next.start();
    while (!next.hart(0).waiting) await new Promise((resolve) => setImmediate(resolve));
    const before = next.memory.read(0x8000_0000, 4096);
    const { memory, irq, clock } = deps;
    expect([memory.read(0x8000_0000, new Uint8Array(8)), memory.write(0x8000_0000, new Uint8Array(8))]).toEqual([
      false,
      false,
    ]);
    expect([memory.fill(0x8000_0000, 8, 1), memory.store8(0x8000_0000, 1), memory.store64(0x8000_0ffc, 1n)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([memory.load8(0x8000_0000), memory.load64(0x8000_0ffc)]).toEqual([undefined, undefined]);
    irq.set(true);
    irq.set(false);
    expect(clock.ticks()).toBeGreaterThanOrEqual(0n);
    expect([next.hart(0).csr("mip"), next.memory.read(0x8000_0000, 4096)]).toEqual([0x80n, before]);
  });
});

describe("a VM that is destroyed while one of its harts is being run", () => {
  /** Bytes of free machine memory that are not zero. */
  const dirty = (host: Host) => host.memory.u8.subarray(2 ** 20).findIndex((byte) => byte !== 0);

  test.each(ENGINE_NAMES)("runs no further instruction, and leaves its memory clean (%s)", async (engine) => {
    const host = await newHost();
    let loads = 0;
    const seen: unknown[] = [];
    const device = deviceThat(() => {
      loads++;
      vm.destroy();
      seen.push(vm.state, host.vms.size, host.allocatedBytes > 0);
      expect(() => vm.hart(0).pc).toThrow(code("vm-state"));
    });
    const vm: Vm = await host.createVm(config(LOAD, { devices: [device], engine }));
    vm.start();
    expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(["destroyed", 0, true]);
    expect([loads, host.allocatedBytes]).toEqual([1, 0]);
    await expect.poll(() => dirty(host)).toBe(-1);
  });

  test("may be destroyed by a listener or a sampler as well", async () => {
    const host = await newHost();
    const storm = await host.createVm(config("csrw mtvec, zero\nebreak"));
    storm.on("trap-storm", () => storm.destroy());
    const sampled = await host.createVm(config(SPIN));
    sampled.sample(10_000, () => sampled.destroy());
    const broken = await host.createVm(
      config(LOAD, {
        devices: [
          deviceThat(() => {
            throw new Error("broken on purpose");
          }),
        ],
      }),
    );
    broken.on("device-error", () => broken.destroy());
    const printing = await host.createVm(config(`li t0, 0x10000000\nagain: sb t0, 0(t0)\nj again`));
    printing.on("output", () => printing.destroy());
    const vms = [storm, sampled, broken, printing];
    for (const vm of vms) vm.start();
    for (const vm of vms) expect(await vm.exited).toEqual({ code: 0, reason: "destroyed" });
    await new Promise((resolve) => setImmediate(resolve));
    expect(host.allocatedBytes).toBe(0);
    await expect.poll(() => dirty(host)).toBe(-1);
  });

  test("does not run inside itself, and stops at once when it is paused", async () => {
    const host = await newHost();
    const refused: unknown[] = [];
    const device = deviceThat(() => {
      vm.pause();
      try {
        vm.step(0, 10);
      } catch (error) {
        refused.push(error);
      }
    });
    const vm: Vm = await host.createVm(config(LOAD, { devices: [device] }));
    vm.start();
    while (vm.state !== "paused") await new Promise((resolve) => setImmediate(resolve));
    expect(refused).toEqual([code("vm-state")]);
    expect(vm.hart(0).x(8)).toBe(1n);
    vm.step(0, 1);
    expect(vm.hart(0).x(8)).toBe(2n);
  });

  test("ends like any other when it ends by itself first", async () => {
    const host = await newHost();
    const vm = await host.createVm(config(powerOff(3)));
    vm.on("exit", () => vm.destroy());
    vm.start();
    await vm.exited;
    await new Promise((resolve) => setImmediate(resolve));
    expect([vm.state, host.allocatedBytes]).toEqual(["destroyed", 0]);
    await expect.poll(() => dirty(host)).toBe(-1);
  });
});
