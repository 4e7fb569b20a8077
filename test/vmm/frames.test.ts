/** RAM page by page, as programs see it: more than there is, shared, tracked. */

import { afterEach, describe, expect, test } from "vitest";
import { readFile } from "node:fs/promises";
import { Host, type Vm, type VmConfig, type WasmvisorError } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";

const RAM_PA = 0x8000_0000;
const MIB = 2 ** 20;
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function newHost(maxMemory?: number): Promise<Host> {
  const host = await Host.create(maxMemory === undefined ? {} : { maxMemory });
  hosts.push(host);
  return host;
}

/** Stores to each of `pages` pages from 1 MiB on, `rounds` times, and switches the machine off. */
function toucher(pages: number, rounds = 1): Uint8Array {
  const source = `
    li s1, ${rounds}
    round: li a0, ${RAM_PA + MIB}
    li a1, ${pages}
    page: sd a1, 0(a0)
    ld a2, 0(a0)
    bne a2, a1, wrong
    li a3, 4096
    add a0, a0, a3
    addi a1, a1, -1
    bnez a1, page
    addi s1, s1, -1
    bnez s1, round
    li a0, 0x100000
    li a1, 0x5555
    sw a1, 0(a0)
    wrong: j wrong`;
  return assemble(source, BigInt(RAM_PA));
}

async function run(host: Host, config: VmConfig): Promise<{ vm: Vm; reason: string; error: unknown }> {
  const vm = await host.createVm({ bios: "none", ...config });
  vm.start();
  const { reason, error } = await vm.exited;
  return { vm, reason, error };
}

const ENGINES = ["interpret", "interpreter", "translator"] as const;

describe("a VM whose RAM is given page by page", () => {
  test.each(ENGINES)(
    "takes only what it touches, and ends in one sentence when that is too much: %s",
    async (engine) => {
      const host = await newHost();
      const enough = await run(host, { memory: "8G", memoryLimit: "2M", engine, kernel: toucher(300, 20) });
      expect(enough.reason).toBe("poweroff");
      expect(enough.vm.memory.statistics()).toMatchObject({ sharedBytes: 0, window: false });
      const { touchedBytes } = enough.vm.memory.statistics();
      expect(touchedBytes).toBe(enough.vm.counters().touchedBytes);
      expect(touchedBytes).toBeGreaterThan(300 * 4096);
      expect(touchedBytes).toBeLessThan(330 * 4096);

      const short = await run(host, { memory: "8G", memoryLimit: "1M", engine, kernel: toucher(300) });
      expect(short.reason).toBe("out-of-memory");
      expect((short.error as WasmvisorError).message).toMatch(/^The host has no memory left [^.]*\.$/);
      expect(short.vm.memory.statistics().touchedBytes).toBe(MIB);
      // It stopped at the store, which has not been done.
      expect(short.vm.hart(0).pc).toBe(BigInt(RAM_PA) + BigInt(toucherStore()));
      await short.vm.reset();
      expect((await short.vm.exited).reason).toBe("out-of-memory");
      for (const { vm } of [enough, short]) vm.destroy();
      expect(host.allocatedBytes).toBe(0);
    },
  );

  test("a host without a frame ends the VM that asks for one, and the others go on", async () => {
    const host = await newHost(80 * MIB);
    const first = await run(host, { memory: "64M", memoryLimit: "64M", engine: "interpreter", kernel: toucher(1000) });
    expect(first.reason).toBe("poweroff");
    const second = await run(host, {
      memory: "64M",
      memoryLimit: "64M",
      engine: "interpreter",
      kernel: toucher(15_000),
    });
    expect(second.reason).toBe("out-of-memory");
    second.vm.destroy();
    first.vm.memory.write(RAM_PA + 30 * MIB, Uint8Array.of(1));
    expect(first.vm.memory.read(RAM_PA + 30 * MIB, 2)).toEqual(Uint8Array.of(1, 0));
  });

  test("write refuses what there is no memory for, and the VM goes on", async () => {
    const host = await newHost();
    const vm = await host.createVm({ memory: "1G", memoryLimit: "1M", bios: "none", kernel: toucher(10) });
    const write = () => vm.memory.write(RAM_PA + 8 * MIB, new Uint8Array(2 * MIB));
    expect(write).toThrow(expect.objectContaining({ code: "host-memory" }));
    vm.start();
    expect((await vm.exited).reason).toBe("out-of-memory");
  });

  test("images that need more than the limit are refused", async () => {
    const host = await newHost();
    const kernel = new Uint8Array(2 * MIB).fill(1);
    const making = host.createVm({ memory: "1G", memoryLimit: "1M", bios: "none", kernel });
    await expect(making).rejects.toThrow(expect.objectContaining({ code: "host-memory" }));
    expect(host.allocatedBytes).toBe(0);
  });
});

/** Where in `toucher` the store stands. */
function toucherStore(): number {
  const store = assemble("sd a1, 0(a0)", 0n);
  const code = toucher(300);
  for (let at = 0; at < code.length; at += 2) {
    if (store.every((byte, index) => code[at + index] === byte)) return at;
  }
  throw new RangeError("no store");
}

describe("VMs that share memory", () => {
  const DEMO = readFile(new URL("../../guests/bin/demo.elf", import.meta.url));

  async function pair(host: Host): Promise<[Vm, Vm]> {
    const config = { memory: "64M", kernel: await DEMO, append: "selfcheck", clock: "deterministic" } as const;
    return [await host.createVm(config), await host.createVm(config)];
  }

  test("run as if they did not, whichever goes first", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ] as const) {
      const host = await newHost();
      const vms = await pair(host);
      const images = vms[0].counters().touchedBytes;
      expect(host.shareMemory()).toBeGreaterThanOrEqual(images - 8192);
      expect(host.shareMemory()).toBe(0);
      expect(vms[0].memory.statistics()).toMatchObject({ touchedBytes: images, sharedBytes: images, window: false });
      const [first, second] = order.map((index) => vms[index]);
      first!.start();
      expect((await first!.exited).code).toBe(0);
      first!.destroy();
      second!.start();
      expect((await second!.exited).code).toBe(0);
      second!.destroy();
      expect(host.allocatedBytes).toBe(0);
    }
  });

  test("get their own again, and are windows then", async () => {
    const host = await newHost();
    const vms = await pair(host);
    host.shareMemory();
    vms[1].memory.breakSharing();
    vms[0].memory.breakSharing();
    for (const vm of vms) expect(vm.memory.statistics()).toMatchObject({ sharedBytes: 0, window: true });
    vms[0].start();
    expect((await vms[0].exited).code).toBe(0);
  });

  test("a reset VM shares nothing and is a window again", async () => {
    const host = await newHost();
    const [vm, other] = await pair(host);
    host.shareMemory();
    other.destroy();
    await vm.reset();
    expect(vm.memory.statistics()).toMatchObject({ sharedBytes: 0, window: true });
    vm.start();
    expect((await vm.exited).code).toBe(0);
  });
});

describe("tracked stores", () => {
  test.each(ENGINES)(
    "are the pages that the guest has stored to since, in both directions of time: %s",
    async (engine) => {
      const host = await newHost();
      const vm = await host.createVm({ memory: "16M", bios: "none", engine, kernel: toucher(5, 2000) });
      const since = vm.memory.trackStores();
      vm.start();
      await vm.exited;
      const first = MIB / 4096;
      expect([...vm.memory.dirtyFrames(since).pages]).toEqual([0, 1, 2, 3, 4].map((page) => first + page));
      const { epoch } = vm.memory.dirtyFrames(since);
      vm.memory.write(RAM_PA + 9 * 4096 - 1, Uint8Array.of(1, 2));
      const next = vm.memory.dirtyFrames(epoch);
      expect([...next.pages]).toEqual([8, 9]);
      expect([...vm.memory.dirtyFrames(since).pages]).toHaveLength(7);
      vm.memory.stopTracking();
      expect(vm.memory.statistics().window).toBe(true);
      expect(() => vm.memory.dirtyFrames(since)).toThrow(expect.objectContaining({ code: "memory-tracking" }));
    },
  );
});
