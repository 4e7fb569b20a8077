/** What a micro-TLB holds of a page must go when the TLB's entry goes. */

import { describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Cause, Priv, Translate } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { translatedRegions } from "../../src/core/regions.ts";
import { DEFAULT_TRANSLATOR } from "../../src/core/translator.ts";
import { watText } from "../../src/explain/wat.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { type HotRun, runHot } from "./hot-machine.ts";

const TABLES_PA = RAM_PA + 0x8_0000;
const FIRST = RAM_PA + 0x1_0000;
const SECOND = RAM_PA + 0x2_0000;
const VA = 0x20_0000_0000n;
/** Where the guest finds the entry that maps VA. */
const ENTRY_VA = 0x30_0000_0000n;
const GIGAPAGE = 2;
const EVERYWHERE = 0x3f_ffff_ffff_ffffn;
const RWX_NAPOT = 0x1fn;

/** In S mode, at RAM's start: s1 leads to data, s2 to its entry, s3 and s4 hold entries for the first and the second frame. */
function enter(machine: TestMachine, flags: bigint): void {
  const hart = machine.hart();
  const tables = new PageTables(machine, TABLES_PA);
  tables.map(BigInt(RAM_PA), RAM_PA, RWXAD, GIGAPAGE);
  const slot = tables.map(VA, FIRST, flags);
  tables.map(VA + 0x1000n, SECOND, flags);
  tables.map(ENTRY_VA, slot - (slot % 4096));
  machine.write64(FIRST, 1n);
  machine.write64(SECOND, 1000n);
  const entryOf = (pa: number) => (BigInt(pa / 4096) << 10n) | flags;
  hart.setX(9, VA);
  hart.setX(18, ENTRY_VA + BigInt(slot % 4096));
  hart.setX(19, entryOf(FIRST));
  hart.setX(20, entryOf(SECOND));
  hart.setCsr(Csr.PMPADDR0, EVERYWHERE);
  hart.setCsr(Csr.PMPCFG0, RWX_NAPOT);
  hart.setCsr(Csr.SATP, tables.satp);
  hart.view.setU32(HartField.priv, Priv.S);
  machine.core.hart_sync(hart.view.ma);
}

const setUp = (machine: TestMachine) => enter(machine, RWXAD);

/** The code of all regions, as text. */
function regionsOf({ core, space }: TestMachine): string {
  const regions = translatedRegions(space).map(({ pc }) => explainRegion(core, space, 0, pc, Priv.S));
  return regions.map((region) => (region ? watText(region) : "")).join();
}

/** Adds a load eight times, then lets `change` be; for ever. */
const rounds = (change: string) => `
  round:
    li s0, 8
  loop:
    ld a0, 0(s1)
    add s5, s5, a0
    sd s5, 8(s1)
    addi s0, s0, -1
    bnez s0, loop
    addi s6, s6, 1
    ${change}
    j round`;

function usesMicro({ machine }: HotRun): void {
  expect(regionsOf(machine)).toMatch(/tlb\.micro\d+\.load/);
  expect(regionsOf(machine)).toMatch(/tlb\.micro\d+\.store/);
}

interface Trapping {
  /** Of the pages. */
  readonly flags?: bigint;
  /** What the access traps with. */
  readonly cause: Cause;
  readonly begin?: string;
  /** Makes the access one that traps. */
  readonly forbid: string;
  /** Done in the trap's handler. */
  readonly allow: string;
}

/** An access that traps in one round of eight, and is allowed again there. */
async function trapsNowAndThen({ flags = RWXAD, cause, begin = "nop", forbid, allow }: Trapping): Promise<void> {
  const run = await runHot(
    `
    la t0, trap
    csrw stvec, t0
    ${begin}
    ${rounds(`andi t1, s6, 7; bnez t1, round; ${forbid}`)}
    .align 2
  trap:
    addi s7, s7, 1
    ${allow}
    sret`,
    {
      setUp: (machine) => {
        enter(machine, flags);
        machine.hart().setCsr(Csr.MEDELEG, 1n << BigInt(cause));
      },
      slices: 60,
    },
  );
  usesMicro(run);
  expect(run.machine.hart().x(23)).toBeGreaterThan(50n);
}

describe("an access that stays in its page", () => {
  test("is looked up in the micro-TLB, unless that is switched off", async () => {
    usesMicro(await runHot(rounds("nop"), { setUp }));
    const mechanisms = DEFAULT_TRANSLATOR.mechanisms & ~Translate.MICRO_TLB;
    const { machine } = await runHot(rounds("nop"), { setUp, translator: { mechanisms, hotThreshold: 32 } });
    expect(regionsOf(machine)).not.toContain("tlb.micro");
  });

  test.each([
    ["of one page", "sfence.vma s1, zero"],
    ["of all pages", "sfence.vma zero, zero"],
  ])("finds the other frame after a fence %s", async (_, fence) => {
    const change = `sd s4, 0(s2); mv t0, s3; mv s3, s4; mv s4, t0; ${fence}`;
    const run = await runHot(rounds(change), { setUp, slices: 60 });
    usesMicro(run);
    const [sum, turns] = [run.machine.hart().x(21), run.machine.hart().x(22)];
    expect(turns).toBeGreaterThan(100n);
    expect(sum).toBeGreaterThan(turns * 8n * 400n);
    expect(sum).toBeLessThan(turns * 8n * 600n + 8000n);
  });

  test("traps when the page may not be written any more", () =>
    trapsNowAndThen({
      cause: Cause.STORE_PAGE,
      forbid: "xori t1, s3, 4; sd t1, 0(s2); sfence.vma s1, zero",
      allow: "sd s3, 0(s2); sfence.vma s1, zero",
    }));

  test("traps when SUM is taken away, and not when it is given back", () =>
    trapsNowAndThen({
      flags: RWXAD | Pte.U,
      cause: Cause.LOAD_PAGE,
      begin: `li s8, ${Status.SUM}; csrs sstatus, s8`,
      forbid: "csrc sstatus, s8",
      allow: "csrs sstatus, s8",
    }));

  test("is not taken for one that ends in the next page", async () => {
    const run = await runHot(
      `
  round:
    li s0, 16
    mv a1, s1
  loop:
    ld a0, 0(a1)
    ld a2, 13(a1)
    add s5, s5, a0
    add s5, s5, a2
    sd s5, 24(a1)
    addi s0, s0, -1
    bnez s0, loop
    addi s6, s6, 1
    addi s1, s1, 1
    li t0, 0xfff
    and t0, s1, t0
    li t1, 0xff0
    bne t0, t1, round
    li t0, -4096
    and s1, s1, t0
    li t0, 0xf80
    or s1, s1, t0
    j round`,
      {
        setUp: (machine) => {
          setUp(machine);
          machine.hart().setX(9, VA + 0xf80n);
        },
        slices: 60,
      },
    );
    expect(regionsOf(run.machine)).toContain("tlb.micro");
    expect(run.machine.hart().x(22)).toBeGreaterThan(500n);
  });
});

test("an access that goes from page to page is looked up in the TLB", async () => {
  const { machine } = await runHot(
    `
  loop:
    ld a0, 0(s1)
    add s5, s5, a0
    li t0, 0x1000
    xor s1, s1, t0
    j loop`,
    { setUp },
  );
  expect(regionsOf(machine)).not.toContain("tlb.micro");
  expect(machine.space.vm.count(VmField.countTranslated)).toBeGreaterThan(10_000);
});
