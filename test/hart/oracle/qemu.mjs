// Runs a bare-metal M-mode program on QEMU's virt board and returns the 64-bit words that it recorded.
//
// The program is assembly text. It starts at `main`, records a register with the macro `put reg` (which changes nothing
// but s11), and ends with `j done`. s11 is the record pointer; mtvec is the program's own affair.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const prologue = `
  .option norvc
  .option norelax
  .macro put reg
  sd \\reg, 0(s11)
  addi s11, s11, 8
  .endm
  .globl _start
_start:
  la s11, records
  j main
done:
  csrw mstatus, zero
  la s0, records
  li s1, 0x10000000
1:
  bgeu s0, s11, 4f
  ld s2, 0(s0)
  addi s0, s0, 8
  li s3, 64
2:
  addi s3, s3, -4
  srl s4, s2, s3
  andi s4, s4, 15
  addi s4, s4, '0'
  li s5, '9'
  ble s4, s5, 3f
  addi s4, s4, 'a' - '9' - 1
3:
  lbu s5, 5(s1)
  andi s5, s5, 0x20
  beqz s5, 3b
  sb s4, 0(s1)
  bnez s3, 2b
  li s4, '\\n'
5:
  lbu s5, 5(s1)
  andi s5, s5, 0x20
  beqz s5, 5b
  sb s4, 0(s1)
  j 1b
4:
  li s1, 0x100000
  li s2, 0x5555
  sw s2, 0(s1)
  j 4b
`;

const epilogue = `
  .balign 4096
records:
`;

function run(command, args) {
  const result = spawnSync(command, args, { encoding: "utf8", timeout: 120_000, maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command} failed:\n${result.stderr}`);
  return result.stdout;
}

/** Addresses by name. */
function symbolsOf(elf) {
  const lines = run("riscv64-unknown-elf-nm", [elf]).trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split(" ")[2], BigInt(`0x${line.split(" ")[0]}`)]));
}

/** Assembles a program; `use` gets the ELF file's path, which is removed afterwards. */
function withElf(program, use) {
  const folder = mkdtempSync(path.join(tmpdir(), "oracle-"));
  try {
    const source = path.join(folder, "program.S");
    const elf = path.join(folder, "program.elf");
    writeFileSync(source, prologue + program + epilogue);
    const options = [
      "-march=rv64imafdc_zicsr_zifencei",
      "-mabi=lp64d",
      "-nostdlib",
      "-static",
      "-Wl,-Ttext=0x80000000",
    ];
    run("riscv64-unknown-elf-gcc", [...options, "-o", elf, source]);
    return use(elf, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function execute(elf, cpu) {
  const machine = ["-M", "virt", "-cpu", cpu, "-m", "64M", "-nographic", "-monitor", "none", "-bios", "none"];
  const output = run("qemu-system-riscv64", [...machine, "-serial", "stdio", "-kernel", elf]);
  return output
    .split("\n")
    .filter((line) => /^[0-9a-f]{16}$/.test(line))
    .map((line) => BigInt(`0x${line}`));
}

/** @returns {bigint[]} the words recorded */
export function runOnQemu(program, cpu = "rv64,h=false") {
  return withElf(program, (elf) => execute(elf, cpu));
}

/** Like `runOnQemu`, and returns the program too: its bytes from 0x80000000 and its symbols. */
export function runAndKeep(program, cpu = "rv64,h=false") {
  return withElf(program, (elf, folder) => {
    const flat = path.join(folder, "program.bin");
    run("riscv64-unknown-elf-objcopy", ["-O", "binary", elf, flat]);
    return { words: execute(elf, cpu), bytes: readFileSync(flat), symbols: symbolsOf(elf) };
  });
}

/** The first line of `qemu-system-riscv64 --version`. */
export function qemuVersion() {
  return run("qemu-system-riscv64", ["--version"]).split("\n")[0];
}
