/** CSR rules that a recording of single writes cannot show: views, side effects, counters, locks. */

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Cause, Exit, Irq, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { PmpCfg, PmpMatch, Status } from "../../assembly/shared/csr.ts";
import { HartBench, immediateRecord, record } from "./hart-bench.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const FS_INITIAL = 1n << 13n;
const STCE = 1n << 63n;
const ADUE = 1n << 61n;
const bit = (n: number): bigint => 1n << BigInt(n);

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

beforeEach(() => {
  bench.reset();
  bench.view.setU64(HartField.x, 0n, 1);
});

describe("access", () => {
  test("every CSR of a privilege exists for that privilege and above", () => {
    for (const priv of [Priv.U, Priv.S, Priv.M]) {
      bench.priv = priv;
      expect(bench.access(Csr.SSCRATCH)).toBe(priv >= Priv.S);
      expect(bench.access(Csr.MSCRATCH)).toBe(priv >= Priv.M);
    }
  });

  test("a number with access 3 can only be read", () => {
    expect(bench.access(Csr.MHARTID)).toBe(true);
    expect(bench.access(Csr.MHARTID, true)).toBe(false);
    expect(bench.access(Csr.CYCLE, true)).toBe(false);
  });

  test("hpmcounter19 to 31 do not exist, in either view", () => {
    for (let index = 19; index < 32; index++) {
      expect(bench.access(Csr.CYCLE + index)).toBe(false);
      expect(bench.access(Csr.MCYCLE + index)).toBe(false);
    }
  });

  test("there is no mtime CSR among the machine counters", () => {
    expect(bench.access(0xb01)).toBe(false);
  });
});

describe("floating-point state", () => {
  test("a read leaves FS as it is", () => {
    bench.write(Csr.MSTATUS, FS_INITIAL);
    bench.read(Csr.FCSR);
    expect(bench.read(Csr.MSTATUS) & BigInt(Status.FS)).toBe(FS_INITIAL);
  });

  test.each([Csr.FFLAGS, Csr.FRM, Csr.FCSR])(
    "a write of %i makes FS Dirty and SD read one, even if nothing changed",
    (csr) => {
      bench.write(Csr.MSTATUS, FS_INITIAL);
      bench.write(csr, 0n);
      expect(bench.read(Csr.MSTATUS) & (STCE | BigInt(Status.FS))).toBe(bit(63) | BigInt(Status.FS));
    },
  );

  test("fcsr is frm above fflags", () => {
    bench.write(Csr.FCSR, 0b101_10011n);
    expect([bench.read(Csr.FFLAGS), bench.read(Csr.FRM)]).toEqual([0b10011n, 0b101n]);
    bench.write(Csr.FRM, 0b010n);
    bench.write(Csr.FFLAGS, 0b00100n);
    expect(bench.read(Csr.FCSR)).toBe(0b010_00100n);
  });
});

describe("mstatus and sstatus", () => {
  test("writing MPP = 2 keeps the old mode", () => {
    for (const mode of [0n, 1n, 3n]) {
      bench.write(Csr.MSTATUS, mode << 11n);
      bench.write(Csr.MSTATUS, (2n << 11n) | BigInt(Status.SUM));
      expect(bench.read(Csr.MSTATUS) & (BigInt(Status.MPP) | BigInt(Status.SUM))).toBe(
        (mode << 11n) | BigInt(Status.SUM),
      );
    }
  });

  test("UXL and SXL stay 64 bits whatever is written", () => {
    for (const value of [0n, ONES, 1n << 32n, 1n << 34n]) {
      expect(bench.readBack(Csr.MSTATUS, value) & (0xfn << 32n)).toBe(0xan << 32n);
    }
  });

  test("a write of sstatus leaves the machine fields alone", () => {
    const machine = BigInt(Status.MIE | Status.MPIE | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR);
    bench.write(Csr.MSTATUS, machine);
    bench.write(Csr.SSTATUS, 0n);
    expect(bench.read(Csr.MSTATUS) & machine).toBe(machine);
    expect(bench.read(Csr.SSTATUS) & machine).toBe(0n);
    bench.write(Csr.MSTATUS, 0n);
    bench.write(Csr.SSTATUS, ONES);
    expect(bench.read(Csr.MSTATUS) & machine).toBe(0n);
  });

  test("the TLB set follows MPRV, MPP and SUM", () => {
    const set = (): number => bench.view.u32(HartField.tlbLoad);
    const machine = set();
    const seen = [0, 1].map((mpp) => {
      bench.write(Csr.MSTATUS, BigInt(Status.MPRV) | (BigInt(mpp) << 11n));
      return set();
    });
    bench.write(Csr.MSTATUS, BigInt(Status.MPRV | Status.SUM) | (1n << 11n));
    expect(new Set([machine, ...seen, set()]).size).toBe(4);
    bench.write(Csr.MSTATUS, 0n);
    expect(set()).toBe(machine);
  });

  test("MXR empties the sets of U and S mode", () => {
    const user = bench.hart + 0x1000;
    bench.fillTlb(user, 0x1234_5000n);
    bench.write(Csr.MSTATUS, BigInt(Status.MXR));
    expect(bench.memory.view.getBigUint64(user, true)).toBe(ONES);
  });
});

describe("satp", () => {
  const sv39 = (8n << 60n) | (5n << 44n) | 0x80123n;

  test.each([1n, 2n, 7n, 11n, 15n])("a write of mode %i changes nothing", (mode) => {
    bench.write(Csr.SATP, sv39);
    expect(bench.readBack(Csr.SATP, (mode << 60n) | 0x999n)).toBe(sv39);
  });

  test.each([0n, 8n, 9n, 10n])("mode %i is taken with sixteen bits of ASID", (mode) => {
    const value = (mode << 60n) | 0x0fff_f000_0000_0001n;
    expect(bench.readBack(Csr.SATP, value)).toBe(value);
  });
});

describe("interrupt registers", () => {
  const ssi = bit(Irq.SSI);
  const sti = bit(Irq.STI);
  const sei = bit(Irq.SEI);

  test("mip shows lines and software bits together, and only software bits can be written", () => {
    bench.set(HartField.lines, bit(Irq.MTI) | sei);
    bench.write(Csr.MIP, ONES);
    expect(bench.read(Csr.MIP)).toBe(ssi | sti | sei | bit(Irq.MTI));
    bench.write(Csr.MIP, 0n);
    expect(bench.read(Csr.MIP)).toBe(sei | bit(Irq.MTI));
  });

  test("a read-modify-write of mip does not make the SEIP line stick", () => {
    bench.set(HartField.lines, sei);
    bench.view.setU64(HartField.x, ssi, 1);
    bench.execute("csrrs", record(2, 1, Csr.MIP));
    expect(bench.view.x(2)).toBe(sei);
    bench.set(HartField.lines, 0n);
    expect(bench.read(Csr.MIP)).toBe(ssi);
  });

  test("with Sstc on, STIP is the timer's line alone", () => {
    bench.write(Csr.MIP, sti);
    bench.write(Csr.MENVCFG, STCE);
    expect(bench.read(Csr.MIP)).toBe(0n);
    bench.write(Csr.MIP, ssi | sti);
    expect(bench.read(Csr.MIP)).toBe(ssi);
    bench.set(HartField.lines, sti);
    expect(bench.read(Csr.MIP)).toBe(ssi | sti);
  });

  test("sie and sip show what is delegated", () => {
    bench.write(Csr.MIE, ONES);
    bench.write(Csr.MIP, ONES);
    expect([bench.read(Csr.SIE), bench.read(Csr.SIP)]).toEqual([0n, 0n]);
    bench.write(Csr.MIDELEG, ssi | sei);
    expect([bench.read(Csr.SIE), bench.read(Csr.SIP)]).toEqual([ssi | sei, ssi | sei]);
    bench.write(Csr.SIE, 0n);
    expect(bench.read(Csr.MIE)).toBe(sti | bit(Irq.MSI) | bit(Irq.MTI) | bit(Irq.MEI));
  });

  test("through sip only a delegated SSIP can be written", () => {
    bench.write(Csr.SIP, ONES);
    expect(bench.read(Csr.MIP)).toBe(0n);
    bench.write(Csr.MIDELEG, ONES);
    bench.write(Csr.SIP, ONES);
    expect(bench.read(Csr.MIP)).toBe(ssi);
    bench.write(Csr.MIP, ONES);
    bench.write(Csr.SIP, 0n);
    expect(bench.read(Csr.MIP)).toBe(sti | sei);
  });

  test.each([
    [Csr.MIE, bit(Irq.MTI)],
    [Csr.MSTATUS, BigInt(Status.MIE)],
  ])("a write of %i that unmasks a pending interrupt asks for attention", (csr, unmasked) => {
    bench.set(HartField.lines, bit(Irq.MTI));
    bench.write(Csr.MIE, bit(Irq.MTI));
    bench.write(Csr.MSTATUS, BigInt(Status.MIE));
    bench.write(csr, 0n);
    bench.attention();
    bench.write(csr, unmasked);
    expect(bench.attention()).toBe(true);
  });

  test("a write that unmasks nothing asks for nothing", () => {
    bench.attention();
    bench.write(Csr.MIE, ONES);
    bench.write(Csr.MSTATUS, BigInt(Status.MIE | Status.SIE));
    expect(bench.attention()).toBe(false);
  });
});

describe("Sstc", () => {
  test("a write of stimecmp, and of STCE, has the host look at timers", () => {
    bench.write(Csr.STIMECMP, 5n);
    expect(bench.exitAsked()).toBe(Exit.TIMER);
    bench.write(Csr.MENVCFG, STCE);
    expect(bench.exitAsked()).toBe(Exit.TIMER);
    bench.write(Csr.MENVCFG, STCE);
    expect(bench.exitAsked()).toBe(Exit.NONE);
  });

  test("S mode needs both STCE and mcounteren.TM for stimecmp", () => {
    bench.priv = Priv.S;
    for (const [stce, counteren] of [
      [0n, 2n],
      [STCE, 0n],
      [STCE, 2n],
    ] as const) {
      bench.write(Csr.MENVCFG, stce);
      bench.write(Csr.MCOUNTEREN, counteren);
      expect(bench.access(Csr.STIMECMP, true)).toBe(stce === STCE && counteren === 2n);
    }
  });
});

describe("environment configuration", () => {
  test("ADUE can be written when hardware updating is to be had", () => {
    expect(bench.read(Csr.MENVCFG) & ADUE).toBe(ADUE);
    expect(bench.readBack(Csr.MENVCFG, 0n)).toBe(0n);
    bench.reset(0);
    expect(bench.read(Csr.MENVCFG) & ADUE).toBe(0n);
    expect(bench.readBack(Csr.MENVCFG, ONES) & ADUE).toBe(0n);
  });

  test.each([Csr.MENVCFG, Csr.SENVCFG])("%i keeps CBIE when the reserved 2 is written", (csr) => {
    for (const legal of [0n, 1n, 3n]) {
      bench.write(csr, legal << 4n);
      expect((bench.readBack(csr, 2n << 4n) >> 4n) & 3n).toBe(legal);
    }
  });
});

describe("counters", () => {
  /** Reads as an instruction that `count` others went before. */
  const readAt = (csr: number, count: bigint): bigint => {
    bench.set(HartField.instret, count);
    return bench.read(csr);
  };
  const writeAt = (csr: number, count: bigint, value: bigint): void => {
    bench.set(HartField.instret, count);
    bench.write(csr, value);
  };

  test.each([Csr.MCYCLE, Csr.MINSTRET])("%i reads the instructions retired before it", (csr) => {
    expect(readAt(csr, 0n)).toBe(0n);
    expect(readAt(csr, 41n)).toBe(41n);
  });

  test.each([Csr.MCYCLE, Csr.MINSTRET])("the instruction after a write of %i reads what was written", (csr) => {
    writeAt(csr, 10n, 500n);
    expect(readAt(csr, 11n)).toBe(500n);
    expect(readAt(csr, 13n)).toBe(502n);
  });

  test("minstret wraps at 2^64", () => {
    writeAt(Csr.MINSTRET, 10n, ONES);
    expect([readAt(Csr.MINSTRET, 11n), readAt(Csr.MINSTRET, 12n)]).toEqual([ONES, 0n]);
  });

  test("an inhibited counter stands still, keeps what is written, and goes on from there", () => {
    writeAt(Csr.MCOUNTINHIBIT, 10n, 4n);
    expect([readAt(Csr.MINSTRET, 11n), readAt(Csr.MINSTRET, 100n)]).toEqual([11n, 11n]);
    expect(readAt(Csr.MCYCLE, 100n)).toBe(100n);
    writeAt(Csr.MINSTRET, 100n, 7n);
    expect(readAt(Csr.MINSTRET, 101n)).toBe(7n);
    writeAt(Csr.MCOUNTINHIBIT, 200n, 1n);
    expect([readAt(Csr.MINSTRET, 201n), readAt(Csr.MINSTRET, 203n)]).toEqual([7n, 9n]);
    expect([readAt(Csr.MCYCLE, 201n), readAt(Csr.MCYCLE, 300n)]).toEqual([201n, 201n]);
  });

  test("a debugger's write reads back at once", () => {
    bench.set(HartField.instret, 10n);
    bench.exports.csr_poke(bench.hart, Csr.MINSTRET, 77n);
    expect(bench.read(Csr.MINSTRET)).toBe(77n);
    expect(bench.view.u64(HartField.instret)).toBe(10n);
  });

  test("the user view shows the machine counters, and time the machine's clock", () => {
    writeAt(Csr.MCYCLE, 10n, 1000n);
    bench.time = 123_456n;
    expect([readAt(Csr.CYCLE, 20n), bench.read(Csr.INSTRET), bench.read(Csr.TIME)]).toEqual([1009n, 20n, 123_456n]);
    bench.write(Csr.MCYCLE + 5, 31n);
    expect(bench.read(Csr.CYCLE + 5)).toBe(31n);
  });
});

describe("PMP registers", () => {
  const cfg = (a: PmpMatch, flags: number): number => (a << PmpCfg.A_SHIFT) | flags;

  test("pmpcfg2 holds entries 8 to 15", () => {
    bench.write(Csr.PMPCFG2, 0x0f0e_0d0c_0b09_0801n);
    expect(bench.read(Csr.PMPCFG2)).toBe(0x0f00_0d0c_0b09_0801n);
    expect(bench.read(Csr.PMPCFG0)).toBe(0n);
  });

  test("R = 0 with W = 1 leaves that entry alone, and the others are written", () => {
    bench.write(Csr.PMPCFG0, 0x1f1fn);
    expect(bench.readBack(Csr.PMPCFG0, 0x191an)).toBe(0x191fn);
  });

  test("a locked entry keeps its configuration and address until reset", () => {
    bench.write(Csr.PMPADDR0, 100n);
    bench.write(Csr.PMPCFG0, BigInt(PmpCfg.L | cfg(PmpMatch.NA4, PmpCfg.R)));
    const locked = bench.read(Csr.PMPCFG0);
    expect(bench.readBack(Csr.PMPCFG0, 0n)).toBe(locked);
    expect(bench.readBack(Csr.PMPADDR0, 200n)).toBe(100n);
    bench.reset();
    expect(bench.readBack(Csr.PMPADDR0, 200n)).toBe(200n);
  });

  test.each([
    [PmpMatch.TOR, true],
    [PmpMatch.NA4, false],
    [PmpMatch.NAPOT, false],
    [PmpMatch.OFF, false],
  ])("a locked entry of kind %i locks the address below it: %s", (match, locks) => {
    bench.write(Csr.PMPADDR0 + 2, 100n);
    bench.write(Csr.PMPCFG0, BigInt(PmpCfg.L | cfg(match, 0)) << 24n);
    expect(bench.readBack(Csr.PMPADDR0 + 2, 200n)).toBe(locks ? 100n : 200n);
    expect(bench.readBack(Csr.PMPADDR0 + 1, 300n)).toBe(300n);
  });

  test("the last entry has no neighbour above it that could lock it", () => {
    expect(bench.readBack(Csr.PMPADDR0 + 15, 300n)).toBe(300n);
  });
});

describe("Zicsr instructions", () => {
  test("csrrw exchanges, csrrs sets and csrrc clears", () => {
    bench.write(Csr.MSCRATCH, 0b1100n);
    bench.view.setU64(HartField.x, 0b1010n, 1);
    const run = (name: "csrrw" | "csrrs" | "csrrc"): bigint[] => {
      bench.write(Csr.MSCRATCH, 0b1100n);
      expect(bench.execute(name, record(2, 1, Csr.MSCRATCH))).toBeUndefined();
      return [bench.view.x(2), bench.read(Csr.MSCRATCH)];
    };
    expect(run("csrrw")).toEqual([0b1100n, 0b1010n]);
    expect(run("csrrs")).toEqual([0b1100n, 0b1110n]);
    expect(run("csrrc")).toEqual([0b1100n, 0b0100n]);
  });

  test("immediate forms use the five bits as they are", () => {
    const run = (name: "csrrwi" | "csrrsi" | "csrrci"): bigint => {
      bench.write(Csr.MSCRATCH, 0b1100n);
      expect(bench.execute(name, immediateRecord(2, 0b11010, Csr.MSCRATCH))).toBeUndefined();
      return bench.read(Csr.MSCRATCH);
    };
    expect([run("csrrwi"), run("csrrsi"), run("csrrci")]).toEqual([0b11010n, 0b11110n, 0b00100n]);
  });

  test("rd = rs1 takes the new value from before the exchange", () => {
    bench.write(Csr.MSCRATCH, 1n);
    bench.view.setU64(HartField.x, 2n, 1);
    bench.execute("csrrw", record(1, 1, Csr.MSCRATCH));
    expect([bench.view.x(1), bench.read(Csr.MSCRATCH)]).toEqual([1n, 2n]);
  });

  test("csrrs and csrrc with x0, and the immediate forms with 0, may name a read-only CSR", () => {
    const value = (name: "csrrs" | "csrrc" | "csrrsi" | "csrrci"): bigint => {
      bench.view.setU64(HartField.x, 99n, 2);
      expect(bench.execute(name, record(2, 0, Csr.MARCHID))).toBeUndefined();
      return bench.view.x(2);
    };
    const marchid = bench.read(Csr.MARCHID);
    expect([value("csrrs"), value("csrrc"), value("csrrsi"), value("csrrci")]).toEqual(Array(4).fill(marchid));
  });

  test("csrrs with a register that happens to be zero still writes", () => {
    expect(bench.execute("csrrs", record(2, 1, Csr.MARCHID), 0xf12f_2573)?.cause).toBe(Cause.ILLEGAL);
    bench.write(Csr.MSTATUS, FS_INITIAL);
    bench.execute("csrrs", record(2, 1, Csr.FFLAGS));
    expect(bench.read(Csr.MSTATUS) & BigInt(Status.FS)).toBe(BigInt(Status.FS));
  });

  test("an illegal access writes neither rd nor the CSR, and tval is the instruction", () => {
    bench.priv = Priv.U;
    bench.view.setU64(HartField.x, 99n, 2);
    bench.write(Csr.PMPADDR0, ONES);
    bench.write(Csr.PMPCFG0, 0x1fn);
    expect(bench.execute("csrrw", record(2, 1, Csr.MSCRATCH), 0x3400_9173)).toEqual({
      cause: Cause.ILLEGAL,
      tval: 0x3400_9173n,
    });
    expect(bench.view.x(2)).toBe(99n);
  });

  test("rd = x0 leaves x0 zero", () => {
    bench.write(Csr.MSCRATCH, 5n);
    bench.execute("csrrw", record(0, 1, Csr.MSCRATCH));
    bench.execute("csrrs", record(0, 0, Csr.MSCRATCH));
    expect(bench.view.x(0)).toBe(0n);
  });
});
