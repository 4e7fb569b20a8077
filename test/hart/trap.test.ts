/** Trap entry and return, interrupts, and the instructions that cause or permit them. */

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Cause, Exit, Irq, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { HartBench, RAM_PA, record } from "./hart-bench.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const INTERRUPT = 1n << 63n;
const bit = (n: number): bigint => 1n << BigInt(n);
const modes = [Priv.U, Priv.S, Priv.M] as const;

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

beforeEach(() => {
  bench.reset();
  bench.space.vm.setU32(VmField.builtinSbi, 0);
  // Everything is open to S and U mode, so that instruction words can be fetched there.
  bench.write(Csr.PMPADDR0, ONES);
  bench.write(Csr.PMPCFG0, 0x1fn);
  bench.write(Csr.MTVEC, 0x8000_1000n);
  bench.write(Csr.STVEC, 0x8000_2000n);
});

function take(cause: number, tval = 0n, epc = 0x8000_0100n): void {
  bench.exports.raise(bench.hart, cause, tval);
  bench.exports.trap_take(bench.hart, epc);
}

const status = (mask: number): bigint => bench.read(Csr.MSTATUS) & BigInt(mask);

describe("exceptions", () => {
  const causes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15];
  const cases = causes.flatMap((cause) =>
    modes.flatMap((priv) => [false, true].map((on) => [cause, priv, on] as const)),
  );

  test.each(cases)("cause %i in mode %i, delegated: %s, goes to the right mode", (cause, priv, delegated) => {
    bench.write(Csr.MEDELEG, delegated ? bit(cause) : ONES ^ bit(cause));
    bench.priv = priv;
    take(cause, 0x77n);
    const supervisor = delegated && priv !== Priv.M;
    const [causeCsr, epc, tval] = supervisor ? [Csr.SCAUSE, Csr.SEPC, Csr.STVAL] : [Csr.MCAUSE, Csr.MEPC, Csr.MTVAL];
    expect(bench.priv).toBe(supervisor ? Priv.S : Priv.M);
    expect([bench.read(causeCsr), bench.read(epc), bench.read(tval)]).toEqual([BigInt(cause), 0x8000_0100n, 0x77n]);
    expect(bench.view.pc).toBe(supervisor ? 0x8000_2000n : 0x8000_1000n);
    expect(bench.view.u32(HartField.trapCause)).toBe(Cause.NONE);
  });

  test.each(modes)("entering M mode from mode %i stacks MIE and the mode", (priv) => {
    for (const mie of [0, Status.MIE]) {
      bench.write(Csr.MSTATUS, BigInt(mie | Status.SIE | Status.SPP));
      bench.priv = priv;
      take(Cause.ILLEGAL);
      expect(status(Status.MIE)).toBe(0n);
      expect(status(Status.MPIE)).toBe(mie ? BigInt(Status.MPIE) : 0n);
      expect(status(Status.MPP)).toBe(BigInt(priv) << 11n);
      expect(status(Status.SIE | Status.SPP)).toBe(BigInt(Status.SIE | Status.SPP));
    }
  });

  test.each([Priv.U, Priv.S])("entering S mode from mode %i stacks SIE and the mode", (priv) => {
    bench.write(Csr.MEDELEG, ONES);
    for (const sie of [0, Status.SIE]) {
      bench.write(Csr.MSTATUS, BigInt(sie | Status.MIE | Status.MPP));
      bench.priv = priv;
      take(Cause.ILLEGAL);
      expect(status(Status.SIE)).toBe(0n);
      expect(status(Status.SPIE)).toBe(sie ? BigInt(Status.SPIE) : 0n);
      expect(status(Status.SPP)).toBe(priv === Priv.S ? BigInt(Status.SPP) : 0n);
      expect(status(Status.MIE | Status.MPP)).toBe(BigInt(Status.MIE | Status.MPP));
    }
  });

  test("a trap ends the LR reservation", () => {
    bench.set(HartField.reservationPa, 0x8000_0000n);
    take(Cause.ILLEGAL);
    expect(bench.view.u64(HartField.reservationPa)).toBe(ONES);
  });

  test("each one is counted", () => {
    const before = bench.view.u64(HartField.countTrap);
    take(Cause.ILLEGAL);
    take(Cause.ILLEGAL);
    expect(bench.view.u64(HartField.countTrap) - before).toBe(2n);
  });
});

describe("vectored mode", () => {
  test.each([Irq.MSI, Irq.MTI, Irq.MEI])("machine interrupt %i goes to its slot, an exception to the base", (irq) => {
    bench.write(Csr.MTVEC, 0x8000_1001n);
    bench.view.pc = 0x8000_0040n;
    bench.exports.interrupt_take(bench.hart, irq);
    expect(bench.view.pc).toBe(0x8000_1000n + 4n * BigInt(irq));
    expect([bench.read(Csr.MCAUSE), bench.read(Csr.MEPC), bench.read(Csr.MTVAL)]).toEqual([
      INTERRUPT | BigInt(irq),
      0x8000_0040n,
      0n,
    ]);
    take(Cause.LOAD_PAGE);
    expect(bench.view.pc).toBe(0x8000_1000n);
  });

  test("supervisor interrupts use stvec's slots when delegated", () => {
    bench.write(Csr.STVEC, 0x8000_2001n);
    bench.write(Csr.MIDELEG, ONES);
    bench.priv = Priv.U;
    bench.exports.interrupt_take(bench.hart, Irq.SEI);
    expect(bench.view.pc).toBe(0x8000_2000n + 36n);
    expect([bench.priv, bench.read(Csr.SCAUSE)]).toEqual([Priv.S, INTERRUPT | 9n]);
  });

  test("an interrupt ends WFI", () => {
    bench.set(HartField.wfi, 1);
    bench.exports.interrupt_take(bench.hart, Irq.MTI);
    expect(bench.view.u32(HartField.wfi)).toBe(0);
  });
});

describe("which interrupt is taken", () => {
  const pending = (): number => bench.exports.interrupt_pending(bench.hart);
  const raiseAll = (): void => {
    bench.set(HartField.lines, bit(Irq.MEI) | bit(Irq.MSI) | bit(Irq.MTI));
    bench.write(Csr.MIP, ONES);
    bench.write(Csr.MIE, ONES);
  };

  test("in order MEI, MSI, MTI, SEI, SSI, STI", () => {
    raiseAll();
    bench.write(Csr.MSTATUS, BigInt(Status.MIE));
    const order: number[] = [];
    for (let irq = pending(); irq >= 0; irq = pending()) {
      order.push(irq);
      bench.write(Csr.MIE, bench.read(Csr.MIE) & ~bit(irq));
    }
    expect(order).toEqual([Irq.MEI, Irq.MSI, Irq.MTI, Irq.SEI, Irq.SSI, Irq.STI]);
  });

  test("one bound for M mode goes before a delegated one, whatever their order", () => {
    raiseAll();
    bench.write(Csr.MIDELEG, bit(Irq.SEI));
    bench.write(Csr.MIE, bit(Irq.SEI) | bit(Irq.STI));
    bench.priv = Priv.U;
    expect(pending()).toBe(Irq.STI);
  });

  const table = modes.flatMap((priv) =>
    [false, true].flatMap((enabled) => [false, true].map((delegated) => [priv, enabled, delegated] as const)),
  );
  test.each(table)(
    "in mode %i, with xIE %s, delegated %s: a level above is always on, a level below never",
    (priv, enabled, delegated) => {
      bench.write(Csr.MIP, bit(Irq.SSI));
      bench.write(Csr.MIE, bit(Irq.SSI));
      if (delegated) bench.write(Csr.MIDELEG, bit(Irq.SSI));
      if (enabled) bench.write(Csr.MSTATUS, BigInt(Status.MIE | Status.SIE));
      bench.priv = priv;
      const target = delegated ? Priv.S : Priv.M;
      expect(pending()).toBe(priv < target || (priv === target && enabled) ? Irq.SSI : -1);
    },
  );

  test("one that is not enabled in mie neither is taken nor wakes", () => {
    bench.set(HartField.lines, bit(Irq.MTI));
    bench.write(Csr.MSTATUS, BigInt(Status.MIE));
    expect([pending(), bench.exports.interrupt_wakes(bench.hart)]).toEqual([-1, 0]);
  });

  test("one that cannot be taken here wakes all the same", () => {
    bench.set(HartField.lines, bit(Irq.MTI));
    bench.write(Csr.MIE, bit(Irq.MTI));
    expect([pending(), bench.exports.interrupt_wakes(bench.hart)]).toEqual([-1, 1]);
  });
});

describe("mret", () => {
  test.each(modes)("returns to mode %i and unstacks", (mpp) => {
    for (const mpie of [0, Status.MPIE]) {
      bench.priv = Priv.M;
      bench.write(Csr.MEPC, 0x8000_0203n);
      bench.write(Csr.MSTATUS, BigInt(mpie | Status.MPRV) | (BigInt(mpp) << 11n));
      expect(bench.execute("mret")).toBeUndefined();
      expect(bench.priv).toBe(mpp);
      expect(bench.view.pc).toBe(0x8000_0202n);
      expect(status(Status.MIE)).toBe(mpie ? BigInt(Status.MIE) : 0n);
      expect(status(Status.MPIE | Status.MPP)).toBe(BigInt(Status.MPIE));
      expect(status(Status.MPRV)).toBe(mpp === Priv.M ? BigInt(Status.MPRV) : 0n);
    }
  });

  test("asks for attention when the mode below can take a pending interrupt", () => {
    bench.set(HartField.lines, bit(Irq.MTI));
    bench.write(Csr.MIE, bit(Irq.MTI));
    bench.attention();
    bench.execute("mret");
    expect(bench.attention()).toBe(true);
  });

  test("ends the LR reservation", () => {
    bench.set(HartField.reservationPa, 0x8000_0000n);
    bench.execute("mret");
    expect(bench.view.u64(HartField.reservationPa)).toBe(ONES);
  });
});

describe("sret", () => {
  test.each([Priv.U, Priv.S])("returns to mode %i and unstacks", (spp) => {
    for (const [from, spie] of [
      [Priv.S, 0],
      [Priv.S, Status.SPIE],
      [Priv.M, Status.SPIE],
    ] as const) {
      bench.write(Csr.SEPC, 0x8000_0300n);
      bench.write(Csr.MSTATUS, BigInt(spie | Status.MPRV | (spp === Priv.S ? Status.SPP : 0)));
      bench.priv = from;
      expect(bench.execute("sret")).toBeUndefined();
      expect([bench.priv, bench.view.pc]).toEqual([spp, 0x8000_0300n]);
      expect(status(Status.SIE)).toBe(spie ? BigInt(Status.SIE) : 0n);
      expect(status(Status.SPIE | Status.SPP | Status.MPRV)).toBe(BigInt(Status.SPIE));
    }
  });
});

describe("who may execute what", () => {
  const S = 2;
  const M = 4;
  const allowed: [
    name: "mret" | "sret" | "wfi" | "sfence_vma" | "sinval_vma" | "sfence_w_inval" | "sfence_inval_ir",
    trap: number,
    plain: number,
    trapping: number,
  ][] = [
    ["mret", 0, M, M],
    ["sret", Status.TSR, S | M, M],
    ["wfi", Status.TW, S | M, M],
    ["sfence_vma", Status.TVM, S | M, M],
    ["sinval_vma", Status.TVM, S | M, M],
    ["sfence_w_inval", Status.TVM, S | M, S | M],
    ["sfence_inval_ir", Status.TVM, S | M, S | M],
  ];
  const cases = allowed.flatMap(([name, trap, plain, trapping]) =>
    modes.flatMap((priv, i) => [
      [name, priv, 0, (plain >> i) & 1] as const,
      [name, priv, trap, (trapping >> i) & 1] as const,
    ]),
  );

  test.each(cases)("%s in mode %i under mstatus 0x%x: legal %i", (name, priv, mstatus, legal) => {
    bench.write(Csr.MSTATUS, BigInt(mstatus));
    bench.priv = priv;
    const raised = bench.execute(name, record(0, 1), 0x1234_5677);
    expect(raised).toEqual(legal ? undefined : { cause: Cause.ILLEGAL, tval: 0x1234_5677n });
  });

  test("a 16-bit instruction's tval has 16 bits", () => {
    bench.priv = Priv.U;
    expect(bench.execute("wfi", 0n, 0xdead_9002)?.tval).toBe(0x9002n);
  });
});

describe("wfi", () => {
  test("stalls the hart and asks for an exit", () => {
    bench.execute("wfi");
    expect([bench.view.u32(HartField.wfi), bench.exitAsked()]).toEqual([1, Exit.WFI]);
  });

  test("goes on when an enabled interrupt is pending, even a masked one", () => {
    bench.set(HartField.lines, bit(Irq.MTI));
    bench.write(Csr.MIE, bit(Irq.MTI));
    bench.execute("wfi");
    expect([bench.view.u32(HartField.wfi), bench.exitAsked()]).toEqual([0, Exit.NONE]);
  });
});

describe("ecall and ebreak", () => {
  test.each([
    [Priv.U, Cause.ECALL_U],
    [Priv.S, Cause.ECALL_S],
    [Priv.M, Cause.ECALL_M],
  ])("ecall in mode %i has cause %i and tval 0", (priv, cause) => {
    bench.priv = priv;
    expect(bench.execute("ecall")).toEqual({ cause, tval: 0n });
  });

  test("with the built-in SBI only S mode's ecall leaves to the host", () => {
    bench.space.vm.setU32(VmField.builtinSbi, 1);
    for (const priv of modes) {
      bench.priv = priv;
      const raised = bench.execute("ecall");
      expect(raised === undefined).toBe(priv === Priv.S);
      expect(bench.exitAsked()).toBe(priv === Priv.S ? Exit.SBI : Exit.NONE);
      expect(bench.view.pc).toBe(BigInt(RAM_PA) + 4n);
    }
  });

  test("ebreak's tval is its address", () => {
    expect(bench.execute("ebreak")).toEqual({ cause: Cause.BREAKPOINT, tval: BigInt(RAM_PA) });
  });
});

describe("fences", () => {
  /** The first entry of the load TLB of U mode, at its tag. */
  const entry = (): number => bench.hart + 0x1000;
  const fill = (va: bigint): void => bench.fillTlb(entry(), va);
  const holds = (va: bigint): boolean => bench.memory.view.getBigUint64(entry(), true) === va;

  test("sfence.vma with x0 empties, with an address drops that page alone", () => {
    const page = 0x20_0000n;
    fill(page);
    bench.view.setU64(HartField.x, page + 0x1000n, 1);
    bench.execute("sfence_vma", record(0, 1));
    expect(holds(page)).toBe(true);
    bench.view.setU64(HartField.x, page + 0x123n, 1);
    bench.execute("sfence_vma", record(0, 1));
    expect(holds(page)).toBe(false);
    fill(page);
    bench.execute("sfence_vma", record(0, 0));
    expect(holds(page)).toBe(false);
  });

  test("satp and PMP writes empty the TLB", () => {
    for (const write of [
      () => bench.write(Csr.SATP, 8n << 60n),
      () => bench.write(Csr.PMPADDR0 + 1, 1n),
      () => bench.write(Csr.PMPCFG2, 0n),
    ]) {
      fill(0x1000n);
      write();
      expect(holds(0x1000n)).toBe(false);
    }
  });
});
