/** Pseudo-instructions of the test assembler. (Unprivileged ISA, "RISC-V Assembly Programmer's Handbook") */

/** Expansions; `$0` to `$2` are the operands. */
const simple: Readonly<Record<string, readonly string[]>> = {
  nop: ["addi zero, zero, 0"],
  mv: ["addi $0, $1, 0"],
  not: ["xori $0, $1, -1"],
  neg: ["sub $0, zero, $1"],
  seqz: ["sltiu $0, $1, 1"],
  snez: ["sltu $0, zero, $1"],
  beqz: ["beq $0, zero, $1"],
  bnez: ["bne $0, zero, $1"],
  bltz: ["blt $0, zero, $1"],
  bgez: ["bge $0, zero, $1"],
  j: ["jal zero, $0"],
  call: ["jal ra, $0"],
  jr: ["jalr zero, 0($0)"],
  ret: ["jalr zero, 0(ra)"],
  csrr: ["csrrs $0, $1, zero"],
  csrw: ["csrrw zero, $0, $1"],
  csrs: ["csrrs zero, $0, $1"],
  csrc: ["csrrc zero, $0, $1"],
  csrwi: ["csrrwi zero, $0, $1"],
  csrsi: ["csrrsi zero, $0, $1"],
  csrci: ["csrrci zero, $0, $1"],
  la: ["auipc $0, %hi($1)", "addi $0, $0, %lo($1)"],
};

/** Loads any 64-bit constant: lui and addiw for 32 bits, then twelve bits at a time. */
export function loadImmediate(rd: string, value: bigint): string[] {
  const signed = BigInt.asIntN(64, value);
  if (BigInt.asIntN(12, signed) === signed) return [`addi ${rd}, zero, ${signed}`];
  const low = BigInt.asIntN(12, signed);
  if (BigInt.asIntN(32, signed) === signed) {
    const upper = BigInt.asUintN(20, (signed - low) >> 12n);
    return [`lui ${rd}, ${upper}`, ...(low === 0n ? [] : [`addiw ${rd}, ${rd}, ${low}`])];
  }
  const rest = BigInt.asIntN(64, signed - low);
  let shift = 12n;
  while (((rest >> shift) & 1n) === 0n) shift++;
  const lines = [...loadImmediate(rd, rest >> shift), `slli ${rd}, ${rd}, ${shift}`];
  return low === 0n ? lines : [...lines, `addi ${rd}, ${rd}, ${low}`];
}

/** The instructions a line stands for: itself, unless it is a pseudo-instruction. */
export function expandPseudo(line: string): string[] {
  const [, name = "", rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
  const operands = rest.split(/\s*,\s*/);
  if (name === "li" && operands[1]) return loadImmediate(operands[0] ?? "", BigInt(operands[1]));
  const expansion = simple[name];
  return expansion?.map((text) => text.replace(/\$(\d)/g, (_, i) => operands[Number(i)] ?? "")) ?? [line];
}
