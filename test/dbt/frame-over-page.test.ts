/** A frame that lies over the end of a page: every merged check of its function fails. */

import { expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { translatedRegions } from "../../src/core/regions.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, RWXAD } from "../support/paging.ts";
import { runHot } from "./hot-machine.ts";

const TABLES_PA = RAM_PA + 0x8_0000;
const STACK_VA = 0x20_0000_0000n;
/** Two pages that do not lie side by side. */
const STACK_PAS = [RAM_PA + 0x4_0000, RAM_PA + 0x5_0000];
const GIGAPAGE = 2;
const EVERYWHERE = 0x3f_ffff_ffff_ffffn;
const RWX_NAPOT = 0x1fn;

/** In S mode; `sp` is 8 bytes before the end of a page. */
function enter(machine: TestMachine): void {
  const hart = machine.hart();
  const tables = new PageTables(machine, TABLES_PA);
  tables.map(BigInt(RAM_PA), RAM_PA, RWXAD, GIGAPAGE);
  for (const [page, pa] of STACK_PAS.entries()) tables.map(STACK_VA + BigInt(4096 * page), pa, RWXAD);
  hart.setX(2, STACK_VA + 0xff8n);
  hart.setCsr(Csr.PMPADDR0, EVERYWHERE);
  hart.setCsr(Csr.PMPCFG0, RWX_NAPOT);
  hart.setCsr(Csr.SATP, tables.satp);
  hart.view.setU32(HartField.priv, Priv.S);
  machine.core.hart_sync(hart.view.ma);
}

/** Calls after which the frame is looked at anew. */
const PARTS = 12;

/** The leaf is too long to be inlined. */
const PROGRAM = `
  loop:
    ${"ld a0, 0(sp); ld a1, 16(sp); addi a1, a1, 1; sd a1, 16(sp); call leaf;\n".repeat(PARTS)}
    addi s0, s0, 1
    j loop
  leaf:
    ${"xor a2, a2, a1; addi a2, a2, 3;\n".repeat(100)}
    ret
`;

test("regions whose frame lies over the end of a page are made anew once, not for each of their checks", async () => {
  const { machine } = await runHot(PROGRAM, { setUp: enter, slices: 60 });
  expect(machine.hart().x(8)).toBeGreaterThan(50n);
  const entries = new Set(translatedRegions(machine.space).map(({ pc }) => pc)).size;
  const again = machine.space.vm.count(VmField.countRegion) - entries;
  expect(again).toBeGreaterThan(0);
  expect(again).toBeLessThan(2 * PARTS);
});
