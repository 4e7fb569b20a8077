/** Every operation, Zfa's too, compared with the exact reference on hard operands in every rounding mode. */

import { beforeAll, describe, expect, test } from "vitest";
import { modes } from "./formats.ts";
import { FpuCore } from "./fpu-core.ts";
import { operandsFor } from "./operands.ts";
import { type Op, ops } from "./ops.ts";
import { reference } from "./reference.ts";

/** Random cases for each operation and mode; `WASMVISOR_FPU_CASES=20000` for a long run, `WASMVISOR_FPU_SEED` for others. */
const COUNT = Number(process.env.WASMVISOR_FPU_CASES ?? 200);
const SEED = Number(process.env.WASMVISOR_FPU_SEED ?? 101);
const NX = 1;

const hex = (value: bigint): string => value.toString(16);

describe("floating point against exact arithmetic", () => {
  let core: FpuCore;

  beforeAll(async () => {
    core = await FpuCore.create();
  });

  /** The first ten cases whose outcome differs, as text. */
  function differences(name: string, op: Op): string[] {
    const found: string[] = [];
    for (const rm of op.rounds ? [0, 1, 2, 3, 4] : [0]) {
      for (const operands of operandsFor(op, COUNT, SEED + rm)) {
        const want = reference(op, rm, operands);
        for (const before of [0, NX]) {
          const got = core.run(name, rm, ...operands, before);
          if (got.result === want.result && got.flags === (want.flags | before)) continue;
          const inputs = operands.map(hex).join(" ");
          const text = `${name} ${modes[rm]} ${inputs}, flags ${before} before: ${hex(got.result)} flags ${got.flags}`;
          found.push(`${text}, exactly ${hex(want.result)} flags ${want.flags | before}`);
          if (found.length === 10) return found;
        }
      }
    }
    return found;
  }

  test.each(Object.entries(ops))("%s is exact in bits and flags", (name, op) => {
    expect(differences(name, op)).toEqual([]);
  });
});
