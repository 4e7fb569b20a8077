/** Every instruction that QEMU has, compared with it bit by bit on hard operands in every rounding mode. */

import { afterAll, describe, expect, test } from "vitest";
import { beforeAllWith } from "../support/tools.ts";
import { boxed, isFormat, modes } from "./formats.ts";
import { FpuCore } from "./fpu-core.ts";
import { operandsFor } from "./operands.ts";
import { ops } from "./ops.ts";
import { type Case, Oracle } from "./qemu.ts";

/** Random cases for each operation and mode; `WASMVISOR_FPU_CASES=20000` for a long run, `WASMVISOR_FPU_SEED` for others. */
const COUNT = Number(process.env.WASMVISOR_FPU_CASES ?? 500);
const SEED = Number(process.env.WASMVISOR_FPU_SEED ?? 1);
const NX = 1;

const hex = (value: bigint): string => value.toString(16).padStart(16, "0");

describe("floating point against QEMU", () => {
  let core: FpuCore;
  let oracle: Oracle;

  beforeAllWith(["riscv64-linux-gnu-gcc", "qemu-riscv64"], async () => {
    core = await FpuCore.create();
    oracle = new Oracle();
  });
  afterAll(() => oracle?.dispose());

  /** The cases whose outcome differs, as text. */
  function differences(cases: readonly Case[]): string[] {
    const expected = oracle.run(cases);
    return cases.flatMap(({ op, rm, operands }, index) => {
      const want = expected[index]!;
      const { result: kind } = ops[op]!;
      return [0, NX].flatMap((before) => {
        const got = core.run(op, rm, ...operands, before);
        const result = isFormat(kind) ? boxed(kind, got.result) : got.result;
        if (result === want.result && got.flags === (want.flags | before)) return [];
        const inputs = operands.map(hex).join(" ");
        const text = `${op} ${modes[rm]} ${inputs}, flags ${before} before: ${hex(result)} flags ${got.flags}`;
        return [`${text}, QEMU ${hex(want.result)} flags ${want.flags | before}`];
      });
    });
  }

  const named = Object.entries(ops).filter(([, op]) => op.instruction !== undefined);
  test.each(named)("%s gives QEMU's bits and flags", (name, op) => {
    const rms = op.rounds ? [0, 1, 2, 3, 4] : [0];
    const cases = rms.flatMap((rm) =>
      [...operandsFor(op, op.rounds ? COUNT : COUNT * 2, SEED + rm)].map((operands) => ({ op: name, rm, operands })),
    );
    expect(cases.length).toBeGreaterThanOrEqual(COUNT);
    expect(differences(cases).slice(0, 10)).toEqual([]);
  });
});
