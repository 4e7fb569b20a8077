/**
 * The oracle: a static Linux program that executes one floating-point instruction for each case, run by qemu-riscv64.
 *
 * It reads all of its input, cases of 32 bytes, puts result and flags over the first half of each, and writes them back:
 *
 *   0        4        8        16       24       32
 *  +--------+--------+--------+--------+--------+
 *  |   op   |   rm   |   a    |   b    |   c    |      becomes   | result | fflags | b | c |
 *  +--------+--------+--------+--------+--------+
 */

import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Outcome } from "./fpu-core.ts";
import { boxed, isFormat } from "./formats.ts";
import type { Operands } from "./operands.ts";
import { type Op, type OpName, ops } from "./ops.ts";

const CASE_BYTES = 32;
const MAX_CASES = 1 << 18;

export interface Case {
  op: OpName;
  rm: number;
  operands: Operands;
}

/** The operations an oracle can execute, in the order of their numbers in the program. */
const executable = Object.entries(ops).filter(([, op]) => op.instruction !== undefined);
const numbers = new Map(executable.map(([name], index) => [name, index]));

/** One slot of the jump table's code: the instruction and the store of its result. */
function slot(op: Op): string {
  const sources = op.operands.map((kind, index) => (isFormat(kind) ? `fa${index + 1}` : `a${index + 1}`));
  const toFloat = isFormat(op.result);
  return `  .balign 16
  ${op.instruction} ${[toFloat ? "fa0" : "a0", ...sources].join(", ")}
  ${toFloat ? "fsd fa0" : "sd a0"}, 0(s0)
  j done`;
}

function program(): string {
  return `
  .option norvc
  .globl _start
_start:
  la s0, buffer
  mv s1, s0
  la s2, buffer_end
read:
  li a0, 0
  mv a1, s1
  sub a2, s2, s1
  li a7, 63
  ecall
  blez a0, run
  add s1, s1, a0
  j read
run:
  la s2, slots
next:
  bgeu s0, s1, write
  lwu t0, 0(s0)
  lwu t1, 4(s0)
  slli t0, t0, 4
  add t0, t0, s2
  fsflags x0
  fsrm t1
  fmv.d.x fa0, x0
  fld fa1, 8(s0)
  fld fa2, 16(s0)
  fld fa3, 24(s0)
  ld a1, 8(s0)
  jr t0
done:
  frflags t0
  sd t0, 8(s0)
  addi s0, s0, ${CASE_BYTES}
  j next
write:
  la s0, buffer
write_more:
  bgeu s0, s1, exit
  li a0, 1
  mv a1, s0
  sub a2, s1, s0
  li a7, 64
  ecall
  blez a0, exit
  add s0, s0, a0
  j write_more
exit:
  li a0, 0
  li a7, 93
  ecall
  .balign 16
slots:
${executable.map(([, op]) => slot(op)).join("\n")}
  .bss
  .balign 16
buffer:
  .skip ${CASE_BYTES * MAX_CASES}
buffer_end:
`;
}

function needed(command: string, args: readonly string[], packageName: string): void {
  try {
    execFileSync(command, args, { stdio: "pipe" });
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw missing
      ? new Error(`This test compares with QEMU: install Debian's ${packageName} (no "${command}" found).`, { cause })
      : cause;
  }
}

export class Oracle {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-fpu-"));
  readonly #executable = path.join(this.#folder, "oracle");

  constructor() {
    const source = path.join(this.#folder, "oracle.s");
    const object = path.join(this.#folder, "oracle.o");
    writeFileSync(source, program());
    const tools = "binutils-riscv64-unknown-elf";
    needed("riscv64-unknown-elf-as", ["-march=rv64gc_zfh", source, "-o", object], tools);
    needed("riscv64-unknown-elf-ld", [object, "-o", this.#executable], tools);
    needed("qemu-riscv64", ["--version"], "qemu-user");
  }

  /** Executes the cases, each with all flags clear before; narrow results come boxed. */
  run(cases: readonly Case[]): Outcome[] {
    const batches = Array.from({ length: Math.ceil(cases.length / MAX_CASES) }, (_, index) =>
      this.#runBatch(cases.slice(index * MAX_CASES, (index + 1) * MAX_CASES)),
    );
    return batches.flat();
  }

  #runBatch(cases: readonly Case[]): Outcome[] {
    const input = Buffer.alloc(cases.length * CASE_BYTES);
    cases.forEach(({ op, rm, operands }, index) => {
      const at = index * CASE_BYTES;
      input.writeUInt32LE(numbers.get(op)!, at);
      input.writeUInt32LE(rm, at + 4);
      const { operands: kinds } = ops[op]!;
      kinds.forEach((kind, i) => input.writeBigUInt64LE(boxed(kind, operands[i]!), at + 8 + 8 * i));
    });
    const { stdout, stderr } = this.#execute(input);
    if (stdout.length !== input.length) throw new Error(`qemu-riscv64 gave no answers: ${stderr.toString()}`);
    return cases.map((_, index) => ({
      result: stdout.readBigUInt64LE(index * CASE_BYTES),
      flags: Number(stdout.readBigUInt64LE(index * CASE_BYTES + 8)),
    }));
  }

  /** QEMU 7 spells the property that turns Zfh on with a capital, later ones do not. */
  #execute(input: Buffer): SpawnSyncReturns<Buffer> {
    const withProperty = (zfh: string): SpawnSyncReturns<Buffer> =>
      spawnSync("qemu-riscv64", ["-cpu", `rv64,${zfh}=true`, this.#executable], {
        input,
        maxBuffer: input.length + 4096,
      });
    const attempt = withProperty("Zfh");
    return attempt.status === 0 ? attempt : withProperty("zfh");
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
  }
}
