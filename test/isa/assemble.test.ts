import { describe, expect, it } from "vitest";
import { disassemble } from "../../src/isa/disasm.ts";
import { assemble, assembleProgram, assembleWord } from "../../src/isa/assemble.ts";
import { findInstruction } from "../../src/isa/find.ts";
import { instructions } from "../../src/isa/instruction.ts";
import { encodingsOf, randomWords } from "./words.ts";

/** From GNU as 2.40. */
const known: readonly (readonly [string, number])[] = [
  ["addi a0, a1, -5", 0xffb58513],
  ["lui a0, 0xfffff", 0xfffff537],
  ["jal ra, 2048", 0x001000ef],
  ["beq a0, a1, -4096", 0x80b50063],
  ["sd s1, -8(sp)", 0xfe913c23],
  ["sraiw t0, t1, 0x1f", 0x41f3529b],
  ["csrrwi zero, mstatus, 8", 0x30045073],
  ["lr.w.aq a0, (a1)", 0x1405a52f],
  ["amoadd.d.aqrl a0, a1, (a2)", 0x06b6352f],
  ["fmadd.d fa0, fa1, fa2, fa3, rtz", 0x6ac59543],
  ["fcvt.d.w fa0, a0", 0xd2050553],
  ["fadd.s ft0, ft1, ft2", 0x0020f053],
  ["fence rw, w", 0x0310000f],
  ["sm4ks a0, a1, a2, 3", 0xf4c58533],
  ["c.addi16sp sp, -64", 0x7139],
  ["c.lwsp a0, 12(sp)", 0x4532],
  ["c.beqz a0, 16", 0xc901],
];

describe("assembler", () => {
  it.each(known)("%s encodes as GNU as has it", (line, word) => {
    expect(assembleWord(line).toString(16)).toBe(word.toString(16));
  });

  it.each(instructions)("$name survives disassembly and assembly", (insn) => {
    const ignored = insn.name.startsWith("fence");
    for (const word of encodingsOf(insn, 40, randomWords(0x1234567 + insn.match))) {
      if (findInstruction(word) !== insn) continue;
      const { text, length } = disassemble(word, 0n);
      expect(length).toBe(insn.length);
      const again = assembleWord(
        text.replace(/0xf{8}([0-9a-f]{8})$/, (_, low: string) => String(parseInt(low, 16) | 0)),
      );
      if (ignored) expect(disassemble(again, 0n).text).toBe(text);
      else expect(again.toString(16), text).toBe(word.toString(16));
    }
  });

  it.each([0n, -1n, 2047n, 2048n, -2049n, 0x7fffffffn, 0x80000000n, 0x123456789abcdef0n, 1n << 63n])(
    "li loads %s",
    (value) => {
      const { bytes } = assembleProgram(`li a0, ${value}`);
      expect(runLoads(bytes)).toBe(BigInt.asUintN(64, value));
    },
  );

  it("resolves labels backwards and forwards, and skips comments", () => {
    const source = `
      start: j end      # over the data
      .align 3
      data:  .dword start, data
      end:   beqz a0, start
             la a1, data`;
    const { bytes, labels } = assembleProgram(source, 0x80000000n);
    expect(labels.get("end")).toBe(0x80000018n);
    expect(words(bytes)).toEqual(
      [0x0180006f, 0, 0x80000000, 0, 0x80000008, 0, 0xfe0504e3, 0x00000597, 0xfec58593].map((word) =>
        word.toString(16),
      ),
    );
  });

  it.each([
    ["bogus a0", "there is no instruction bogus"],
    ["addi a0, a1, 2048", "2048 does not fit"],
    ["addi a0, a1, a2", "a2 is not imm"],
    ["add a0, a1", "an operand is not rs2"],
    ["add a0, a1, a2, a3", "add takes 3 operands"],
    ["c.add a0, zero", "the encoding is reserved"],
    ["c.lw t0, 0(a0)", "t0 does not fit"],
    ["amocas.q a1, a2, (a0)", "the encoding is reserved"],
  ])("says what is wrong with %s", (line, why) => {
    expect(() => assemble(line)).toThrow(`Correct the line "${line}": ${why}.`);
  });
});

function words(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true).toString(16));
}

/** What a run of lui, addi, addiw and slli leaves in its register. */
function runLoads(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer);
  let value = 0n;
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getInt32(at, true);
    const name = findInstruction(word)?.name;
    if (name === "lui") value = BigInt(word & ~0xfff);
    else if (name === "slli") value <<= BigInt((word >> 20) & 63);
    else if (name === "addiw") value = BigInt.asIntN(32, value + BigInt(word >> 20));
    else if (name === "addi") value = (((word >> 15) & 31) === 0 ? 0n : value) + BigInt(word >> 20);
    else throw new Error(`unexpected ${name}`);
  }
  return BigInt.asUintN(64, value);
}
