/** The symbol table of an ELF file: for HTIF, signatures and profiles. A damaged table gives fewer symbols, no error. */

import type { Symbol } from "./loaded-image.ts";

const SHT_SYMTAB = 2;
const SHDR_BYTES = 64;
const SYM_BYTES = 24;
const SHN_UNDEF = 0;
const STT_OBJECT = 1;
const STT_FUNC = 2;
const STT_SECTION = 3;
const STT_FILE = 4;

/** Bounds on what a hostile table can cost: entries looked at, symbols kept, and bytes of their names, one and all. */
const MAX_ENTRIES = 1 << 20;
const MAX_SYMBOLS = 1 << 18;
const MAX_NAME = 512;
const MAX_NAMES = 1 << 24;

/** What assemblers make by themselves: local labels, and mapping symbols. (RISC-V ELF psABI, "Mapping Symbol") */
const AUTOMATIC = /^(?:\.L|\$(?:d|x|xrv.*)$)/;

const decoder = new TextDecoder();

/** The defined symbols of the first symbol table that somebody has named, sorted by address. */
export function readElfSymbols(bytes: Uint8Array, view: DataView): Symbol[] {
  const sections = sectionHeaders(view);
  const table = sections.find((section) => section.type === SHT_SYMTAB);
  const strings = table && sections[table.link];
  if (table === undefined || strings === undefined) return [];
  const names = bytes.subarray(strings.offset, strings.offset + strings.size);
  const count = Math.min(MAX_ENTRIES, Math.floor(table.size / SYM_BYTES));
  const symbols: Symbol[] = [];
  let nameBytes = 0;
  for (let index = 0; index < count && symbols.length < MAX_SYMBOLS && nameBytes < MAX_NAMES; index++) {
    const symbol = readSymbol(view, table.offset + index * SYM_BYTES, names);
    if (symbol === undefined) continue;
    symbols.push(symbol);
    nameBytes += symbol.name.length;
  }
  return symbols.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** The sections that lie inside the file; the others are empty. */
function sectionHeaders(view: DataView): Section[] {
  const table = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  if (view.getUint16(58, true) !== SHDR_BYTES || table + count * SHDR_BYTES > view.byteLength) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * SHDR_BYTES;
    const offset = Number(view.getBigUint64(at + 24, true));
    const size = Number(view.getBigUint64(at + 32, true));
    const inside = offset + size <= view.byteLength;
    const link = view.getUint32(at + 40, true);
    return { type: view.getUint32(at + 4, true), offset: inside ? offset : 0, size: inside ? size : 0, link };
  });
}

function readSymbol(view: DataView, at: number, names: Uint8Array): Symbol | undefined {
  const type = view.getUint8(at + 4) & 0xf;
  if (view.getUint16(at + 6, true) === SHN_UNDEF || type === STT_SECTION || type === STT_FILE) return undefined;
  const name = readName(names, view.getUint32(at, true));
  if (name === "" || AUTOMATIC.test(name)) return undefined;
  return {
    name,
    address: view.getBigUint64(at + 8, true),
    size: Number(BigInt.asUintN(53, view.getBigUint64(at + 16, true))),
    kind: type === STT_FUNC ? "function" : type === STT_OBJECT ? "object" : "other",
  };
}

function readName(names: Uint8Array, offset: number): string {
  const window = names.subarray(offset, offset + MAX_NAME);
  const end = window.indexOf(0);
  return decoder.decode(end < 0 ? window : window.subarray(0, end));
}
