/** Devices that keep time of their own, and what a store to a device costs. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { Device, DeviceDeps, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A store of n raises the interrupt n ticks later; a load lowers it and gives the tick at which that was. */
class Alarm implements Device {
  readonly name = "alarm";
  readonly size = 8;
  readonly access = { min: 4, max: 4 } as const;
  readonly deps: DeviceDeps;
  rang = 0n;
  due: bigint | undefined;

  constructor(deps: DeviceDeps) {
    this.deps = deps;
  }

  load(): number {
    this.deps.irq.set(false);
    return Number(this.rang);
  }

  store(offset: number, ticks: number): void {
    if (offset === 0) this.due = this.deps.clock.ticks() + BigInt(ticks);
  }

  nextDeadline(): bigint | undefined {
    return this.due;
  }

  update(): void {
    const now = this.deps.clock.ticks();
    if (this.due === undefined || now < this.due) return;
    this.due = undefined;
    this.rang = now;
    this.deps.irq.set(true);
  }

  reset(): void {
    this.due = undefined;
  }

  save() {
    return {};
  }

  restore(): void {}
}

async function vmWith(makes: (deps: DeviceDeps) => Device, source: string, config: VmConfig = {}) {
  const host = await Host.create();
  hosts.push(host);
  const kernel = flatGuest(source + powerOff());
  return host.createVm({ memory: "2M", bios: "none", kernel, devices: [makes], ...config });
}

/** Has source 64 of the PLIC interrupt hart 0 in M mode, and asks the alarm for so many ticks; s4 is the device, s0 the time. */
const arm = (ticks: number) => `
  li s1, 0x0c000000
  li s2, 0x0c002000
  li s4, 0x04000000
  li t0, 1
  sw t0, 0x100(s1)
  sw t0, 8(s2)
  li t0, 0x800
  csrw mie, t0
  li t1, ${ticks}
  csrr s0, time
  sw t1, 0(s4)
`;

const SPIN = `
  la t0, handler
  csrw mtvec, t0
  csrsi mstatus, 8
  spin: j spin
  .align 2
  handler: csrr s5, time
  lw s6, 0(s4)
`;
const SLEEP = "wfi\ncsrr s5, time\nlw s6, 0(s4)\n";

const asThrown = (): never => {
  throw new Error("broken on purpose");
};

describe("a deadline of an owner's device", () => {
  test.each(ENGINE_NAMES)("interrupts a guest that computes at the very tick, with the %s", async (engine) => {
    const vm = await vmWith((deps) => new Alarm(deps), arm(12_345) + SPIN, { clock: "deterministic", engine });
    vm.start();
    await vm.exited;
    const hart = vm.hart(0);
    expect([hart.x(21) - hart.x(8), hart.x(22) - hart.x(8)]).toEqual([12_345n, 12_345n]);
  });

  test("ends a wait at the very tick in deterministic time, a day ahead", async () => {
    const day = 24 * 3600 * 10_000;
    const vm = await vmWith((deps) => new Alarm(deps), arm(day) + SLEEP, { clock: "deterministic" });
    vm.start();
    await vm.exited;
    expect(vm.hart(0).x(22) - vm.hart(0).x(8)).toBe(BigInt(day));
  });

  test("ends a wait by the host's clock", async () => {
    const vm = await vmWith((deps) => new Alarm(deps), arm(20_000) + SLEEP);
    vm.start();
    await vm.exited;
    expect(vm.hart(0).x(22) - vm.hart(0).x(8)).toBeGreaterThanOrEqual(20_000n);
  });

  test("that a load brings nearer while a slice runs is kept to", async () => {
    class Eager extends Alarm {
      override load(): number {
        if (this.due !== undefined) this.due = this.deps.clock.ticks() + 100n;
        return super.load();
      }
    }
    const source = arm(50_000_000) + SPIN.replace("spin: j spin", "lw t1, 0(s4)\nspin: j spin");
    const vm = await vmWith((deps) => new Eager(deps), source, { clock: "deterministic" });
    vm.start();
    await vm.exited;
    expect(vm.hart(0).x(22) - vm.hart(0).x(8)).toBeLessThan(105n);
  });

  test("that `update` leaves in the past does not keep the guest from sleeping or running", async () => {
    class Stuck extends Alarm {
      override update(): void {}
    }
    for (const clock of ["deterministic", "host"] as const) {
      const vm = await vmWith(
        (deps) => new Stuck(deps),
        `${arm(0)}li s5, 100000\nmore: addi s5, s5, -1\nbnez s5, more\nwfi\n`,
        {
          clock,
        },
      );
      const plan = vi.spyOn(vm.loop, "plan");
      vm.start();
      while (!vm.hart(0).waiting) await new Promise((resolve) => setImmediate(resolve));
      const slices = plan.mock.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(slices).toBeLessThan(400);
      expect(plan.mock.calls.length - slices).toBeLessThan(4);
    }
  });

  test.each([
    ["nextDeadline throws", { nextDeadline: () => asThrown() }],
    ["nextDeadline gives what is no tick", { nextDeadline: () => 5 as unknown as bigint }],
    ["update throws", { nextDeadline: () => 0n, update: () => asThrown() }],
    ["endsSlice throws", { endsSlice: () => asThrown() }],
  ] satisfies [string, Partial<Device>][])("is reported when %s, and the guest goes on", async (_, broken) => {
    const vm = await vmWith((deps) => Object.assign(new Alarm(deps), broken), arm(100));
    const seen: string[] = [];
    vm.on("device-error", ({ device }) => seen.push(device));
    vm.start();
    expect(await vm.exited).toMatchObject({ reason: "poweroff" });
    expect(seen[0]).toBe("alarm");
  });
});

describe("a store to a device", () => {
  /** Runs of a hart in a guest that makes a thousand stores to an address. */
  async function runs(pa: number, device: Partial<Device> = {}, config: VmConfig = {}): Promise<number> {
    const source = `li s4, ${pa}\nli s5, 1000\nmore: sw zero, 4(s4)\naddi s5, s5, -1\nbnez s5, more\n`;
    const plain: Partial<Device> = { nextDeadline: undefined, update: undefined } as object;
    const vm = await vmWith((deps) => Object.assign(new Alarm(deps), plain, device), source, {
      clock: "deterministic",
      ...config,
    });
    const execute = vi.spyOn(vm.loop, "execute");
    vm.start();
    await vm.exited;
    return execute.mock.calls.length;
  }

  test("costs no slice: owner's, RTC, finisher, MSWI, PLIC, ROM", async () => {
    for (const pa of [0x400_0000, 0x10_1000, 0x10_0000, 0x200_0000, 0xc00_0000, 0x1000]) {
      expect(await runs(pa, {}, { harts: 1 }), pa.toString(16)).toBeLessThan(10);
    }
  });

  test("costs one when the device says so", async () => {
    const asked: number[] = [];
    expect(await runs(0x400_0000, { endsSlice: (offset) => asked.push(offset) > 0 })).toBeGreaterThanOrEqual(1000);
    expect(new Set(asked)).toEqual(new Set([4]));
  });

  test("costs none while the device's deadline is later than the slice's end, and one when it is sooner", async () => {
    let left = 0n;
    const later = { nextDeadline: () => 10n ** 12n };
    expect(await runs(0x400_0000, later)).toBeLessThan(10);
    const sooner = { nextDeadline: () => 10n ** 12n - (left += 10n ** 8n) };
    expect(await runs(0x400_0000, sooner)).toBeGreaterThan(1000);
  });
});
