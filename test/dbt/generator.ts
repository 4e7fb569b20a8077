/** A guest that writes functions, runs each until it is hot, and begins anew, for ever. */

import { CodeField, VmField } from "../../assembly/state/layout.ts";
import { Engine } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine, type TestMachineOptions } from "../support/core.ts";

/** Bytes between two of its functions. */
const STRIDE = 256;

/**
 * s0: functions made so far (also what the function adds to a0); s1: where it is written; s2 to s3: where they go round;
 * s4: how often each is called. a0 is the sum of all that the functions added: a check of what was run.
 */
function source(functions: number, calls: number): string {
  const area = RAM_PA + 0x10000;
  return `
    li s2, ${area}
    li s3, ${area + functions * STRIDE}
    li s4, ${calls}
    li s5, 2047
    mv s1, s2
  next:
    addi s0, s0, 1
    and t0, s0, s5
    slli t0, t0, 20
    li t1, 0x00050513      # addi a0, a0, 0
    or t0, t0, t1
    sw t0, 0(s1)
    li t1, 0x00008067      # ret
    sw t1, 4(s1)
    fence.i
    mv t3, s4
  again:
    jalr ra, 0(s1)
    addi t3, t3, -1
    bnez t3, again
    addi s1, s1, ${STRIDE}
    bne s1, s3, next
    mv s1, s2
    j next`;
}

/** What a0 must be when `functions` have been called `calls` times each. */
export function expectedSum(functions: number, calls: number): bigint {
  let sum = 0n;
  for (let i = 1; i <= functions; i++) sum += BigInt(i & 2047) * BigInt(calls);
  return BigInt.asUintN(64, sum);
}

export interface Generator {
  readonly machine: TestMachine;
  /** Calls of each function. */
  readonly calls: number;
  /** Functions that have been written. */
  made(): number;
  /** Runs until `functions` have been written, and the last one's calls are about to begin. */
  run(functions: number): void;
  field(name: keyof typeof VmField | keyof typeof CodeField): number;
  /** Functions in the VM's table, and its length. */
  table(): { readonly functions: number; readonly length: number };
}

/** With `asShipped`, code gets hot as slowly as it does for users; otherwise in a few calls. */
export interface GeneratorOptions extends TestMachineOptions {
  readonly asShipped?: boolean;
}

export async function createGenerator(
  { asShipped = false, ...options }: GeneratorOptions = {},
  functions = 64,
  calls = 24,
): Promise<Generator> {
  const machine = await createTestMachine({
    engine: Engine.TIERED,
    ...options,
    translator: { ...(asShipped ? {} : { hotThreshold: 16 }), ...options.translator },
  });
  machine.load(assemble(source(functions, calls), BigInt(RAM_PA)));
  const { space, core } = machine;
  if (!asShipped) space.vm.setU32(VmField.samplePeriod, 64);
  const hart = machine.hart();
  const made = () => Number(hart.x(8));
  return {
    machine,
    calls,
    made,
    run(target) {
      while (made() < target) hart.run(10_000);
    },
    field: (name) =>
      name in VmField
        ? space.vm.u32(VmField[name as keyof typeof VmField])
        : space.memory.u32[(space.code!.ma + CodeField[name as keyof typeof CodeField]) / 4]!,
    table: () => core.code.usage(space.code!.ma),
  };
}
