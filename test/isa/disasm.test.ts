import { describe, expect, it } from "vitest";
import { disassemble } from "../../src/isa/disasm.ts";

/** As objdump 2.40 -M no-aliases prints them (targets with 0x). */
const known: readonly (readonly [number, string])[] = [
  [0xffb58513, "addi\ta0,a1,-5"],
  [0x0000100f, "fence.i"],
  [0x0310000f, "fence\trw,w"],
  [0x0100000f, "pause"],
  [0x00b50863, "beq\ta0,a1,0x80000010"],
  [0x00008067, "jalr\tzero,0(ra)"],
  [0x300022f3, "csrrs\tt0,mstatus,zero"],
  [0x06b6352f, "amoadd.d.aqrl\ta0,a1,(a2)"],
  [0x02c5f553, "fadd.d\tfa0,fa1,fa2"],
  [0x02c59553, "fadd.d\tfa0,fa1,fa2,rtz"],
  [0xd2050553, "fcvt.d.w\tfa0,a0"],
  [0xfffff537, "lui\ta0,0xfffff"],
  [0x0040, "c.addi4spn\ts0,sp,4"],
  [0x7139, "c.addi16sp\tsp,-64"],
  [0x8082, "c.jr\tra"],
];

describe("disassembler", () => {
  it.each(known)("%i is %j", (word, text) => {
    expect(disassemble(word, 0x80000000n).text).toBe(text);
  });

  it("looks only at the low half of a word that begins with a compressed instruction", () => {
    expect(disassemble(0xffff8082, 0n)).toEqual({ text: "c.jr\tra", length: 2 });
  });

  it("prints what is no instruction as data", () => {
    expect(disassemble(0, 0n)).toEqual({ text: ".2byte 0x0", length: 2 });
    expect(disassemble(0xffffffff, 0n)).toEqual({ text: ".4byte 0xffffffff", length: 4 });
  });

  it("wraps branch targets at 64 bits", () => {
    expect(disassemble(0xfe000ee3, 0n).text).toBe("beq\tzero,zero,0xfffffffffffffffc");
  });
});
