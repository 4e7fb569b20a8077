/** Functions that call themselves: directly, and inlined into themselves. */

import { describe, expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Translate } from "../../assembly/shared/constants.ts";
import { RAM_PA } from "../support/core.ts";
import { type HotOptions, type HotRun, runHot } from "./hot-machine.ts";

const STACK = RAM_PA + 0x8_0000;

/** Fibonacci numbers of s1, again and again; `padding` instructions make the function too large to be inlined. */
function fibonacci(rounds: number, padding: number): string {
  return `
    li sp, ${STACK}
    li s0, ${rounds}
  loop:
    mv a0, s1
    call fib
    add s2, s2, a0
    addi s0, s0, -1
    bnez s0, loop
  end: j end
  fib:
    li t0, 2
    bltu a0, t0, small
    ${Array.from({ length: padding }, (_, i) => `addi t${1 + (i % 3)}, t${1 + ((i + 1) % 3)}, ${i}`).join("\n")}
    addi sp, sp, -32
    sd ra, 0(sp)
    sd s3, 8(sp)
    sd s4, 16(sp)
    mv s3, a0
    addi a0, s3, -1
    call fib
    mv s4, a0
    addi a0, s3, -2
    call fib
  patched:
    add a0, a0, s4
    ld ra, 0(sp)
    ld s3, 8(sp)
    ld s4, 16(sp)
    addi sp, sp, 32
  small:
    ret`;
}

function run(source: string, options: HotOptions = {}): Promise<HotRun> {
  const translator = { mechanisms: Translate.ALL | Translate.COUNT, hotThreshold: 32 };
  return runHot(source, { translator, slices: 900, ...options });
}

describe.each([
  ["small enough to be inlined", 0],
  ["too large to be inlined", 160],
])("a recursive function %s", (_, padding) => {
  test("gives its results", async () => {
    const result = await run(fibonacci(100, padding), { setUp: (machine) => machine.hart().setX(9, 12n) });
    expect(result.ended).toBe(true);
    expect(result.machine.hart().x(18)).toBe(100n * 144n);
    expect(result.machine.space.vm.count(VmField.countReturn)).toBeGreaterThan(1000);
  });

  test("goes deeper than Wasm calls may", async () => {
    const source = fibonacci(40, padding).replace("addi a0, s3, -2", "li a0, 1");
    const result = await run(source, { setUp: (machine) => machine.hart().setX(9, 300n) });
    expect(result.ended).toBe(true);
    expect(result.machine.hart().x(18)).toBe(40n * 300n);
  });

  test("notices that it has changed when it comes back from itself", async () => {
    const source = fibonacci(200, padding).replace(
      "patched:",
      `la t4, patched
      lw t5, 0(t4)
      sw s6, 0(t4)
      mv s6, t5
      fence.i
    patched:`,
    );
    const result = await run(source, {
      setUp: (machine) => {
        machine.hart().setX(9, 6n);
        machine.hart().setX(22, 0x4145_0533n);
      },
    });
    expect(result.machine.hart().x(18)).not.toBe(0n);
  });

  test("is left in its middle by a trap and gone on with", async () => {
    const source = `
      la t0, handler
      csrw mtvec, t0
      ${fibonacci(60, padding).replace("patched:", "patched: ecall")}
    .align 2
    handler:
      csrr t6, mepc
      addi t6, t6, 4
      csrw mepc, t6
      addi s7, s7, 1
      mret`;
    const result = await run(source, { setUp: (machine) => machine.hart().setX(9, 10n) });
    expect(result.machine.hart().x(23)).toBeGreaterThan(1000n);
    expect(result.ended).toBe(true);
    expect(result.machine.hart().x(18)).toBe(60n * 55n);
  });
});
