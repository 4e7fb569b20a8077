import { afterEach, describe, expect, test } from "vitest";
import { Host, type Vm, type VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const START = 0x8000_0000n;
const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create({ compilation: "sync" });
  hosts.push(host);
  const kernel = flatGuest(source);
  return host.createVm({ memory: "2M", bios: "none", kernel, clock: "deterministic", ...config });
}

/** Five instructions a turn; the hot loop begins eight bytes into the program. */
const LOOP = `
  li a0, 400000
  li a1, 0
  again: add a1, a1, a0
  xor a2, a1, a0
  add a1, a1, a2
  addi a0, a0, -1
  bnez a0, again
  ${powerOff()}
`;

describe("the regions of a VM", () => {
  test("are those that have become hot", async () => {
    const vm = await vmOf(LOOP);
    expect(vm.regions()).toEqual([]);
    vm.start();
    await vm.exited;
    const region = vm.regions().find(({ start, end }) => start <= START + 12n && START + 12n < end);
    expect(region).toMatchObject({ mode: "M", window: true, instructions: expect.any(Number) as number });
    expect(vm.regions().length).toBe(vm.counters().translator.regions);
  });

  test("reach from their first instruction to their last, callees that they have taken in aside", async () => {
    const callee = `\nstay: j stay\n.zero 256\nadd_up: add a1, a1, a0\nret\n`;
    const vm = await vmOf(`li a0, 400000\nagain: jal ra, add_up\naddi a0, a0, -1\nbnez a0, again${callee}`);
    vm.step(0, 1_000_000);
    const region = vm.regions().find(({ start, end }) => start <= START + 8n && START + 8n < end)!;
    expect(region.end).toBe(START + 24n);
    expect(region.instructions).toBeGreaterThanOrEqual(5);
    expect(vm.explainRegion(region.pc).guest).toContain("add a1,a1,a0");
  });

  test("are none with an engine that does not translate", async () => {
    const vm = await vmOf(LOOP, { engine: "interpreter" });
    vm.start();
    await vm.exited;
    expect(vm.regions()).toEqual([]);
  });

  test("are explained in three languages", async () => {
    const vm = await vmOf(LOOP);
    vm.start();
    await vm.exited;
    const { pc, mode, instructions } = vm.regions()[0]!;
    const explained = vm.explainRegion(pc, { mode });
    expect(explained.pc).toBe(pc);
    expect(explained.instructions).toBe(instructions);
    const address = pc.toString(16);
    expect(explained.guest).toContain(`${address}  `);
    expect(explained.ir).toContain(`region ${address}: ${instructions} instructions`);
    expect(explained.wat).toContain(`(func $${address} (param $hart i32)`);
    expect(WebAssembly.validate(explained.wasm)).toBe(true);
  });
});

describe("an explanation", () => {
  test("is given of code that has never run, for any mode", async () => {
    const vm = await vmOf(LOOP);
    expect(vm.explainRegion(START).ir).toMatch(/M mode, RAM is one window/);
    expect(vm.hart(0).mode).toBe("M");
  });

  test("is refused with a sentence where nothing can be translated", async () => {
    const vm = await vmOf(LOOP);
    expect(() => vm.explainRegion(0x1234n)).toThrow(code("region"));
    expect(() => vm.explainRegion(START + 1n)).toThrow(code("region"));
    expect(() => vm.explainRegion(START, { mode: "H" as "S" })).toThrow(/no mode H/);
    vm.setEngine("interpreter");
    expect(() => vm.explainRegion(START)).toThrow(/0x80000000.*engine that translates/);
    expect(() => vm.explainRegion(START, { hart: 7 })).toThrow(code("hart"));
    vm.destroy();
    expect(() => vm.explainRegion(START)).toThrow(code("vm-state"));
    expect(() => vm.regions()).toThrow(code("vm-state"));
  });

  test("is refused while a hart is being run", async () => {
    const refused: unknown[] = [];
    const vm: Vm = await vmOf(`li t0, 0x4000000\nlw t1, 0(t0)\n${powerOff()}`, {
      devices: [
        () => ({
          name: "curious",
          size: 4096,
          access: { min: 4, max: 4 },
          load: () => {
            try {
              vm.explainRegion(START);
            } catch (error) {
              refused.push(error);
            }
            return 0;
          },
          store: () => undefined,
          reset: () => undefined,
          save: () => ({}),
          restore: () => undefined,
        }),
      ],
    });
    vm.start();
    await vm.exited;
    expect(refused).toEqual([code("vm-state")]);
  });

  test("may be asked for between the slices of a guest that runs", async () => {
    const plain = await vmOf(LOOP);
    plain.start();
    await plain.exited;
    const vm = await vmOf(LOOP);
    let explained = 0;
    const stop = vm.sample(50_000, () => {
      for (const { pc, mode } of vm.regions()) explained += vm.explainRegion(pc, { mode }).instructions;
    });
    vm.start();
    await vm.exited;
    stop();
    expect(explained).toBeGreaterThan(0);
    expect(vm.hart(0).x(11)).toBe(plain.hart(0).x(11));
    expect(vm.counters().instructions).toBe(plain.counters().instructions);
  });
});
