/** ELF64 executables for RISC-V. (System V ABI, "Object Files"; RISC-V ELF psABI) */

import { WasmvisorError } from "../../error.ts";
import { MEMMAP } from "../memmap.ts";
import { readElfSymbols } from "./elf-symbols.ts";
import type { LoadedImage, Segment } from "./loaded-image.ts";

const EI_CLASS_64 = 2;
const EI_DATA_LSB = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const EM_RISCV = 243;
const PT_LOAD = 1;
const EHDR_BYTES = 64;
const PHDR_BYTES = 56;
/** What a relocatable image's load address must be a multiple of. */
const PAGE = 4096;

/** Whether `bytes` begin like any ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * The loadable segments at their physical addresses, the entry and the symbols. A position-independent executable linked
 * below RAM is relocatable; one linked into RAM goes where it says, as QEMU has it. A file without an entry (`e_entry` 0)
 * is entered where it begins.
 * @throws WasmvisorError `elf-class`, `elf-machine`, `elf-type`, `elf-truncated`, `elf-segment`.
 */
export function parseElf(bytes: Uint8Array): LoadedImage {
  if (bytes.length < EHDR_BYTES) throw truncated("its header", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = checkIdentity(bytes, view);
  const headers = programHeaders(view);
  if (headers.length === 0) {
    throw new WasmvisorError("elf-segment", "The ELF file has nothing to load; link it as an executable.");
  }
  const lowest = headers.reduce((least, { paddr }) => (paddr < least ? paddr : least), headers[0]!.paddr);
  const relocatable = type === ET_DYN && lowest < BigInt(MEMMAP.dram.pa);
  const base = relocatable ? lowest - (lowest % BigInt(PAGE)) : 0n;
  checkOverlap(headers);
  const segments = headers.map((header) => segment(bytes, header, base));
  const entry = entryOf(view.getBigUint64(24, true), headers, lowest, base);
  return {
    format: "elf",
    relocatable,
    alignment: PAGE,
    segments,
    entry,
    nextEntry: lowestCode(segments) ?? entry,
    symbols: readElfSymbols(bytes, view),
  };
}

interface ProgramHeader {
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly fileSize: bigint;
  readonly memorySize: bigint;
}

function checkIdentity(bytes: Uint8Array, view: DataView): number {
  if (bytes[4] !== EI_CLASS_64 || bytes[5] !== EI_DATA_LSB) {
    throw new WasmvisorError("elf-class", "The ELF file is not 64-bit little-endian; build it for riscv64.");
  }
  const machine = view.getUint16(18, true);
  if (machine !== EM_RISCV) {
    throw new WasmvisorError(
      "elf-machine",
      `The ELF file is for another machine (e_machine ${machine}); build it for riscv64.`,
      { machine },
    );
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new WasmvisorError("elf-type", "The ELF file is not an executable; link it before loading it.", { type });
  }
  return type;
}

/** The PT_LOAD headers that take memory. */
function programHeaders(view: DataView): ProgramHeader[] {
  const table = view.getBigUint64(32, true);
  const entryBytes = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  if (count > 0 && entryBytes !== PHDR_BYTES) {
    throw new WasmvisorError("elf-segment", `The ELF file has program headers of ${entryBytes} bytes; rebuild it.`);
  }
  if (table + BigInt(count * PHDR_BYTES) > BigInt(view.byteLength)) {
    throw truncated("its program headers", view.byteLength);
  }
  const headers: ProgramHeader[] = [];
  for (let index = 0; index < count; index++) {
    const at = Number(table) + index * PHDR_BYTES;
    if (view.getUint32(at, true) !== PT_LOAD) continue;
    const [offset, vaddr, paddr, fileSize, memorySize] = [8, 16, 24, 32, 40].map((field) =>
      view.getBigUint64(at + field, true),
    ) as [bigint, bigint, bigint, bigint, bigint];
    if (memorySize > 0n) headers.push({ offset, vaddr, paddr, fileSize, memorySize });
  }
  return headers;
}

function segment(bytes: Uint8Array, header: ProgramHeader, base: bigint): Segment {
  const { offset, fileSize, memorySize } = header;
  if (offset + fileSize > BigInt(bytes.length)) throw truncated("a segment", bytes.length);
  if (fileSize > memorySize) {
    throw new WasmvisorError(
      "elf-segment",
      "The ELF file has a segment larger in the file than in memory; rebuild it.",
    );
  }
  return {
    address: address(header.paddr - base),
    bytes: bytes.subarray(Number(offset), Number(offset + fileSize)),
    memorySize: address(memorySize),
  };
}

/** Where the image begins; nowhere when the linker has put the file's own header there. */
function lowestCode(segments: readonly Segment[]): number | undefined {
  const first = segments.reduce((least, other) => (other.address < least.address ? other : least));
  return isElf(first.bytes) || first.address % 2 !== 0 ? undefined : first.address;
}

/** As in QEMU, where two segments claim the same memory it is not clear what should be there. */
function checkOverlap(headers: readonly ProgramHeader[]): void {
  const sorted = [...headers].sort((a, b) => (a.paddr < b.paddr ? -1 : a.paddr > b.paddr ? 1 : 0));
  const second = sorted.find(({ paddr }, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.paddr + before.memorySize > paddr;
  });
  if (second === undefined) return;
  throw new WasmvisorError(
    "elf-segment",
    `The ELF file has two segments at 0x${second.paddr.toString(16)}; link it so that they do not overlap.`,
    { address: second.paddr },
  );
}

/**
 * Where the file is entered, counted from `base`. Entries are virtual; the segment that holds one says where that is
 * physically. Some kernels give a physical one.
 */
function entryOf(entry: bigint, headers: readonly ProgramHeader[], lowest: bigint, base: bigint): number {
  if (entry === 0n && base === 0n) return address(lowest);
  const within = (start: bigint, { memorySize }: ProgramHeader) => entry >= start && entry - start < memorySize;
  const virtual = headers.find((header) => within(header.vaddr, header));
  const pa = virtual === undefined ? entry : entry - virtual.vaddr + virtual.paddr;
  const known = virtual !== undefined || headers.some((header) => within(header.paddr, header));
  if (!known || (pa & 1n) !== 0n) {
    throw new WasmvisorError(
      "elf-entry",
      `The ELF file is entered at 0x${entry.toString(16)}, where it has no instruction; give the linker an entry (-e).`,
      { entry },
    );
  }
  return address(pa - base);
}

/** What no guest can have is refused here, so that all later arithmetic is exact. */
function address(value: bigint): number {
  if (value >= 0n && value <= 0xff_ffff_ffff_ffn) return Number(value);
  throw new WasmvisorError(
    "elf-segment",
    `The ELF file wants memory at 0x${BigInt.asUintN(64, value).toString(16)}, where there is none; link it for 0x80000000.`,
  );
}

function truncated(what: string, length: number): WasmvisorError {
  return new WasmvisorError("elf-truncated", `The ELF file ends before ${what} does; copy or build it again.`, {
    length,
  });
}
