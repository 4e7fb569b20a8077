import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { PRINT } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

/** A flat kernel lies two MiB into RAM, where Linux would. */
const KERNEL_PA = 0x8020_0000n;

async function vmOf(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "8M", kernel: assemble(source, KERNEL_PA), ...config });
}

async function run(source: string, config: VmConfig = {}): Promise<Vm> {
  const vm = await vmOf(source, config);
  vm.start();
  await vm.exited;
  return vm;
}

const EID = { base: 0x10, time: 0x54494d45, ipi: 0x735049, hsm: 0x48534d, srst: 0x53525354, dbcn: 0x4442434e } as const;

const call = (extension: keyof typeof EID, fid: number) => `
  li a7, ${EID[extension]}
  li a6, ${fid}
  ecall
`;

const shutDown = (reason = 0) => `
  li a0, 0
  li a1, ${reason}
  ${call("srst", 0)}
`;

describe("the built-in SBI", () => {
  test("starts hart 0 in S mode with its number and the FDT", async () => {
    const vm = await run(`mv s1, a0\nmv s2, a1\n${shutDown()}`);
    expect(vm.hart(0).mode).toBe("S");
    expect(vm.hart(0).x(9)).toBe(0n);
    expect([...vm.memory.read(Number(vm.hart(0).x(18)), 4)]).toEqual([0xd0, 0x0d, 0xfe, 0xed]);
  });

  test("switches off with 0, or 1 for a failure", async () => {
    expect(await (await run(shutDown(0))).exited).toEqual({ code: 0, reason: "poweroff" });
    expect(await (await run(shutDown(1))).exited).toEqual({ code: 1, reason: "poweroff" });
  });

  test("says version 2.0, and that other extensions do not exist", async () => {
    const vm = await run(`
      ${call("base", 0)}
      mv s1, a1
      li a0, 0x12345
      ${call("base", 3)}
      mv s2, a1
      ${shutDown()}`);
    expect(vm.hart(0).x(9)).toBe(0x0200_0000n);
    expect(vm.hart(0).x(18)).toBe(0n);
  });

  test("prints for DBCN and reads what was typed", async () => {
    const vm = await vmOf(`
      li a0, 62
      ${call("dbcn", 2)}
      wait:
      li a0, 1
      la a1, byte
      li a2, 0
      ${call("dbcn", 1)}
      beqz a1, wait
      la t0, byte
      lbu a0, 0(t0)
      ${call("dbcn", 2)}
      ${shutDown()}
      byte: .byte 0`);
    vm.start();
    await vm.console.waitFor(">");
    void vm.console.write("k");
    await vm.exited;
    expect(vm.console.pending).toBe("k");
  });

  test("sets the supervisor timer", async () => {
    const vm = await run(`
      li t0, 32
      csrw sie, t0
      csrr s1, time
      li a0, 30000
      add a0, a0, s1
      ${call("time", 0)}
      wfi
      csrr s2, time
      sub s2, s2, s1
      csrr s3, sip
      li a0, -1
      ${call("time", 0)}
      csrr s4, sip
      ${shutDown()}`);
    expect(vm.hart(0).x(18)).toBeGreaterThanOrEqual(30_000n);
    expect(vm.hart(0).x(19)).toBe(32n);
    expect(vm.hart(0).x(20)).toBe(0n);
  });

  test("delegates every exception that S mode can handle", async () => {
    const vm = await run(`
      la t0, handler
      csrw stvec, t0
      .word 0
      ebreak
      ld t0, 0(zero)
      ${shutDown()}
      .align 2
      handler:
      csrr t0, scause
      slli s1, s1, 8
      or s1, s1, t0
      csrr t0, sepc
      addi t0, t0, 4
      csrw sepc, t0
      sret`);
    expect(vm.hart(0).x(9).toString(16)).toBe("20305");
  });

  test("gives S mode its counters, timer and cache-block instructions", async () => {
    const vm = await run(`
      la t0, handler
      csrw stvec, t0
      rdcycle:
      csrr t1, cycle
      csrr t1, time
      csrr t1, instret
      csrr t1, hpmcounter3
      la t0, block
      cbo.zero (t0)
      cbo.inval (t0)
      cbo.flush (t0)
      csrw stimecmp, zero
      ${shutDown(0)}
      .align 2
      handler:
      ${shutDown(1)}
      .align 6
      block: .zero 64`);
    expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
  });

  test("starts, stops and finds the other harts", async () => {
    const vm = await run(
      `
      li a0, 1
      ${call("hsm", 2)}
      mv s1, a1
      li a0, 1
      la a1, other
      li a2, 77
      ${call("hsm", 0)}
      mv s2, a0
      started:
      la t0, seen
      ld s3, 0(t0)
      beqz s3, started
      stopping:
      li a0, 1
      ${call("hsm", 2)}
      li t0, 1
      bne a1, t0, stopping
      li a0, 1
      la a1, other
      ${call("hsm", 0)}
      mv s4, a0
      li a0, 9
      ${call("hsm", 0)}
      mv s5, a0
      ${shutDown()}
      other:
      add t1, a0, a1
      la t0, seen
      sd t1, 0(t0)
      ${call("hsm", 1)}
      ebreak
      .align 3
      seen: .dword 0`,
      { harts: 2 },
    );
    const hart = vm.hart(0);
    expect(hart.x(9)).toBe(1n);
    expect(hart.x(18)).toBe(0n);
    expect(hart.x(19)).toBe(78n);
    expect(hart.x(20)).toBe(0n);
    expect(BigInt.asIntN(64, hart.x(21))).toBe(-3n);
  });

  test("starts a hart with the interrupts pending that devices have raised for it before", async () => {
    // The UART's transmitter, source 10, for hart 1 in S mode: context 3 of the PLIC.
    const vm = await vmOf(
      `
      li t0, 0x0c000028
      li t1, 1
      sw t1, 0(t0)
      li t0, 0x0c002180
      li t1, 0x400
      sw t1, 0(t0)
      li t0, 0x10000001
      li t1, 2
      sb t1, 0(t0)
      li a0, 1
      la a1, other
      ${call("hsm", 0)}
      rest: wfi
      j rest
      other: csrr s1, sip
      ${shutDown()}`,
      { harts: 2 },
    );
    vm.start();
    await vm.exited;
    expect(vm.hart(1).x(9)).toBe(0x200n);
  });

  test("suspends a hart until an interrupt, and resumes it where it wants", async () => {
    const vm = await run(
      `
      la a1, other
      li a0, 1
      ${call("hsm", 0)}
      asleep:
      li a0, 1
      ${call("hsm", 2)}
      li t0, 4
      bne a1, t0, asleep
      li a0, 2
      li a1, 0
      ${call("ipi", 0)}
      park: j park
      other:
      csrwi sie, 2
      li a0, 0x80000000
      la a1, resumed
      li a2, 33
      ${call("hsm", 3)}
      ebreak
      resumed:
      mv s1, a0
      mv s2, a1
      csrr s3, sip
      ${shutDown()}`,
      { harts: 2 },
    );
    const hart = vm.hart(1);
    expect([9, 18, 19].map((register) => hart.x(register))).toEqual([1n, 33n, 2n]);
  });

  test("sends software interrupts, which the other hart takes", async () => {
    const vm = await run(
      `
      la a1, other
      li a0, 1
      ${call("hsm", 0)}
      li a0, 1
      li a1, 1
      ${call("ipi", 0)}
      park: wfi
      j park
      other:
      la t0, handler
      csrw stvec, t0
      csrwi sie, 2
      csrsi sstatus, 2
      idle: wfi
      j idle
      .align 2
      handler:
      csrr s1, scause
      li a0, 33
      ${PRINT}
      ${shutDown()}`,
      { harts: 2 },
    );
    expect(vm.hart(1).x(9)).toBe((1n << 63n) | 1n);
    expect(vm.console.pending).toBe("!");
  });

  describe("reads the hart mask of a legacy call", () => {
    /** Sv39 in gibibytes: RAM where it is; it once more at 0x40000000, and at 0 for user mode. */
    const PAGED = `
      la t0, root
      srli t0, t0, 12
      li t1, 8
      slli t1, t1, 60
      or t0, t0, t1
      csrw satp, t0
      sfence.vma
      la s0, mask
      li t0, 0x80000000
      sub s0, s0, t0
      `;
    const TABLES = `
      .align 12
      root:
      .dword 0x200000df
      .dword 0x200000cf
      .dword 0x200000cf
      .zero 4072
      mask: .dword 1
      `;
    const SEND_IPI = `
      li a7, 4
      call: ecall
      `;

    test("at a virtual address", async () => {
      const vm = await run(`${PAGED}
        li a0, 0x40000000
        add a0, a0, s0
        ${SEND_IPI}
        mv s1, a0
        csrr s2, sip
        ${shutDown()}
        ${TABLES}`);
      expect([vm.hart(0).x(9), vm.hart(0).x(18)]).toEqual([0n, 2n]);
    });

    const handler = `
      csrr s1, scause
      csrr s2, sepc
      la t0, call
      sub s2, s2, t0
      csrr s3, stval
      csrr s4, sstatus
      andi s4, s4, 0x122
      csrr s5, sip
      ${shutDown()}`;

    test.each([
      ["nothing is mapped", "li a0, 0x123456789", 13n, 0x1_2345_6789n],
      ["only user mode may load", "li a0, 16", 13n, 16n],
      ["a part of it is missing", "li a0, 0xbffffffc", 13n, 0xc000_0000n],
      ["there is no memory", "csrw satp, zero\nli a0, 0x3000000", 5n, 0x300_0000n],
    ])("and traps into the caller where %s", async (_, pointer, cause, va) => {
      const vm = await run(
        `${PAGED}
        la t0, handler
        csrw stvec, t0
        csrsi sstatus, 2
        ${pointer}
        ${SEND_IPI}
        ebreak
        .align 2
        handler: ${handler}
        ${TABLES}`,
        { memory: "1G" },
      );
      // SPP and SPIE set, SIE clear; no interrupt was sent.
      expect([9, 18, 19, 20, 21].map((register) => vm.hart(0).x(register))).toEqual([cause, 0n, va, 0x120n, 0n]);
    });

    test("through which user pages are open with SUM", async () => {
      const vm = await run(`${PAGED}
        li t0, 0x40000
        csrs sstatus, t0
        mv a0, s0
        ${SEND_IPI}
        csrr s2, sip
        ${shutDown()}
        ${TABLES}`);
      expect(vm.hart(0).x(18)).toBe(2n);
    });
  });

  test("fences for legacy callers what they have changed", async () => {
    const vm = await run(`
      li s0, 2000
      hot:
      jal ra, small
      addi s0, s0, -1
      bnez s0, hot
      la t0, small
      la t1, patch
      lw t1, 0(t1)
      sw t1, 0(t0)
      li a0, 0
      li a7, 5
      ecall
      jal ra, small
      ${shutDown()}
      .align 2
      small: addi s1, zero, 1
      ret
      patch: addi s1, zero, 7`);
    expect(vm.hart(0).x(9)).toBe(7n);
  });

  test("leaves stopped harts out of what runs, and starts again with hart 0 alone", async () => {
    const vm = await run(shutDown(), { harts: 3 });
    expect(vm.counters().harts.map(({ instructions }) => instructions > 0)).toEqual([true, false, false]);
    await vm.reset();
    await vm.exited;
    expect(vm.counters().harts.map(({ instructions }) => instructions > 0)).toEqual([true, false, false]);
  });
});
