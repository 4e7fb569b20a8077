import { describe, expect, test } from "vitest";
import { frameShape, KNOWN, Unwinder } from "../../src/observe/profile-unwind.ts";
import { assemble } from "../../src/isa/assemble.ts";

const shapeAfter = (source: string) => {
  const code = assemble(source, 0n);
  return frameShape(code, code.length);
};

describe("the shape of a frame", () => {
  test.each([
    ["none before the prologue", "nop", { bytes: 0, ra: undefined }],
    ["none in a leaf", "add a0, a0, a1\nxor a0, a0, a2", { bytes: 0, ra: undefined }],
    ["a leaf's with locals", "addi sp, sp, -64", { bytes: 64, ra: undefined }],
    ["after the usual prologue", "addi sp, sp, -32\nsd ra, 24(sp)\nsd s0, 16(sp)", { bytes: 32, ra: 24 }],
    ["compressed", "c.addi sp, -16\nc.sdsp ra, 8(sp)", { bytes: 16, ra: 8 }],
    ["compressed and large", "c.addi16sp sp, -496\nc.sdsp ra, 488(sp)", { bytes: 496, ra: 488 }],
    ["in two steps", "addi sp, sp, -16\nsd ra, 8(sp)\naddi sp, sp, -2032", { bytes: 2048, ra: 2040 }],
    [
      "after the epilogue",
      "addi sp, sp, -16\nsd ra, 8(sp)\nld ra, 8(sp)\naddi sp, sp, 16",
      { bytes: 0, ra: undefined },
    ],
    ["behind an early return", "addi sp, sp, -16\nsd ra, 8(sp)\naddi sp, sp, 16\nret\nnop", { bytes: 16, ra: 8 }],
    ["not fooled by other stores", "addi sp, sp, -16\nsd a0, 8(sp)\nsd ra, 0(a0)", { bytes: 16, ra: undefined }],
  ])("is %s", (_, source, shape) => {
    expect(shapeAfter(source)).toEqual(shape);
  });

  test("is none for anything at all that is no prologue, and reads nothing beyond the code", () => {
    const code = Uint8Array.from({ length: 255 }, (_, i) => (i * 167) & 0xff);
    for (let length = 0; length < 300; length++) expect(frameShape(code, length).bytes).toBeGreaterThanOrEqual(0);
  });
});

describe("unwinding", () => {
  /** Two functions at 0x1000 and 0x2000, and a stack from 0x8000 on. */
  const outer = assemble("addi sp, sp, -32\nsd ra, 24(sp)\nnop\nnop", 0x1000n);
  const inner = assemble("addi sp, sp, -16\nsd ra, 8(sp)\nnop", 0x2000n);
  const stack = new Uint8Array(64);
  new DataView(stack.buffer).setBigUint64(8, 0x100cn, true);
  const pieces = [
    { at: 0x1000n, bytes: outer },
    { at: 0x2000n, bytes: inner },
    { at: 0x8000n, bytes: stack },
  ];
  const unwinder = () =>
    new Unwinder({
      functionStart: (va) => (va >= 0x1000n && va < 0x3000n ? va & ~0xfffn : undefined),
      read: (va, length) => {
        const piece = pieces.find(({ at, bytes }) => va >= at && va < at + BigInt(bytes.length));
        return piece?.bytes.slice(Number(va - piece.at), Number(va - piece.at) + length);
      },
    });

  test("keeps what it has found out of a bounded number of addresses, however many a guest has", () => {
    let reads = 0;
    const counting = new Unwinder({
      functionStart: (va) => va,
      read: (_, length) => (reads++, new Uint8Array(length)),
    });
    const look = (pc: number) => counting.stack({ pc: BigInt(pc), ra: 0n, sp: 0n }, 2);
    look(0);
    look(0);
    expect(reads).toBe(1);
    for (let pc = 1; pc <= KNOWN; pc++) look(pc);
    look(0);
    expect(reads).toBe(KNOWN + 2);
  });

  test("finds return addresses on the stack, and ends at one that is zero", () => {
    const registers = { pc: 0x2008n, ra: 0x2004n, sp: 0x8000n };
    expect(unwinder().stack(registers, 64)).toEqual([0x2008n, 0x100cn]);
  });

  test("takes ra before the prologue has saved it", () => {
    expect(unwinder().stack({ pc: 0x2000n, ra: 0x100cn, sp: 0x8010n }, 64)).toEqual([0x2000n, 0x100cn]);
  });

  test("without a symbol shows where ra points, and no more", () => {
    expect(unwinder().stack({ pc: 0x9000n, ra: 0x9abcn, sp: 0x8000n }, 64)).toEqual([0x9000n, 0x9abcn]);
  });

  test("ends at a stack that cannot be read, at a stranger on it, and at its depth", () => {
    expect(unwinder().stack({ pc: 0x2008n, ra: 0n, sp: 0xf000n }, 64)).toEqual([0x2008n]);
    expect(unwinder().stack({ pc: 0x2000n, ra: 0x7777n, sp: 0x8000n }, 64)).toEqual([0x2000n]);
    expect(unwinder().stack({ pc: 0x2008n, ra: 0n, sp: 0x8000n }, 1)).toEqual([0x2008n]);
  });
});
