import { describe, expect, test } from "vitest";
import { createTestMachine, RAM_PA } from "../support/core.ts";
import { assemble } from "../../src/isa/assemble.ts";

/** Runs `source` on one hart and returns what reached the host's imports. */
async function accesses(source: string, steps: number, answer?: bigint) {
  const seen: [what: string, pa: number, size: number, value?: bigint][] = [];
  const machine = await createTestMachine({
    mmioLoad: (pa, size) => {
      seen.push(["load", pa, size]);
      return answer === undefined ? undefined : BigInt.asUintN(size * 8, answer);
    },
    mmioStore: (pa, size, value) => {
      seen.push(["store", pa, size, BigInt.asUintN(size * 8, value)]);
      return answer !== undefined;
    },
    mtime: () => 0x1234_5678_9abc_def0n,
  });
  machine.load(assemble(source, BigInt(RAM_PA)));
  machine.hart().run(steps);
  return { seen, hart: machine.hart() };
}

describe("the core's imports", () => {
  test("see physical addresses of any width, sizes and values", async () => {
    const { seen, hart } = await accesses(
      `lui t0, 0x10000
       li t1, -2
       sb t1, 1(t0)
       sd t1, 8(t0)
       lw a0, 4(t0)
       slli t0, t0, 16
       lhu a1, 6(t0)`,
      7,
      0xffff_8001n,
    );
    expect(seen).toEqual([
      ["store", 0x1000_0001, 1, 0xfen],
      ["store", 0x1000_0008, 8, 0xffff_ffff_ffff_fffen],
      ["load", 0x1000_0004, 4],
      ["load", 0x1000_0000_0006, 2],
    ]);
    expect(BigInt.asIntN(64, hart.x(10))).toBe(-0x7fffn);
    expect(hart.x(11)).toBe(0x8001n);
  });

  test("make access faults by refusing", async () => {
    const { hart } = await accesses("lui t0, 0x10000\ncsrw mtvec, zero\nlw a0, 0(t0)", 3);
    expect(hart.csr(0x342)).toBe(5n);
    expect(hart.csr(0x343)).toBe(0x1000_0000n);
  });

  test("give the time CSR all its 64 bits", async () => {
    const { hart } = await accesses("csrr a0, time", 1);
    expect(hart.x(10)).toBe(0x1234_5678_9abc_def0n);
  });
});
