import { beforeAll, describe, expect, it } from "vitest";
import { Op } from "../../assembly/isa/op.ts";
import { expandCompressed } from "../../src/isa/expand.ts";
import { findInstruction } from "../../src/isa/find.ts";
import { fieldValue, splitOperands, wideInstructions, type Instruction } from "../../src/isa/instruction.ts";
import { FIRST_EXT_OP, opOf } from "../../src/isa/ops.ts";
import { compileAssembly } from "../support/compile.ts";
import { encodingsOf, randomWords } from "./words.ts";

const ENTRY = `
  import { decode, decode16 } from "./isa/decode";
  export function decode_word(word: u32): u64 { return (word & 3) == 3 ? decode(word) : decode16(word); }
  export { op_base, op_flow, op_length } from "./isa/optable";
`;

interface Decoder {
  decode_word(word: number): bigint;
  op_base(op: number): number;
  op_flow(op: number): number;
  op_length(op: number): number;
}

let decoder: Decoder;

beforeAll(async () => {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 65536 });
  const instance = new WebAssembly.Instance(await compileAssembly(ENTRY), { env: { memory } });
  decoder = instance.exports as unknown as Decoder;
});

const decode = (word: number): bigint => BigInt.asUintN(64, decoder.decode_word(word));

const illegal = (word: number): bigint => BigInt(Op.ILLEGAL) | (BigInt(word) << 32n);

/** The record of a 4-byte instruction, put together from the description in docs/design/records.md. */
function expectedRecord(insn: Instruction, word: number): bigint {
  const value = (letter: string): number => (insn.fields.has(letter) ? fieldValue(insn, letter, word) : 0);
  const { op } = opOf(insn);
  const integerRd = splitOperands(insn.asm).includes("rd");
  const rd = insn.fields.has("d") ? (value("d") * 8 - (integerRd ? 8 : 0)) & 0xff : 0;
  const rs1 = insn.fields.has("z") ? value("z") : value("s") * 8;
  const argument = value("m") + value("c") + (insn.hot ? 0 : value("i")) + value("u") * 8 * 256;
  const imm = insn.hot && insn.fields.has("i") ? value("i") : argument * 0x10000 + (insn.hot ? 0 : op);
  const low = (insn.hot ? op : Op.EXT) + rd * 2 ** 8 + rs1 * 2 ** 16 + value("t") * 8 * 2 ** 24;
  return BigInt(low) | (BigInt.asUintN(32, BigInt(imm)) << 32n);
}

describe("decoder", () => {
  it.each(wideInstructions)("makes $name's record as the contract says", (insn) => {
    for (const word of encodingsOf(insn, 100, randomWords(0x2545f49 + insn.match))) {
      const found = findInstruction(word);
      if (found === insn)
        expect(decode(word).toString(16), word.toString(16)).toBe(expectedRecord(insn, word).toString(16));
    }
  });

  it("agrees with the tables on a quarter of a million words about what is illegal", () => {
    const random = randomWords(42);
    for (let i = 0; i < 250_000; i++) {
      const word = (random() | 3) >>> 0;
      const insn = findInstruction(word);
      const expected = insn ? expectedRecord(insn, word) : illegal(word);
      if (decode(word) !== expected) expect(decode(word).toString(16), word.toString(16)).toBe(expected.toString(16));
    }
  });

  it("agrees with the tables on every word that differs from an instruction in one bit", () => {
    const random = randomWords(43);
    for (const base of wideInstructions.flatMap((insn) => encodingsOf(insn, 4, random))) {
      for (let bit = 2; bit < 32; bit++) {
        const word = (base ^ (1 << bit)) >>> 0;
        const insn = findInstruction(word);
        expect(decode(word)).toBe(insn ? expectedRecord(insn, word) : illegal(word));
      }
    }
  });

  it("makes of each halfword the record of the instruction it abbreviates", () => {
    for (let half = 0; half < 0x10000; half++) {
      if ((half & 3) === 3) continue;
      const insn = findInstruction(half);
      const base = expandCompressed(half);
      let expected = illegal(half);
      if (insn?.base && base !== undefined) {
        const record = expectedRecord(insn.base, base);
        expected = (record & ~0xffn) | BigInt(insn.base.hot ? opOf(insn).op : Op.C_EXT);
      }
      if (decode(half) !== expected) expect(decode(half).toString(16), half.toString(16)).toBe(expected.toString(16));
    }
  });

  it("finds 47,759 legal halfwords, all zeros and all ones not among them", () => {
    let legal = 0;
    for (let half = 0; half < 0x10000; half++) {
      if ((half & 3) !== 3 && Number(decode(half) & 0xffn) !== Op.ILLEGAL) legal++;
    }
    expect(legal).toBe(47_759);
    expect(decode(0)).toBe(illegal(0));
    expect(decode(0xffffffff)).toBe(illegal(0xffffffff));
  });
});

describe("op table of the core", () => {
  it("knows lengths, flows and bases", () => {
    expect(decoder.op_length(Op.C_LW)).toBe(2);
    expect(decoder.op_length(Op.LW)).toBe(4);
    expect(decoder.op_length(Op.ILLEGAL)).toBe(0);
    expect(decoder.op_length(100_000)).toBe(0);
    expect(decoder.op_base(Op.C_LI)).toBe(Op.ADDI);
    expect(decoder.op_base(Op.ADD)).toBe(Op.ADD);
    expect(decoder.op_flow(Op.C_BEQZ)).toBe(decoder.op_flow(Op.BEQ));
    expect(decoder.op_flow(Op.MRET)).not.toBe(decoder.op_flow(Op.ADD));
  });

  it("gives only rare instructions numbers from 256 up", () => {
    for (const insn of wideInstructions) expect(opOf(insn).op < FIRST_EXT_OP, insn.name).toBe(insn.hot);
  });
});
