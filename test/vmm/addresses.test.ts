import { afterEach, describe, expect, test } from "vitest";
import { walkPageTable } from "../../src/debug/index.ts";
import { Host, type Vm } from "../../src/index.ts";
import { flatGuest, GUEST_PA } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function newVm(): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "1M", bios: "none", kernel: flatGuest("again: addi s0, s0, 1\nj again") });
}

const START = Number(GUEST_PA);

describe("an address may be a number or a bigint", () => {
  test("virtual ones", async () => {
    const hart = (await newVm()).hart(0);
    hart.pc = START;
    expect(hart.pc).toBe(GUEST_PA);
    expect(hart.translate(START)).toBe(START);
    expect(hart.translate(GUEST_PA)).toBe(START);
    hart.write(START + 64, Uint8Array.of(7));
    expect(hart.read(GUEST_PA + 64n, 1)).toEqual(Uint8Array.of(7));
    expect(hart.read(START + 64, 1)).toEqual(Uint8Array.of(7));
    hart.pc = -1;
    expect(hart.pc).toBe(2n ** 64n - 1n);
  });

  test("physical ones", async () => {
    const { memory } = await newVm();
    expect(memory.contains(GUEST_PA, 4)).toBe(true);
    memory.write(GUEST_PA + 64n, Uint8Array.of(9));
    expect(memory.read(START + 64, 1)).toEqual(Uint8Array.of(9));
    expect(memory.read(GUEST_PA + 64n, 1)).toEqual(Uint8Array.of(9));
  });

  test("those of code", async () => {
    const vm = await newVm();
    vm.step(0, 1000);
    expect(vm.explainRegion(START).ir).toBe(vm.explainRegion(GUEST_PA).ir);
    expect(walkPageTable(vm.hart(0), vm.memory, START)).toEqual(walkPageTable(vm.hart(0), vm.memory, GUEST_PA));
  });

  test.each([0.5, NaN, Infinity, 2 ** 60])("but not %f", async (number) => {
    const vm = await newVm();
    const refused = expect.objectContaining({ code: "address" }) as Error;
    expect(() => (vm.hart(0).pc = number)).toThrow(refused);
    expect(() => vm.hart(0).read(number, 1)).toThrow(refused);
    expect(() => vm.memory.read(number, 1)).toThrow(refused);
    expect(() => vm.explainRegion(number)).toThrow(refused);
  });

  test("nor a negative physical one", async () => {
    const { memory } = await newVm();
    expect(() => memory.read(-1n, 1)).toThrow(expect.objectContaining({ code: "address" }) as Error);
    expect(memory.contains(-1, 1)).toBe(false);
  });
});
