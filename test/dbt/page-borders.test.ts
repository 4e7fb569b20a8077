/** Hot code across page borders. */

import { expect, test } from "vitest";
import { runHot } from "./hot-machine.ts";

/** Code that begins `before` bytes before the second page. */
const placed = (before: number, code: string): string => `
  li s0, 20000
  j start
  .align 12
  .zero ${4096 - before}
start:
  ${code}
`;

test.each([2, 6, 10, 14])("a loop with a 4-byte instruction across a border, %i bytes before it", async (before) => {
  const { machine, ended } = await runHot(
    placed(
      before,
      `
    loop:
      addi a0, a0, 3
      xori a1, a0, 0x55
      add a2, a2, a1
      c.addi s0, -1
      bnez s0, loop
    end: j end
    `,
    ),
  );
  expect(ended).toBe(true);
  expect(machine.hart().x(10)).toBe(60_000n);
});

test("a loop over three pages", async () => {
  const nops = "nop\n".repeat(1100);
  const { machine, ended } = await runHot(
    `
      li s0, 40
    loop:
      addi a0, a0, 1
      ${nops}
      addi a1, a1, 2
      ${nops}
      addi s0, s0, -1
      beqz s0, end
      j loop
    end: j end
    `,
  );
  expect(ended).toBe(true);
  expect([machine.hart().x(10), machine.hart().x(11)]).toEqual([40n, 80n]);
});

test("an instruction across a border whose second half changes", async () => {
  const { machine, ended } = await runHot(
    `
      li s0, 40
      la s1, patched
      j round
    .align 12
      .zero 4084
    round:
      li s2, 500
      .half 1
      .half 1
    loop:
      .half 1
    patched:
      addi a0, a0, 1
      addi s2, s2, -1
      bnez s2, loop
      lhu t0, 2(s1)
      xori t0, t0, 0x20
      sh t0, 2(s1)
      fence.i
      addi s0, s0, -1
      bnez s0, round
    end: j end
    `,
    { setUp: (_, label) => expect(label("patched") % 4096).toBe(4094) },
  );
  expect(ended).toBe(true);
  expect(machine.hart().x(10)).toBe(BigInt(20 * 500 * (1 + 3)));
});

test("an instruction across a border whose second page is not mapped traps with the address of that page", async () => {
  const { machine } = await runHot(
    `
      la t0, handler
      csrw mtvec, t0
      li s0, 0x800ffffe
    loop:
      addi a0, a0, 1
      jr s0
    .align 2
    handler:
      csrr s2, mtval
      csrr s3, mepc
      csrr s4, mcause
      j loop
    `,
    { setUp: (vm) => vm.load([0x13, 0x05], 0x800f_fffe), slices: 10 },
  );
  const hart = machine.hart();
  expect([hart.x(18), hart.x(19), hart.x(20)]).toEqual([0x8010_0000n, 0x800f_fffen, 1n]);
  expect(hart.x(10)).toBeGreaterThan(1000n);
});
