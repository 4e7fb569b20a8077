/** The page-table walk of an address, step by step, for people to look at. */

import type { AccessName, Address, Hart, PhysicalMemory } from "../index.ts";
import { virtualAddress } from "../memory/address.ts";

/** How addresses are translated: not at all, or by satp.MODE. */
export type PagingScheme = "Bare" | "Sv39" | "Sv48" | "Sv57";

/** One look at a page-table entry. */
export interface WalkStep {
  /** Level of the table: the root's is the highest, 0 is the table of 4 KiB pages. */
  readonly level: number;
  /** Physical address of the table. */
  readonly tablePa: number;
  /** Which of its 512 entries: the bits of the address that belong to this level. */
  readonly index: number;
  /** The entry; undefined when the table does not lie in RAM. */
  readonly pte?: bigint;
  /** What the entry turned out to be. */
  readonly found: "table" | "page" | "fault";
}

/** A whole walk. */
export interface PageWalk {
  /** The address that was looked up. */
  readonly va: bigint;
  readonly access: AccessName;
  /** Privilege of the access: the hart's mode, or mstatus.MPP with MPRV. */
  readonly mode: "U" | "S" | "M";
  readonly scheme: PagingScheme;
  /** From the root table on; empty when nothing is translated. */
  readonly steps: readonly WalkStep[];
  /** Bytes of the page it ends in: 4 KiB, a superpage, or a NAPOT range. */
  readonly pageBytes?: number;
  /** Where it ends; undefined when the access would fault. */
  readonly pa?: number;
  /** Why the access would fault, as the end of the sentence "It faults: …". */
  readonly fault?: string;
}

/** Flags of a page-table entry, from bit 0 up. (Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System") */
export const PTE_FLAGS = ["V", "R", "W", "X", "U", "G", "A", "D"] as const;

type PteFlag = (typeof PTE_FLAGS)[number];

const PPN_MASK = (1n << 44n) - 1n;
/** Bits 54 to 60 are reserved; in pointers so are D, A, U, and N and PBMT. */
const RESERVED = 0x7fn << 54n;
const POINTER_RESERVED = (1n << 4n) | (1n << 6n) | (1n << 7n) | (7n << 61n);
const NAPOT = 1n << 63n;
const PBMT = 3n << 61n;
const PBMTE = 1n << 62n;
const ADUE = 1n << 61n;
const MPRV = 1n << 17n;
const SUM = 1n << 18n;
const MXR = 1n << 19n;
const NAPOT_BYTES = 65536;

const SCHEMES: Readonly<Record<string, { scheme: PagingScheme; levels: number }>> = {
  8: { scheme: "Sv39", levels: 3 },
  9: { scheme: "Sv48", levels: 4 },
  10: { scheme: "Sv57", levels: 5 },
};

/** Whether `pte` has flag `name`. */
export function pteHas(pte: bigint, name: PteFlag): boolean {
  return ((pte >> BigInt(PTE_FLAGS.indexOf(name))) & 1n) === 1n;
}

/** The physical address that `pte` points at, were it a pointer or a 4 KiB page. */
export function ptePa(pte: bigint): number {
  return Number(((pte >> 10n) & PPN_MASK) << 12n);
}

/**
 * Follows the page tables for `va` as the hart would for a load, a store or a fetch, and keeps what it sees. Changes
 * nothing: no accessed bit, no TLB entry. Its verdict is `hart.translate`'s.
 *
 * @example
 * const walk = walkPageTable(vm.hart(0), vm.memory, vm.hart(0).pc, "fetch");
 * console.log(walk.steps.map(({ index }) => index), walk.pa ?? walk.fault);
 */
export function walkPageTable(
  hart: Hart,
  memory: PhysicalMemory,
  address: Address,
  access: AccessName = "load",
): PageWalk {
  const va = virtualAddress(address);
  const context = contextOf(hart, memory, va, access);
  const walk = context.levels === 0 ? bare(context) : tables(context);
  const pa = hart.translate(va, access);
  if (walk.fault !== undefined || pa !== undefined) return walk;
  const { pa: _refused, ...rest } = walk;
  return { ...rest, fault: "physical memory protection (PMP), or the end of physical memory, is in the way" };
}

interface Context {
  readonly memory: PhysicalMemory;
  readonly va: bigint;
  readonly access: AccessName;
  readonly mode: PageWalk["mode"];
  readonly scheme: PagingScheme;
  /** 0 when addresses are not translated. */
  readonly levels: number;
  readonly root: number;
  readonly status: bigint;
  readonly envcfg: bigint;
}

const MODES = ["U", "S", "M", "M"] as const;

function contextOf(hart: Hart, memory: PhysicalMemory, va: bigint, access: AccessName): Context {
  const status = hart.csr("mstatus");
  const borrowed = access !== "fetch" && hart.mode === "M" && (status & MPRV) !== 0n;
  const mode = borrowed ? MODES[Number((status >> 11n) & 3n)]! : hart.mode;
  const satp = hart.csr("satp");
  const paged = mode === "M" ? undefined : SCHEMES[String(satp >> 60n)];
  return {
    ...{ memory, va, access, mode, status },
    ...(paged ?? { scheme: "Bare", levels: 0 }),
    root: Number((satp & PPN_MASK) << 12n),
    envcfg: hart.csr("menvcfg"),
  };
}

function bare({ va, access, mode, scheme }: Context): PageWalk {
  return { va, access, mode, scheme, steps: [], pa: Number(va) };
}

function tables(context: Context): PageWalk {
  const { memory, va, access, mode, scheme, levels } = context;
  const seen: WalkStep[] = [];
  const base = { va, access, mode, scheme, steps: seen };
  const bits = 12 + 9 * levels;
  if (BigInt.asUintN(64, BigInt.asIntN(bits, va)) !== va) {
    return { ...base, fault: `bits 63 to ${bits} of the address are not all copies of bit ${bits - 1}` };
  }
  let tablePa = context.root;
  for (let level = levels - 1; ; level--) {
    const index = Number((va >> BigInt(12 + 9 * level)) & 0x1ffn);
    const at = { level, tablePa, index };
    const end = (fault: string, pte?: bigint): PageWalk => {
      seen.push({ ...at, ...(pte === undefined ? {} : { pte }), found: "fault" });
      return { ...base, fault };
    };
    if (!memory.contains(tablePa + index * 8, 8)) return end("the table does not lie in RAM");
    const pte = little64(memory.read(tablePa + index * 8, 8));
    const broken = brokenEntry(pte);
    if (broken !== undefined) return end(broken, pte);
    if (pteHas(pte, "R") || pteHas(pte, "X")) {
      const fault = refusal(context, pte, level);
      if (fault !== undefined) return end(fault, pte);
      seen.push({ ...at, pte, found: "page" });
      return { ...base, ...target(va, pte, level) };
    }
    if ((pte & POINTER_RESERVED) !== 0n)
      return end("a pointer to a table has bits set that are reserved in pointers", pte);
    if (level === 0) return end("the last table holds a pointer where a page should be", pte);
    seen.push({ ...at, pte, found: "table" });
    tablePa = ptePa(pte);
  }
}

/** What is wrong with an entry, whatever it is for. */
function brokenEntry(pte: bigint): string | undefined {
  if (!pteHas(pte, "V")) return "the entry is not valid (V is clear)";
  if (pteHas(pte, "W") && !pteHas(pte, "R")) return "the entry is writable but not readable, which is reserved";
  return (pte & RESERVED) === 0n ? undefined : "reserved bits of the entry are set";
}

/** Why the leaf `pte` of `level` does not allow the access. (Privileged ISA, "Virtual Address Translation Process") */
function refusal(context: Context, pte: bigint, level: number): string | undefined {
  return encodingFault(context, pte, level) ?? permissionFault(context, pte) ?? dirtyFault(context, pte);
}

function encodingFault({ envcfg }: Context, pte: bigint, level: number): string | undefined {
  const ppn = (pte >> 10n) & PPN_MASK;
  if ((ppn & ((1n << BigInt(9 * level)) - 1n)) !== 0n) return "the superpage is not aligned to its size";
  const pbmt = pte & PBMT;
  if (pbmt === PBMT || (pbmt !== 0n && (envcfg & PBMTE) === 0n)) return "the memory type (PBMT) is reserved";
  if ((pte & NAPOT) !== 0n && (level !== 0 || (ppn & 15n) !== 8n)) return "the NAPOT encoding is reserved";
  return undefined;
}

function permissionFault({ access, mode, status }: Context, pte: bigint): string | undefined {
  const user = pteHas(pte, "U");
  if (mode === "U" && !user) return "the page is not for U mode (U is clear)";
  if (mode !== "U" && user) {
    if (access === "fetch") return "S mode never executes user pages";
    if ((status & SUM) === 0n) return "it is a user page, and mstatus.SUM is clear";
  }
  if (access === "fetch") return pteHas(pte, "X") ? undefined : "the page is not executable (X is clear)";
  if (access === "store") return pteHas(pte, "W") ? undefined : "the page is not writable (W is clear)";
  const readable = pteHas(pte, "R") || (pteHas(pte, "X") && (status & MXR) !== 0n);
  return readable ? undefined : "the page is not readable (R is clear)";
}

/** Without Svadu the guest sets A and D itself, when it is asked by a fault. */
function dirtyFault({ access, envcfg }: Context, pte: bigint): string | undefined {
  if ((envcfg & ADUE) !== 0n) return undefined;
  if (!pteHas(pte, "A")) return "the page has not been accessed yet (A is clear), and hardware does not set A";
  const dirty = access !== "store" || pteHas(pte, "D");
  return dirty ? undefined : "the page has not been written yet (D is clear), and hardware does not set D";
}

function target(va: bigint, pte: bigint, level: number): { pageBytes: number; pa: number } {
  const pageBytes = (pte & NAPOT) === 0n ? 4096 * 512 ** level : NAPOT_BYTES;
  const page = ptePa(pte);
  return { pageBytes, pa: page - (page % pageBytes) + Number(va % BigInt(pageBytes)) };
}

function little64(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
}
