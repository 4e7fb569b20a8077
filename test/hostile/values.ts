/** Values that are worth writing to CSRs, page tables and pointers. */

import { csrs } from "../../src/isa/csr.ts";
import { hardInteger, type Random } from "../../src/isa/random/values.ts";
import { harnessAt } from "./harness.ts";
import * as at from "./layout.ts";
import { Table, tableOf } from "./layout.ts";

const bit = (n: number): bigint => 1n << BigInt(n);

/** Some of the bits of `mask`. */
export function someBits(random: Random, mask: bigint): bigint {
  return random.bits64() & (random.oneIn(2) ? random.bits64() : -1n) & mask;
}

const MSTATUS = 0x7e_79aan;

/** mstatus with mode `mpp` to return to. */
export function mstatusValue(random: Random, mpp = random.pick([0, 1, 2, 3])): bigint {
  const fs = BigInt(random.pick([0, 1, 2, 3, 3, 3, 3, 3, 3, 3])) << 13n;
  const loud = random.oneIn(4) ? someBits(random, MSTATUS) : someBits(random, bit(18) | bit(19) | bit(17) | bit(7));
  return (loud & ~(bit(11) | bit(12) | bit(13) | bit(14))) | fs | (BigInt(mpp) << 11n);
}

const ROOTS = [Table.SV39, Table.SV39, Table.SV48, Table.SV57] as const;

/** satp: mostly one of the hart's page tables. */
export function satpValue(random: Random, hart: number): bigint {
  if (random.oneIn(12)) return (BigInt(random.below(16)) << 60n) | (random.bits64() >> 20n);
  if (random.oneIn(3)) return 0n;
  const table = random.pick(ROOTS);
  const asid = random.oneIn(3) ? BigInt(random.below(4)) << 44n : 0n;
  return (BigInt(8 + table) << 60n) | asid | (tableOf(hart, table) >> 12n);
}

/** pmpaddr: ranges in and around RAM, and anything. */
export function pmpaddrValue(random: Random): bigint {
  const pa = random.pick([at.RAM, at.RAM + BigInt(random.below(64) * at.PAGE), at.RAM + BigInt(at.RAM_BYTES)]);
  const base = (pa + BigInt(random.pick([0, 0, 4, 8, 0x800]))) >> 2n;
  switch (random.below(8)) {
    case 0:
      return random.bits64();
    case 1:
    case 6:
      return -1n;
    case 7:
      // All code, and none or half of the data.
      return (at.RAM >> 2n) | (bit(random.pick([13, 14])) - 1n);
    case 2:
      return base;
    default:
      return base | (bit(random.pick([1, 2, 9, 10, 12, 15])) - 1n);
  }
}

/** pmpcfg: eight entries, most of them off, hardly any locked. */
export function pmpcfgValue(random: Random): bigint {
  let value = 0n;
  const often = random.pick([3, 8, 8]);
  for (let i = 0; i < 8; i++) {
    const on = random.oneIn(often);
    const lock = random.oneIn(40) ? 0x80 : 0;
    value |= BigInt(on ? lock | random.below(32) : 0) << BigInt(8 * i);
  }
  return value;
}

/** medeleg: not what would keep S mode in its own handler for ever, but now and then. */
function medelegValue(random: Random): bigint {
  return random.oneIn(16) ? random.bits64() : someBits(random, 0xa0fdn);
}

function vectorValue(random: Random, table: bigint): bigint {
  return random.oneIn(24) ? random.bits64() : table | BigInt(random.below(3));
}

/** What to write to CSR `number` of `hart`. */
export function csrValue(random: Random, number: number, hart: number): bigint {
  if (random.oneIn(12)) return random.bits64();
  if ((number & ~15) === 0x3b0) return pmpaddrValue(random);
  switch (number) {
    case 0x300:
    case 0x100:
      return mstatusValue(random);
    case 0x180:
      return satpValue(random, hart);
    case 0x3a0:
    case 0x3a2:
      return pmpcfgValue(random);
    case 0x302:
      return medelegValue(random);
    case 0x303:
    case 0x304:
    case 0x104:
    case 0x344:
    case 0x144:
      return someBits(random, 0xaaan);
    case 0x305:
      return vectorValue(random, harnessAt("vectors"));
    case 0x105:
      return vectorValue(random, harnessAt("supervisor_vectors"));
    case 0x30a:
    case 0x10a:
      return someBits(random, bit(63) | bit(62) | bit(61) | 0xf1n);
    case 0x001:
    case 0x002:
    case 0x003:
      return BigInt(random.below(256));
    case 0x14d:
      return BigInt(random.below(20_000));
    case 0x306:
    case 0x106:
      return random.oneIn(2) ? -1n : random.bits64();
  }
  return hardInteger(random);
}

/** What translated code is made by, or what it looks at. */
const weighty = [
  ...[0x300, 0x300, 0x100, 0x180, 0x180, 0x3a0, 0x3a2, 0x3b0, 0x3b1, 0x3b2, 0x3b3, 0x302, 0x303, 0x304, 0x344],
  ...[0x104, 0x144, 0x305, 0x105, 0x30a, 0x10a, 0x001, 0x002, 0x003, 0x14d, 0x306, 0x106, 0xc00, 0xc01, 0xc02],
  ...[0x320, 0xb00, 0xb02, 0x340, 0x341, 0x342, 0x343, 0x140, 0x141, 0x142, 0x143],
];

/** A CSR, mostly one that mode `mode` may have. */
export function csrNumber(random: Random, mode: number): number {
  for (;;) {
    const roll = random.below(20);
    const number = roll === 0 ? random.below(4096) : roll < 13 ? random.pick(weighty) : random.pick(csrs).number;
    if (((number >> 8) & 3) <= mode || random.oneIn(20)) return number;
  }
}

/** A place in the data, near the border of a page now and then. */
export function dataOffset(random: Random): bigint {
  const inside = random.between(at.DATA, at.DATA_END);
  if (random.oneIn(3))
    return BigInt((inside & ~(at.PAGE - 1)) + random.between(-9, 9) + (inside > at.DATA + at.PAGE ? 0 : at.PAGE));
  return BigInt(random.oneIn(3) ? inside : inside & ~7);
}

/** Somewhere within a few bytes of an edge of the address space. */
function edge(random: Random, lastIsCode: boolean): bigint {
  const end = at.RAM + BigInt(at.RAM_BYTES);
  const edges = [at.RAM, 1n << 32n, 1n << 31n, 0n, 1n << 38n, 1n << 47n, 1n << 56n, 1n << 63n, at.USER_ALIAS];
  const ends = lastIsCode
    ? [end + 0x200n]
    : [end, at.USER_ALIAS + BigInt(at.RAM_BYTES), at.LARGE_ALIAS + BigInt(at.RAM_BYTES)];
  return BigInt.asUintN(64, random.pick([...edges, ...ends, ...ends]) + BigInt(random.between(-9, 9)));
}

/** A pointer for loads and stores, to data behind `alias` as often as not. None leads to code or page tables. */
export function pointer(random: Random, alias: bigint, lastIsCode: boolean): bigint {
  const offset = dataOffset(random);
  if (!random.oneIn(3)) return alias + at.RAM + offset;
  switch (random.below(12)) {
    case 0:
    case 1:
      return edge(random, lastIsCode);
    case 2:
      return BigInt(at.DEVICE + 8 * random.below(16));
    case 3:
      return at.USER_ALIAS + offset;
    case 4:
      return at.HIGH_ALIAS + offset;
    case 5:
      return random.pick([at.LARGE_ALIAS, at.LARGE_EDITED]) + offset;
    case 6:
    case 7:
      return at.EDITED + BigInt(random.below(at.EDITED_PAGES * at.PAGE));
    case 8:
      return random.pick([at.RAM + (1n << 32n), (1n << 40n) + at.RAM, 0xffff_ffff_8000_0000n]) + offset;
    default:
      return at.RAM + offset;
  }
}

const R = 2n;
const W = 4n;
const X = 8n;
const U = 16n;
const A = 64n;
const D = 128n;

/** Bits of a leaf that grant something, mostly with A and D. */
function grants(random: Random, mask: bigint): bigint {
  const settled = random.oneIn(4) ? someBits(random, A | D) : A | D;
  return 1n | settled | (someBits(random, mask) | R) | (random.oneIn(10) ? 32n : 0n);
}

/** A page-table entry that is edited in: a page of data, or of what is not RAM, or nonsense. It leads to no code and no page table. */
export function editedEntry(random: Random): bigint {
  const ppn = (at.RAM >> 12n) + (dataOffset(random) >> 12n);
  switch (random.below(10)) {
    case 0:
      return 0n;
    case 1:
      return ((BigInt(random.pick([at.DEVICE, 0, 0x7fff_f000])) >> 12n) << 10n) | grants(random, W | U);
    case 2:
      return (((at.RAM + BigInt(at.RAM_BYTES)) >> 12n) << 10n) | grants(random, W | U);
    case 3:
      // A NAPOT range of 64 KiB, all of it data; and one whose encoding is reserved.
      return (
        bit(63) | (((at.RAM + 0x2_0000n) >> 12n) << 10n) | BigInt(random.pick([8, 8, 4]) << 10) | grants(random, W | U)
      );
    case 4:
      return (ppn << 10n) | grants(random, W | U) | (BigInt(random.below(4)) << 61n);
    case 5:
      return (ppn << 10n) | grants(random, W | U) | bit(54 + random.below(7));
    case 6:
      return (ppn << 10n) | (grants(random, W | U) & ~R);
    default:
      return (ppn << 10n) | grants(random, W | U);
  }
}

/** A superpage that is edited in: all of RAM and what lies behind it, or nonsense. */
export function editedLarge(random: Random): bigint {
  const pa = random.pick([at.RAM, at.RAM, at.RAM + 0x1000n, at.RAM + 0x20_0000n, 0n]);
  return random.oneIn(6) ? 0n : ((pa >> 12n) << 10n) | grants(random, W | U);
}

/** An entry for page `page` of the hart's code: the page itself or another one of its. */
export function codeEntry(random: Random, hart: number): bigint {
  const page = BigInt(random.below(4));
  const pa = at.RAM + BigInt(at.codeOf(hart)) + page * BigInt(at.PAGE);
  return ((pa >> 12n) << 10n) | 1n | R | X | (random.oneIn(6) ? U : 0n) | (random.oneIn(3) ? 0n : A | D);
}

/** The page tables of `hart` at first, as (address, value) pairs. */
export function pageTables(random: Random, hart: number): [pa: bigint, value: bigint][] {
  const table = (name: Table): bigint => tableOf(hart, name);
  const to = (pa: bigint): bigint => ((pa >> 12n) << 10n) | 1n;
  const leaf = (pa: bigint, flags: bigint): bigint => ((pa >> 12n) << 10n) | flags | 1n | A | D;
  const entries: [bigint, bigint][] = [
    [table(Table.SV57), to(table(Table.SV48))],
    [table(Table.SV48), to(table(Table.SV39))],
    [table(Table.SV39) + 8n, to(table(Table.EDITED_2))],
    [table(Table.SV39) + 16n, to(table(Table.SAME_2))],
    [table(Table.SV39) + 24n, leaf(at.RAM, R | W | X | U)],
    [table(Table.SV39) + 32n, to(table(Table.LARGE_2))],
    [table(Table.SV39) + 511n * 8n, leaf(at.RAM, R | W | X)],
    [table(Table.SAME_2), to(table(Table.SAME_1))],
    [table(Table.EDITED_2), to(table(Table.EDITED_1))],
    [table(Table.LARGE_2), leaf(at.RAM, R | W)],
    [table(Table.LARGE_2) + 8n, editedLarge(random)],
  ];
  for (let page = 0; page < at.RAM_BYTES / at.PAGE; page++) {
    const pa = at.RAM + BigInt(page * at.PAGE);
    const offset = page * at.PAGE;
    const isData = offset === 0 || (offset >= 0x1_c000 && offset < at.LAST_PAGE);
    const isCode = offset === at.HARNESS || (offset >= at.codeOf(0) && offset < at.codeOf(2));
    const last = offset === at.LAST_PAGE ? R | X : 0n;
    const flags = isData ? R | W | (random.oneIn(3) ? U : 0n) : isCode ? R | X : last;
    const settled = random.oneIn(6) ? 0n : A | D;
    if (flags !== 0n)
      entries.push([table(Table.SAME_1) + BigInt(8 * page), ((pa >> 12n) << 10n) | flags | settled | 1n]);
  }
  for (let page = 0; page < at.EDITED_PAGES; page++) {
    entries.push([table(Table.EDITED_1) + BigInt(8 * page), editedEntry(random)]);
  }
  return entries;
}
