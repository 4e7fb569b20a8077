import { expect, test } from "vitest";
import { parseElf } from "../../../src/machine/loader/elf.ts";
import { makeElf } from "./elf-maker.ts";
import type { ElfOptions } from "./elf-maker.ts";

const pieces = [{ paddr: 0x8000_0000n, bytes: new Uint8Array(4) }];

function symbolsOf(symbols: NonNullable<ElfOptions["symbols"]>) {
  return parseElf(makeElf({ pieces, symbols })).symbols;
}

test("symbols come sorted by address, with size and kind", () => {
  expect(
    symbolsOf([
      { name: "tohost", address: 0x8000_1000n, info: 0x10 },
      { name: "main", address: 0x8000_0010n, size: 24n, info: 0x12 },
      { name: "table", address: 0x8000_0800n, size: 8n, info: 0x11 },
    ]),
  ).toEqual([
    { name: "main", address: 0x8000_0010n, size: 24, kind: "function" },
    { name: "table", address: 0x8000_0800n, size: 8, kind: "object" },
    { name: "tohost", address: 0x8000_1000n, size: 0, kind: "other" },
  ]);
});

test("undefined, nameless, section and file symbols are left out", () => {
  expect(
    symbolsOf([
      { name: "elsewhere", address: 0n, section: 0 },
      { name: "", address: 1n },
      { name: ".text", address: 2n, info: 3 },
      { name: "main.c", address: 3n, info: 4 },
    ]),
  ).toEqual([]);
});

test("labels that the assembler has made are left out", () => {
  const names = [".L3", "$x", "$xrv64i2p1", "$d", "$dollar", "L", ".data_start"];
  expect(symbolsOf(names.map((name) => ({ name, address: 1n }))).map(({ name }) => name)).toEqual([
    "$dollar",
    "L",
    ".data_start",
  ]);
});

test("names are kept up to a bound, and so are symbols", () => {
  const many = symbolsOf(Array.from({ length: 2 ** 16 }, () => ({ name: "x".repeat(300), address: 1n })));
  expect(many.length).toBe(Math.ceil(2 ** 24 / 300));
  const short = symbolsOf(Array.from({ length: 2 ** 18 + 5 }, (_, index) => ({ name: "y", address: BigInt(index) })));
  expect(short.length).toBe(2 ** 18);
});

test("addresses keep all 64 bits", () => {
  expect(symbolsOf([{ name: "_start", address: 0xffff_ffff_8000_0000n }])[0]!.address).toBe(0xffff_ffff_8000_0000n);
});

test("an endless name is cut", () => {
  expect(symbolsOf([{ name: "x".repeat(5000), address: 1n }])[0]!.name).toBe("x".repeat(512));
});

test("a damaged symbol table gives no symbols and no error", () => {
  const file = makeElf({ pieces, symbols: [{ name: "main", address: 1n }] });
  for (const [offset, value] of [
    [40, 0xffff_ffff_ffff_ffffn],
    [file.length - 2 * 64 + 24, 0xffff_ffff_ffff_ffffn],
    [file.length - 2 * 64 + 32, 0xffff_ffff_ffff_ffffn],
    [file.length - 64 + 24, 0xffff_ffff_0000n],
  ] as const) {
    const damaged = file.slice();
    new DataView(damaged.buffer).setBigUint64(offset, value, true);
    expect(parseElf(damaged).symbols).toEqual([]);
  }
});

test("a file without section headers has no symbols", () => {
  const file = makeElf({ pieces, symbols: [{ name: "main", address: 1n }] });
  new DataView(file.buffer).setUint16(60, 0, true);
  expect(parseElf(file).symbols).toEqual([]);
});
