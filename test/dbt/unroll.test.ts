/** Small loops whose iterations share their checks. */

import { describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Translate } from "../../assembly/shared/constants.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { DEFAULT_TRANSLATOR } from "../../src/core/translator.ts";
import { irText } from "../../src/explain/ir.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables } from "../support/paging.ts";
import { type HotRun, runHot } from "./hot-machine.ts";

const VA = 0x40_0000n;
const PAGES = 8;

/** Data accesses go by tables that map pages in a row to frames that do not lie side by side. */
function scatter(machine: TestMachine): void {
  const tables = new PageTables(machine, RAM_PA + 0x8_0000);
  for (let page = 0; page < PAGES; page++)
    tables.map(VA + BigInt(page * 4096), RAM_PA + 0x2_0000 + (PAGES - page) * 8192);
  const hart = machine.hart();
  hart.setCsr(0x3b0, (1n << 54n) - 1n);
  hart.setCsr(0x3a0, 0x1fn);
  hart.setCsr(0x180, tables.satp);
  hart.setX(9, (1n << 17n) | (1n << 11n));
}

/** Walks through all pages again and again, `step` bytes at a time. */
const walking = (accesses: string, step: number) => `
    csrs mstatus, s1
  again:
    li s0, ${VA + 8n}
    li s2, ${VA + BigInt(PAGES * 4096 - 64)}
  loop:
    ${accesses}
    addi s0, s0, ${step}
    bltu s0, s2, loop
    addi s5, s5, 1
    j again
`;

const HOT = { hotThreshold: 32 };
const NOT_UNROLLED = { ...HOT, mechanisms: DEFAULT_TRANSLATOR.mechanisms & ~Translate.UNROLLING };

/** The intermediate representation of the region at a label, as it would be made now. */
function irAt({ machine: { core, space, ...machine }, label }: HotRun, name: string): string {
  const region = explainRegion(core, space, 0, BigInt(label(name)), machine.harts[0]!.view.u32(HartField.priv));
  return irText(region!);
}

describe("a loop over scattered pages", () => {
  test.each([
    ["loads", "ld a0, 0(s0)\nadd a1, a1, a0", 8],
    ["bytes", "lbu a0, 0(s0)\naddi a0, a0, 1\nsb a0, 0(s0)", 1],
    ["a store behind the pointer", "addi a0, a0, 3\nsw a0, -4(s0)", 12],
    ["misaligned words that cross the borders", "lw a0, 1(s0)\nadd a1, a1, a0\nsw a1, 3(s0)", 6],
    ["a copy backward and forward", "ld a0, 24(s0)\nsd a0, -8(s0)", 16],
  ])("%s: as interpreted, step for step", async (_, accesses, step) => {
    for (const translator of [HOT, NOT_UNROLLED]) {
      const { machine } = await runHot(walking(accesses, step), { setUp: scatter, slices: 30, translator });
      expect(machine.hart().x(21)).toBeGreaterThan(0n);
    }
  });

  test("is checked once for all iterations, though that fails once in a page", async () => {
    const run = await runHot(walking("ld a0, 0(s0)\nadd a1, a1, a0", 8), { setUp: scatter, slices: 150 });
    expect(run.machine.hart().x(21) * BigInt(PAGES)).toBeGreaterThan(200n);
    expect(irAt(run, "loop")).toMatch(/checks s0\[0,32\)/);
  });

  test.each([
    [8, true],
    [4088, false],
  ])("at %i has one check for its accesses if that does not fail in each iteration: %j", async (offset, merged) => {
    const source = `
        csrs mstatus, s1
        li s0, ${VA + BigInt(offset)}
      loop:
        ld a0, 0(s0)
        ld a1, 8(s0)
        add a2, a0, a1
        addi s5, s5, 1
        j loop
    `;
    // In a region of blocks, the loop would be entered behind the first access next time, and the check be another.
    const translator = { ...HOT, mechanisms: DEFAULT_TRANSLATOR.mechanisms & ~Translate.REGIONS };
    const run = await runHot(source, { setUp: scatter, translator });
    expect(irAt(run, "loop").includes("checks s0[0,16)")).toBe(merged);
  });

  test.each([0, 4088])(
    "a frame at %i that is looked at once in 4000 instructions does not have its code left each time",
    async (offset) => {
      const rounds = 400n;
      const source = `
        csrs mstatus, s1
        li s0, ${VA + BigInt(offset)}
        li s3, ${rounds}
      call:
        sd s5, 0(s0)
        sd s5, 8(s0)
        li s2, 2000
      work:
        addi s2, s2, -1
        bnez s2, work
        ld a0, 0(s0)
        ld a1, 8(s0)
        addi s3, s3, -1
        bnez s3, call
      end: j end
    `;
      const run = await runHot(source, { setUp: scatter, slices: 400 });
      expect(run.ended).toBe(true);
      expect(run.machine.space.vm.count(VmField.countExitStep)).toBeLessThan(200);
    },
  );
});

test("a loop leaves in any of its iterations, and ends at the exact instruction", async () => {
  const { machine } = await runHot(
    `
      la s3, data
    again:
      addi s4, s4, 1
      andi s2, s4, 15
      addi s2, s2, 1
      mv s0, s3
    loop:
      lw a0, 0(s0)
      addi s0, s0, 4
      addi s2, s2, -1
      add a1, a1, a0
      bnez s2, loop
      sw a1, -4(s0)
      j again
    .align 3
    data:
      .zero 128
    `,
  );
  expect(machine.hart().x(20)).toBeGreaterThan(1000n);
});
