/** Computed calls that nearly always have the same callee: it is inlined, behind a comparison. */

import { describe, expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Translate } from "../../assembly/shared/constants.ts";
import { RAM_PA } from "../support/core.ts";
import { type HotOptions, type HotRun, runHot } from "./hot-machine.ts";

const STACK = RAM_PA + 0x8_0000;
const MECHANISMS = Translate.ALL | Translate.COUNT;

/** Rounds that call `usual`, and `rare` in those whose number has no bit in common with `mask`; `body` is what the usual callee does. */
function calls(rounds: number, mask: number, body = "add s2, s2, a0"): string {
  return `
    li sp, ${STACK}
    li s0, ${rounds}
    la s3, usual
    la s4, rare
  loop:
    mv a0, s0
    andi t0, s0, ${mask}
    mv t1, s3
    bnez t0, chosen
    mv t1, s4
  chosen:
    jalr ra, 0(t1)
  back:
    add s5, s5, s2
    addi s0, s0, -1
    bnez s0, loop
  end: j end
  usual:
    ${body}
    ret
  rare:
    xor s2, s2, a0
    ret`;
}

/** Nothing is translated before it is hot itself: what is added to another's module is not looked at first. */
function run(source: string, options: HotOptions = {}): Promise<HotRun> {
  const translator = { mechanisms: MECHANISMS, hotThreshold: 4096 };
  const setUp: HotOptions["setUp"] = (machine, label) => {
    machine.space.vm.setU32(VmField.warmThreshold, 1 << 30);
    options.setUp?.(machine, label);
  };
  return runHot(source, { translator, slices: 300, ...options, setUp });
}

const stayed = ({ machine }: HotRun) => machine.space.vm.count(VmField.countTable);

describe.each([
  ["RAM is one window", MECHANISMS],
  ["each access is checked", MECHANISMS & ~Translate.WINDOW],
])("while %s", (_, mechanisms) => {
  const translator = { mechanisms, hotThreshold: 4096 };

  test("the usual callee is inlined, and the other one called", async () => {
    const result = await run(calls(40_000, 31), { translator });
    expect(result.ended).toBe(true);
    expect(stayed(result)).toBeGreaterThan(30_000);
  });

  test("registers and memory are right after both ways", async () => {
    const body = `
      sd a0, -8(sp)
      ld t2, -8(sp)
      add s2, s2, t2
      slli s6, t2, 3`;
    const result = await run(calls(40_000, 15, body), { translator });
    expect(result.ended).toBe(true);
    expect(stayed(result)).toBeGreaterThan(30_000);
  });
});

test("callees that take turns are not inlined", async () => {
  const result = await run(calls(40_000, 1));
  expect(result.ended).toBe(true);
  expect(stayed(result)).toBe(0);
});

test("without inlining all of them are called", async () => {
  const translator = { mechanisms: MECHANISMS & ~Translate.INLINING, hotThreshold: 4096 };
  const result = await run(calls(40_000, 31), { translator });
  expect(result.ended).toBe(true);
  expect(stayed(result)).toBe(0);
});

test("another callee from now on is called", async () => {
  const source = calls(40_000, 31).replace(
    "addi s0, s0, -1",
    `li t3, 9000
    bne s0, t3, same
    mv s3, s4
  same:
    addi s0, s0, -1`,
  );
  const result = await run(source);
  expect(result.ended).toBe(true);
  expect(stayed(result)).toBeGreaterThan(20_000);
});

test("an inlined callee may return elsewhere", async () => {
  const body = `
    andi t2, a0, 255
    bnez t2, usually
    addi ra, ra, 4
  usually:
    add s2, s2, a0`;

  const source = calls(40_000, 1023, body).replace("add s5, s5, s2", "add s5, s5, s2\nadd s6, s6, s2");
  const result = await run(source);
  expect(result.ended).toBe(true);
  expect(stayed(result)).toBeGreaterThan(20_000);
});

test("new code of an inlined callee counts", async () => {
  const source = calls(40_000, 31, "patched: add s2, s2, a0").replace(
    "addi s0, s0, -1",
    `andi t3, s0, 1023
    bnez t3, same
    la t4, patched
    lw t5, 0(t4)
    sw s7, 0(t4)
    mv s7, t5
    fence.i
  same:
    addi s0, s0, -1`,
  );
  // sub s2, s2, a0
  const result = await run(source, { setUp: (machine) => machine.hart().setX(23, 0x40a9_0933n) });
  expect(result.ended).toBe(true);
  expect(stayed(result)).toBeGreaterThan(10_000);
});
