import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Device, DeviceDeps, DeviceMaker } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** One register: what is stored is doubled and written to RAM by the device; its interrupt is up until it is read. */
class Doubler implements Device {
  readonly name: string;
  readonly size = 16;
  readonly access = { min: 4, max: 4 } as const;
  readonly deps: DeviceDeps;
  value = 0;

  constructor(deps: DeviceDeps, name = "doubler") {
    this.deps = deps;
    this.name = name;
  }

  load(): number {
    this.deps.irq.set(false);
    return this.value;
  }

  store(offset: number, value: number): void {
    if (offset === 12) throw new Error("there is no such register");
    this.value = 2 * value;
    this.deps.memory.store32(0x8010_0000, this.value);
    this.deps.irq.set(true);
  }

  reset(): void {
    this.value = 0;
  }

  save() {
    return { value: this.value };
  }

  restore(): void {}

  fdt: NonNullable<Device["fdt"]> = (parent, { pa, size, irq, intc }) => {
    parent
      .node(`doubler@${pa.toString(16)}`)
      .strings("compatible", "test,doubler")
      .cells64("reg", pa, size)
      .cells("interrupts", irq)
      .cells("interrupt-parent", intc);
  };
}

async function vmWith(devices: readonly DeviceMaker[], source = "") {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source + powerOff()), devices });
}

/** PLIC: priority and pending of source 64 (and 65), enables of context 0, threshold, claim. */
const PLIC = "li s1, 0x0c000000\n li s2, 0x0c002000\n li s3, 0x0c200000";

describe("a device of the owner's", () => {
  test("answers the guest, writes to RAM and interrupts", async () => {
    const vm = await vmWith(
      [(deps) => new Doubler(deps)],
      `
      ${PLIC}
      li t0, 1
      sw t0, 0x100(s1)      # priority of source 64
      sw t0, 8(s2)          # enable it for hart 0, M mode
      li s4, 0x04000000
      li t0, 21
      sw t0, 0(s4)
      csrr s5, mip
      lw s6, 4(s3)          # claim
      lw s7, 0(s4)
      csrr s8, mip
      li t0, 0x80100000
      lw s9, 0(t0)
      `,
    );
    vm.start();
    await vm.exited;
    const hart = vm.hart(0);
    const MEI = 1n << 11n;
    expect(hart.x(21) & MEI).toBe(MEI);
    expect([hart.x(22), hart.x(23), hart.x(25)]).toEqual([64n, 42n, 42n]);
    expect(hart.x(24) & MEI).toBe(0n);
  });

  test("can wake a guest that waits, from outside", async () => {
    let doubler: Doubler | undefined;
    const vm = await vmWith(
      [(deps) => (doubler = new Doubler(deps))],
      `${PLIC}
      li t0, 1
      sw t0, 0x100(s1)
      sw t0, 8(s2)
      li t0, 0x800
      csrw mie, t0
      wfi
      lw s6, 4(s3)
      `,
    );
    vm.start();
    while (!vm.hart(0).waiting) await new Promise((resolve) => setImmediate(resolve));
    doubler?.deps.irq.set(true);
    await vm.exited;
    expect(vm.hart(0).x(22)).toBe(64n);
  });

  test("has a node in the device tree, and the next device the next page and interrupt", async () => {
    const vm = await vmWith([(deps) => new Doubler(deps), (deps) => new Doubler(deps, "second")]);
    vm.start();
    await vm.exited;
    // The guest was given the tree's address in a1 and has left it there.
    const text = Buffer.from(vm.memory.read(Number(vm.hart(0).x(11)), 0x1000)).toString("latin1");
    expect(text).toContain("doubler@4000000");
    expect(text).toContain("doubler@4001000");
    expect([...vm.machine.board.devices.keys()].slice(-2)).toEqual(["doubler", "second"]);
  });

  test("that throws is reported; the guest sees an access fault", async () => {
    const vm = await vmWith(
      [(deps) => new Doubler(deps)],
      `la t0, handler
      csrw mtvec, t0
      li s4, 0x04000000
      sw zero, 12(s4)
      .align 2
      handler: csrr s5, mcause
      `,
    );
    const seen: unknown[] = [];
    vm.on("device-error", (detail) => seen.push(detail));
    vm.start();
    await vm.exited;
    expect(vm.hart(0).x(21)).toBe(7n);
    expect(seen).toEqual([{ device: "doubler", error: new Error("there is no such register") }]);
  });

  test("is refused when it has no room, or another's name, and nothing is left behind", async () => {
    const make: DeviceMaker = (deps) => new Doubler(deps);
    await expect(vmWith([make, make])).rejects.toThrow(code("devices"));
    await expect(vmWith(Array<DeviceMaker>(33).fill(make))).rejects.toThrow(code("devices"));
    await expect(vmWith([(deps) => Object.assign(new Doubler(deps), { size: 2 ** 26 })])).rejects.toThrow(
      code("devices"),
    );
    await expect(vmWith([(deps) => new Doubler(deps, "plic")])).rejects.toThrow(code("devices"));
    expect(hosts.map(({ allocatedBytes }) => allocatedBytes)).toEqual([0, 0, 0, 0]);
  });
});
