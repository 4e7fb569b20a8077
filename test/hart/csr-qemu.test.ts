/** Every CSR against a recording of QEMU (oracle/record-csr.mjs): which exist, reset values, WARL rules, access rules. */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { HartBench } from "./hart-bench.ts";

type Pairs = readonly (readonly [pattern: string, readBack: string])[];

interface Configuration {
  readonly fs?: number;
  readonly tvm?: number;
  readonly mcounteren?: number;
  readonly scounteren?: number;
  readonly stce?: number;
  readonly U: { readonly read: readonly string[]; readonly write: readonly string[] };
  readonly S: { readonly read: readonly string[]; readonly write: readonly string[] };
}

interface Recording {
  readonly reset: Readonly<Record<string, string>>;
  readonly warl: Readonly<Record<string, Pairs>>;
  readonly delegated: Readonly<Record<string, Pairs>>;
  readonly access: Readonly<Record<string, Configuration>>;
}

const recording = JSON.parse(readFileSync(new URL("oracle/csr.json", import.meta.url), "utf8")) as Recording;

const ONES = 0xffff_ffff_ffff_ffffn;
const hex = (csr: number): string => `0x${csr.toString(16)}`;

/** CSRs that this QEMU has and the machine has not. */
const foreign = new Map([[0x24d, "vstimecmp, which belongs to the hypervisor extension, exists without it"]]);

/** Where a reset value differs on purpose. */
const otherReset = new Map<number, string>([
  [Csr.SSTATUS, "the recording turned FS on"],
  [Csr.MIP, "QEMU's board has MTIP pending from the start: mtimecmp is zero"],
  [Csr.STIMECMP, "a zero arms no timer in QEMU before the first write; all ones does the same by the specification"],
  [Csr.MENVCFG, "QEMU 7.2 has no Svadu; later versions start with PBMTE and ADUE on when they have the extensions"],
  [Csr.TDATA1, "QEMU has two triggers"],
  [Csr.TINFO, "QEMU has two triggers"],
  [Csr.MARCHID, "the last digit is QEMU's micro version"],
  [Csr.MIMPID, "the last digit is QEMU's micro version"],
  [Csr.MCYCLE, "runs"],
  [Csr.MINSTRET, "runs"],
  [Csr.CYCLE, "runs"],
  [Csr.TIME, "runs"],
  [Csr.INSTRET, "runs"],
]);

/** Bits of a CSR that are not compared, for all patterns or for some. */
interface Exception {
  readonly csrs: readonly number[];
  readonly mask: bigint;
  readonly when?: (pattern: bigint) => boolean;
  readonly why: string;
}

const hypervisorAndOverflow = 0x2444n;
const notCounters = ONES ^ 0x7ffffn;
const cbieIs2 = (pattern: bigint): boolean => ((pattern >> 4n) & 3n) === 2n;

const exceptions: readonly Exception[] = [
  { csrs: [Csr.SSTATUS, Csr.MSTATUS], mask: 0x600n, why: "VS can be written without vectors; later versions fix it" },
  { csrs: [Csr.SSTATUS, Csr.MSTATUS], mask: 3n << 32n, why: "QEMU can run 32-bit user mode; here UXL is fixed" },
  { csrs: [Csr.MSTATUS], mask: 3n << 38n, why: "MPV and GVA can be written without the hypervisor extension" },
  {
    csrs: [Csr.MSTATUS],
    mask: BigInt(Status.MPP),
    when: (pattern) => (pattern & BigInt(Status.MPP)) === 2n << 11n,
    why: "MPP takes the mode 2, which does not exist; later versions keep the old mode",
  },
  {
    csrs: [Csr.MEDELEG],
    mask: 0xf0_0c00n,
    why: "hypervisor exceptions, and ECALL from M mode, read-only zero by the specification",
  },
  {
    csrs: [Csr.MIDELEG, Csr.MIE, Csr.SIE, Csr.SIP],
    mask: hypervisorAndOverflow,
    why: "interrupts of extensions that are off",
  },
  {
    csrs: [Csr.MCOUNTEREN, Csr.SCOUNTEREN],
    mask: notCounters,
    why: "holds bits of counters that do not exist; later versions do not",
  },
  { csrs: [Csr.MCOUNTINHIBIT], mask: notCounters | 2n, why: "the same, and TM, which the specification makes zero" },
  { csrs: [Csr.MEPC, Csr.SEPC], mask: 1n, why: "bit 0 can be written; the specification makes it zero" },
  { csrs: [Csr.MENVCFG], mask: 1n << 61n, why: "QEMU 7.2 has no Svadu" },
  { csrs: [Csr.MENVCFG, Csr.SENVCFG], mask: 3n << 4n, when: cbieIs2, why: "CBIE takes the reserved value 2" },
  {
    csrs: Array.from({ length: 16 }, (_, i) => Csr.PMPADDR0 + i),
    mask: 0x3ffn << 54n,
    why: "bits 63 to 54 can be written; the specification makes them zero",
  },
];

/** Bytes of a pmpcfg pattern that QEMU 7.2 takes although R = 0, W = 1 or bit 5 or 6 is reserved. */
function reservedPmpcfg(pattern: bigint): bigint {
  let mask = 0n;
  for (let i = 0n; i < 64n; i += 8n) {
    const byte = (pattern >> i) & 0xffn;
    if ((byte & 3n) === 2n || byte & 0x60n) mask |= 0xffn << i;
  }
  return mask;
}

function ignored(csr: number, pattern: bigint): bigint {
  let mask = csr === Csr.PMPCFG0 || csr === Csr.PMPCFG2 ? reservedPmpcfg(pattern) : 0n;
  for (const exception of exceptions) {
    if (exception.csrs.includes(csr) && (exception.when?.(pattern) ?? true)) mask |= exception.mask;
  }
  return mask;
}

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

describe("against QEMU", () => {
  test("the same CSRs exist", () => {
    const numbers = Array.from({ length: 4096 }, (_, csr) => csr);
    const ours = numbers.filter((csr) => bench.exports.csr_exists(csr));
    const theirs = Object.keys(recording.reset).map(Number);
    expect(ours.map(hex)).toEqual(theirs.filter((csr) => !foreign.has(csr)).map(hex));
  });

  test("reset values are the same", () => {
    bench.reset();
    for (const [name, value] of Object.entries(recording.reset)) {
      const csr = Number(name);
      if (foreign.has(csr) || otherReset.has(csr)) continue;
      expect(bench.read(csr), name).toBe(BigInt(value));
    }
  });

  test.each(Object.entries(recording.warl).filter(([name]) => !foreign.has(Number(name))))(
    "%s reads back the same after a write",
    (name, pairs) => {
      const csr = Number(name);
      for (const [pattern, theirs] of pairs) {
        bench.reset();
        bench.write(Csr.MENVCFG, 0n);
        const compared = ONES ^ ignored(csr, BigInt(pattern));
        const ours = bench.readBack(csr, BigInt(pattern));
        expect(hex64(ours & compared), `after ${pattern}`).toBe(hex64(BigInt(theirs) & compared));
      }
    },
  );

  test.each(Object.entries(recording.delegated))("%s with all delegated reads back the same", (name, pairs) => {
    const csr = Number(name);
    for (const [pattern, theirs] of pairs) {
      bench.reset();
      bench.write(Csr.MIDELEG, ONES);
      const compared = ONES ^ ignored(csr, BigInt(pattern));
      expect(bench.readBack(csr, BigInt(pattern)) & compared, `after ${pattern}`).toBe(BigInt(theirs) & compared);
    }
  });

  test.each(exceptions.map((exception) => [exception.why, exception] as const))(
    "a difference remains: %s",
    (_, exception) => {
      const differs = exception.csrs.some((csr) =>
        [...(recording.warl[hex(csr)] ?? []), ...(recording.delegated[hex(csr)] ?? [])].some(([pattern, theirs]) => {
          if (!(exception.when?.(BigInt(pattern)) ?? true)) return false;
          bench.reset();
          bench.write(Csr.MENVCFG, 0n);
          bench.write(Csr.MIDELEG, ONES);
          return ((bench.readBack(csr, BigInt(pattern)) ^ BigInt(theirs)) & exception.mask) !== 0n;
        }),
      );
      expect(differs).toBe(true);
    },
  );

  const modes = [
    ["U", Priv.U],
    ["S", Priv.S],
  ] as const;
  const cases = Object.entries(recording.access).flatMap(([name, set]) =>
    modes.map((mode) => [name, ...mode, set] as const),
  );

  test.each(cases)("with %s, %s mode may access the same CSRs", (_, letter, priv, set) => {
    bench.reset();
    bench.view.setU64(HartField.mstatus, BigInt(((set.fs ?? 1) << 13) | ((set.tvm ?? 0) << 20)));
    bench.write(Csr.MCOUNTEREN, BigInt(set.mcounteren ?? -1) & ONES);
    bench.write(Csr.SCOUNTEREN, BigInt(set.scounteren ?? -1) & ONES);
    bench.write(Csr.MENVCFG, BigInt(set.stce ?? 1) << 63n);
    bench.priv = priv;
    const known = Object.keys(recording.reset);
    expect(known.filter((csr) => bench.access(Number(csr)))).toEqual(set[letter].read);
    expect(known.filter((csr) => bench.access(Number(csr), true))).toEqual(set[letter].write);
  });
});

function hex64(value: bigint): string {
  return `0x${value.toString(16)}`;
}
