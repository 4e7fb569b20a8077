import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isElf, parseElf } from "../../../src/machine/loader/elf.ts";
import { codeOf, makeElf } from "./elf-maker.ts";

const bytes = new Uint8Array([1, 2, 3, 4]);
const plain = makeElf({ entry: 0x8000_0004n, pieces: [{ paddr: 0x8000_0000n, bytes, memorySize: 0x100n }] });

function patched(offset: number, ...values: number[]): Uint8Array {
  const file = plain.slice();
  file.set(values, offset);
  return file;
}

describe("well-formed files", () => {
  test("segments lie at their physical addresses", () => {
    const image = parseElf(plain);
    expect([image.format, image.relocatable, image.entry]).toEqual(["elf", false, 0x8000_0004]);
    expect(image.segments).toEqual([{ address: 0x8000_0000, bytes, memorySize: 0x100 }]);
  });

  test("a virtual entry is entered at its physical place", () => {
    const vaddr = 0xffff_ffff_8000_0000n;
    const piece = { vaddr, paddr: 0x8020_0000n, bytes, memorySize: 0x100n };
    expect(parseElf(makeElf({ entry: vaddr + 2n, pieces: [piece] })).entry).toBe(0x8020_0002);
  });

  test("headers of other types and empty segments are skipped", () => {
    const note = { type: 4, paddr: 0n, bytes };
    const empty = { paddr: 0xffff_ffff_ffff_0000n, bytes: new Uint8Array(0) };
    const image = parseElf(makeElf({ pieces: [note, { paddr: 0x8000_0000n, bytes }, empty] }));
    expect(image.segments.length).toBe(1);
  });

  test("a position-independent file linked at 0 is relocatable, counted from its lowest page", () => {
    const pieces = [
      { paddr: 0x1000n, bytes },
      { paddr: 0x3000n, bytes },
    ];
    const image = parseElf(makeElf({ type: 3, entry: 0x1002n, pieces }));
    expect([image.relocatable, image.entry, image.segments.map(({ address }) => address)]).toEqual([
      true,
      2,
      [0, 0x2000],
    ]);
  });

  test("a position-independent file linked into RAM stays there", () => {
    const image = parseElf(makeElf({ type: 3, pieces: [{ paddr: 0x8000_0000n, bytes }] }));
    expect([image.relocatable, image.segments[0]!.address]).toEqual([false, 0x8000_0000]);
  });

  test("a physical entry is taken as it is, and 0 is where the file begins", () => {
    const piece = { vaddr: 0xffff_ffff_8000_0000n, paddr: 0x8020_0000n, bytes };
    expect(parseElf(makeElf({ entry: 0x8020_0002n, pieces: [piece] })).entry).toBe(0x8020_0002);
    expect(parseElf(makeElf({ entry: 0n, pieces: [piece] })).entry).toBe(0x8020_0000);
    expect(parseElf(makeElf({ type: 3, entry: 0n, pieces: [{ paddr: 0n, bytes }] })).entry).toBe(0);
  });

  test("only ELF files look like ELF files", () => {
    expect([isElf(plain), isElf(new Uint8Array([0x7f, 0x45])), isElf(new Uint8Array(0))]).toEqual([true, false, false]);
  });
});

describe("files that cannot be loaded", () => {
  test.each([
    ["a 32-bit file", patched(4, 1), "elf-class"],
    ["a big-endian file", patched(5, 2), "elf-class"],
    ["a file for x86-64", patched(18, 62, 0), "elf-machine"],
    ["an object file", patched(16, 1, 0), "elf-type"],
    ["a core dump", patched(16, 4, 0), "elf-type"],
    ["half a header", plain.subarray(0, 40), "elf-truncated"],
    ["program headers outside", patched(32, 0xff, 0xff, 0xff), "elf-truncated"],
    ["program headers beyond 2^63", patched(32, ...new Array<number>(8).fill(0xff)), "elf-truncated"],
    ["65535 program headers", patched(56, 0xff, 0xff), "elf-truncated"],
    ["program headers of another size", patched(54, 32, 0), "elf-segment"],
    ["no program headers", patched(56, 0, 0), "elf-segment"],
    ["a segment outside the file", patched(64 + 8, 0xff, 0xff), "elf-truncated"],
    ["a segment larger in the file than in memory", patched(64 + 40, 3, 0), "elf-segment"],
    ["a segment at the end of the address space", patched(64 + 24, ...new Array<number>(8).fill(0xff)), "elf-segment"],
    ["a segment as large as the address space", patched(64 + 40, ...new Array<number>(8).fill(0xff)), "elf-segment"],
    ["an entry at an odd address", patched(24, 5), "elf-entry"],
    ["an entry that no segment has", patched(24, 0, 1), "elf-entry"],
    ["an entry at the end of the address space", patched(24, ...new Array<number>(8).fill(0xfe)), "elf-entry"],
  ])("%s is refused", (_what, file, code) => {
    expect(codeOf(() => parseElf(file))).toBe(code);
  });

  test("segments that overlap are refused, wherever they stand in the file", () => {
    const piece = (paddr: bigint, memorySize: bigint) => ({ paddr, bytes, memorySize });
    const [low, high] = [piece(0x8000_0000n, 0x1001n), piece(0x8000_1000n, 0x10n)];
    for (const pieces of [
      [low, high],
      [high, low],
    ])
      expect(codeOf(() => parseElf(makeElf({ pieces })))).toBe("elf-segment");
    const beside = [piece(0x8000_1000n, 0x10n), piece(0x8000_0000n, 0x1000n)];
    expect(parseElf(makeElf({ pieces: beside })).segments.length).toBe(2);
  });

  test("a damaged file parses or is refused with an elf code, never anything else", () => {
    const file = makeElf({
      pieces: [
        { paddr: 0x8000_0000n, bytes },
        { paddr: 0x8000_1000n, bytes },
      ],
      symbols: [{ name: "tohost", address: 0x8000_1000n }],
    });
    const place = fc.oneof(fc.nat(0x100), fc.nat(file.length - 1));
    const damage = fc.array(fc.tuple(place, fc.oneof(fc.constant(0xff), fc.nat(255))), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(file.length), (changes, length) => {
        const damaged = file.slice();
        for (const [at, value] of changes) if (at >= 4 && at < damaged.length) damaged[at] = value;
        const cut = changes.length > 4 ? damaged.subarray(0, Math.max(64, length)) : damaged;
        return /^(none|elf-[a-z]+)$/.test(codeOf(() => parseElf(cut)));
      }),
      { numRuns: 3000 },
    );
  });
});
