/** The core's floating-point functions, called one at a time on raw bits. */

import { HartField } from "../../assembly/state/layout.ts";
import { compileAssembly } from "../support/compile.ts";
import { type OpName, ops } from "./ops.ts";

const HART = 4096;

/** What an operation leaves: result bits (an x register's when that is where it goes) and accrued flags. */
export interface Outcome {
  result: bigint;
  flags: number;
}

type Exported = (hart: number, a: bigint, b: bigint, c: bigint, rm: number) => bigint;

const imports = `
import { Hart } from "./state/state";
import { F16, F32, F64 } from "./fpu/format";
import * as add from "./fpu/add";
import * as compare from "./fpu/compare";
import * as convert from "./fpu/convert";
import * as div from "./fpu/div";
import * as fast from "./fpu/fast";
import * as fastInt from "./fpu/fast_int";
import * as fastFma from "./fpu/fast_fma";
import * as mul from "./fpu/mul";
import { constant } from "./fpu/constants";
`;

/** The entry: every operation of the table as `(hart, a, b, c, rm): u64` over unboxed bits. */
function entrySource(): string {
  const functions = Object.entries(ops).map(
    ([name, op]) =>
      `export function ${name}(h: usize, a: u64, b: u64, c: u64, rm: u32): u64 {
  const hart = changetype<Hart>(h);
  return ${op.core};
}`,
  );
  return imports + functions.join("\n");
}

export class FpuCore {
  readonly #view: DataView;
  readonly #exports: Record<string, Exported>;

  private constructor(module: WebAssembly.Module) {
    const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
    const env = { memory, mmio_load: () => 0, mmio_store: () => 0, mtime: () => 0n };
    this.#view = new DataView(memory.buffer);
    this.#exports = new WebAssembly.Instance(module, { env }).exports as Record<string, Exported>;
  }

  static async create(): Promise<FpuCore> {
    return new FpuCore(await compileAssembly(entrySource()));
  }

  /** Runs one operation with `flagsBefore` already accrued; the outcome has all flags then set. */
  run(name: OpName, rm: number, a: bigint, b = 0n, c = 0n, flagsBefore = 0): Outcome {
    this.#view.setUint32(HART + HartField.fflags, flagsBefore, true);
    const result = BigInt.asUintN(64, this.#exports[name]!(HART, a, b, c, rm));
    return { result, flags: this.#view.getUint32(HART + HartField.fflags, true) };
  }
}
