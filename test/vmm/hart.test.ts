import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff, printText } from "../support/guest.ts";
import { PageTables, type Words } from "../support/paging.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });
}

describe("registers", () => {
  test("are read and written, modulo 2^64, and x0 stays zero", async () => {
    const hart = (await vmOf("add s1, s2, s3")).hart(0);
    hart.setX(18, -1n);
    hart.setX(19, 3n);
    hart.setX(0, 5n);
    expect([hart.x(0), hart.x(18), hart.x(19)]).toEqual([0n, 0xffff_ffff_ffff_ffffn, 3n]);
    hart.setF(31, 0x3ff0_0000_0000_0000n);
    expect(hart.f(31)).toBe(0x3ff0_0000_0000_0000n);
    hart.pc = -2n;
    expect(hart.pc).toBe(0xffff_ffff_ffff_fffen);
    for (const number of [-1, 32, 1.5]) expect(() => hart.x(number)).toThrow(code("register"));
  });

  test("steps use what was written", async () => {
    const vm = await vmOf("add s1, s2, s3\nj elsewhere\nelsewhere: nop");
    vm.hart(0).setX(18, 40n);
    vm.hart(0).setX(19, 2n);
    vm.step();
    expect(vm.hart(0).x(9)).toBe(42n);
    expect(vm.hart(0).pc).toBe(0x8000_0004n);
    vm.step(0, 2);
    expect(vm.hart(0).pc).toBe(0x8000_000cn);
    expect(vm.counters().instructions).toBe(3);
  });

  test("a running VM is not stepped", async () => {
    const vm = await vmOf("spin: j spin");
    vm.start();
    expect(() => vm.step()).toThrow(code("vm-state"));
  });

  test("there is no hart beyond the last", async () => {
    const vm = await vmOf("nop", { harts: 2 });
    expect(vm.hart(1).index).toBe(1);
    expect(() => vm.hart(2)).toThrow(/numbered from 0 to 1/);
  });
});

describe("CSRs", () => {
  test("have names and numbers, in any case", async () => {
    const hart = (await vmOf("nop", { harts: 2 })).hart(1);
    expect(hart.csr("mhartid")).toBe(1n);
    expect(hart.csr(0xf14)).toBe(1n);
    hart.setCsr("MSCRATCH", 0x1234n);
    expect(hart.csr(0x340)).toBe(0x1234n);
    expect(hart.mode).toBe("M");
  });

  test("stay legal whatever is written", async () => {
    const hart = (await vmOf("nop")).hart(0);
    hart.setCsr("satp", 0x7000_0000_0000_0000n);
    expect(hart.csr("satp")).toBe(0n);
  });

  test("that do not exist, or cannot be written, are errors", async () => {
    const hart = (await vmOf("nop")).hart(0);
    expect(() => hart.csr("nonsense")).toThrow(code("csr"));
    expect(() => hart.csr(0x8ff)).toThrow(code("csr"));
    expect(() => hart.setCsr("mhartid", 1n)).toThrow(code("csr"));
  });

  test("can be read without disturbing a trap that is being handled", async () => {
    const vm = await vmOf(`
      la t0, handler
      csrw mtvec, t0
      ebreak
      .align 2
      handler: csrr s1, mcause
      csrr s2, mepc`);
    const hart = vm.hart(0);
    vm.step(0, 4);
    expect(() => hart.csr("nonsense")).toThrow();
    expect(hart.csr("mcause")).toBe(3n);
    vm.step(0, 2);
    expect([hart.x(9), hart.x(18)]).toEqual([3n, 0x8000_000cn]);
  });
});

describe("memory", () => {
  test("is read and written by physical address within RAM", async () => {
    const vm = await vmOf("nop");
    expect(vm.memory.start).toBe(0x8000_0000);
    expect(vm.memory.size).toBe(2 * 2 ** 20);
    vm.memory.write(0x801f_fffe, Uint8Array.of(1, 2));
    expect(vm.memory.read(0x801f_fffd, 3)).toEqual(Uint8Array.of(0, 1, 2));
    expect(() => vm.memory.read(0x801f_fffd, 4)).toThrow(code("address"));
    expect(() => vm.memory.write(0x7fff_ffff, Uint8Array.of(1, 2))).toThrow(code("address"));
    expect(() => vm.memory.read(0x8000_0000, -1)).toThrow(code("address"));
    expect(() => vm.memory.read(NaN, 1)).toThrow(code("address"));
  });

  test("by virtual address goes through the hart's page tables, also across pages", async () => {
    const vm = await vmOf("nop");
    const hart = vm.hart(0);
    const tables = new PageTables(wordsOf(vm), 0x8010_0000);
    tables.map(0x4000_0000n, 0x8008_0000);
    tables.map(0x4000_1000n, 0x8005_0000);
    hart.setCsr("pmpaddr0", -1n);
    hart.setCsr("pmpcfg0", 0x1fn);
    hart.setCsr("satp", tables.satp);
    hart.setCsr("mstatus", hart.csr("mstatus") | (1n << 17n) | (1n << 11n));
    expect(hart.translate(0x4000_0123n)).toBe(0x8008_0123);
    expect(hart.translate(0x5000_0000n)).toBeUndefined();
    hart.write(0x4000_0ffen, Uint8Array.of(1, 2, 3, 4));
    expect(hart.read(0x4000_0ffen, 4)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect([...vm.memory.read(0x8008_0ffe, 2), ...vm.memory.read(0x8005_0000, 2)]).toEqual([1, 2, 3, 4]);
    expect(() => hart.read(0x4000_1ffen, 4)).toThrow(code("address"));
  });

  test("that is written over code which has run takes effect", async () => {
    const vm = await vmOf("again: li s1, 1\nj again");
    vm.step(0, 4);
    expect(vm.hart(0).x(9)).toBe(1n);
    vm.memory.write(0x8000_0000, flatGuest("li s1, 2"));
    vm.step(0, 2);
    expect(vm.hart(0).x(9)).toBe(2n);
    vm.hart(0).write(0x8000_0000n, flatGuest("li s1, 3"));
    vm.step(0, 2);
    expect(vm.hart(0).x(9)).toBe(3n);
  });

  test("devices are not read by debuggers", async () => {
    const vm = await vmOf("nop");
    expect(() => vm.hart(0).read(0x1000_0000n, 1)).toThrow(code("address"));
  });
});

describe("counters", () => {
  test("say what was done", async () => {
    const vm = await vmOf(`
      la t0, handler
      csrw mtvec, t0
      ebreak
      .align 2
      handler:
      fence.i
      sfence.vma
      ${printText("x")}${powerOff()}`);
    vm.start();
    await vm.exited;
    const counters = vm.counters();
    expect(counters).toMatchObject({ traps: 1, interrupts: 0, mmio: 2, fenceI: 1, sfence: 1 });
    expect(counters.instructions).toBe(Number(vm.hart(0).csr("minstret")));
    expect(counters.tlbMisses).toBeGreaterThan(0);
    expect(counters.busyMilliseconds).toBeGreaterThan(0);
  });

  test("count accesses to nowhere", async () => {
    const vm = await vmOf("li t0, 0x50000000\nlb t1, 0(t0)\nlb t1, 0(t0)");
    vm.step(0, 2);
    expect(vm.counters().busFaults).toBe(1);
  });
});

/** A VM's RAM in words, for page tables. */
function wordsOf({ memory }: Vm): Words {
  return {
    read64: (pa) => new DataView(memory.read(pa, 8).buffer).getBigUint64(0, true),
    write64: (pa, value) => memory.write(pa, new Uint8Array(BigUint64Array.of(value).buffer)),
  };
}
