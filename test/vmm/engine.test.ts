import { afterEach, describe, expect, test } from "vitest";
import { ENGINE_NAMES, Host } from "../../src/index.ts";
import type { EngineName, Vm, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  const kernel = flatGuest(source);
  return host.createVm({ memory: "2M", bios: "none", kernel, clock: "deterministic", ...config });
}

/** Mixes a0 for `turns` turns; seven instructions each. */
const mix = (turns: number) => `
  li s0, ${turns}
  again: slli t0, a0, 7
  xor a0, a0, t0
  srli t0, a0, 9
  xor a0, a0, t0
  add a0, a0, s0
  addi s0, s0, -1
  bnez s0, again
`;

describe("a VM's engine", () => {
  test.each(ENGINE_NAMES)("can be read: %s", async (engine) => {
    expect((await vmOf(powerOff(), { engine })).engine).toBe(engine);
  });

  test("is refused when there is no such engine, and in a VM that is destroyed", async () => {
    const vm = await vmOf(powerOff());
    expect(() => vm.setEngine("warp" as EngineName)).toThrow(code("engine"));
    vm.destroy();
    expect(() => vm.setEngine("tiered")).toThrow(code("vm-state"));
  });

  test("is refused when it cannot do the VM's memory model", async () => {
    const vm = await vmOf(powerOff(), { engine: "interpreter", memoryModel: "nested" });
    expect(() => vm.setEngine("tiered")).toThrow(code("memory-model"));
    vm.setEngine("interpret");
    expect(vm.engine).toBe("interpret");
  });

  test("can be changed while the guest runs, and the guest notices nothing", async () => {
    const plain = await vmOf(mix(300_000) + powerOff(), { engine: "interpreter" });
    plain.start();
    await plain.exited;
    const vm = await vmOf(mix(300_000) + powerOff(), { engine: "interpreter" });
    let switches = 0;
    for (let index = 0; vm.counters().instructions < 2_000_000; index++) {
      vm.setEngine(ENGINE_NAMES[index % ENGINE_NAMES.length]!);
      vm.step(0, 50_000);
      switches++;
    }
    expect(switches).toBeGreaterThan(30);
    vm.start();
    await vm.exited;
    expect(vm.counters().instructions).toBe(plain.counters().instructions);
    expect(vm.hart(0).x(10)).toBe(plain.hart(0).x(10));
  });

  test("executes all that follows: the interpreter meets nothing translated, the translator begins anew", async () => {
    const vm = await vmOf(mix(1_000_000) + powerOff(), { engine: "translator" });
    vm.step(0, 10_000);
    const first = vm.counters().translator;
    expect(first.translatedInstructions).toBeGreaterThan(9000);
    vm.setEngine("interpreter");
    vm.step(0, 10_000);
    const { interpretedInstructions, evicted, ...same } = vm.counters().translator;
    expect(first).toMatchObject(same);
    expect(interpretedInstructions).toBe(first.interpretedInstructions + 10_000);
    expect(evicted).toBe(first.regions);
    vm.setEngine("translator");
    vm.step(0, 10_000);
    expect(vm.counters().translator.regions).toBeGreaterThan(first.regions);
    expect(vm.counters().translator.translatedInstructions).toBeGreaterThan(18_000);
  });

  test("takes memory only while it translates", async () => {
    const vm = await vmOf(mix(100_000) + powerOff(), { engine: "interpreter" });
    const [host] = hosts;
    const without = host!.allocatedBytes;
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      vm.setEngine("tiered");
      vm.step(0, 1000);
      seen.add(host!.allocatedBytes);
      vm.setEngine("interpreter");
      expect(host!.allocatedBytes).toBe(without);
    }
    expect(seen.size).toBe(1);
    vm.destroy();
    expect(host!.allocatedBytes).toBe(0);
  });

  test("changes at the end of the slice when a device asks for it", async () => {
    const vm = await vmOf(`li t0, 0x10000000\nsb zero, 0(t0)\n${mix(1_000_000)}${powerOff()}`);
    const { machine } = vm;
    const store = machine.mmioStore.bind(machine);
    machine.mmioStore = (hart, pa, size) => {
      vm.setEngine("translator");
      return store(hart, pa, size);
    };
    vm.step(0, 1000);
    expect(vm.counters().translator.interpretedInstructions).toBe(1000);
    expect(vm.engine).toBe("translator");
    vm.step(0, 1000);
    expect(vm.counters().translator.translatedInstructions).toBeGreaterThan(900);
  });
});
