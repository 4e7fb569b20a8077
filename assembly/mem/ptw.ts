/**
 * The page-table walk: Sv39, Sv48 and Sv57 with Svnapot, Svpbmt, Svade and Svadu.
 * (Privileged ISA, "Virtual Address Translation Process"; the numbered comments are that algorithm's steps)
 *
 *   63 62  61 60      54 53                              10 9   8 7 6 5 4 3 2 1 0
 *  +--+------+----------+----------------------------------+-----+-+-+-+-+-+-+-+-+
 *  |N | PBMT | reserved |               PPN                | RSW |D|A|G|U|X|W|R|V|
 *  +--+------+----------+----------------------------------+-----+-+-+-+-+-+-+-+-+
 */

import { Hart, Vm } from "../state/state";
import { raise } from "../state/raise";
import { Access, Cause, Priv } from "../shared/constants";
import { MenvcfgBit, Status } from "../shared/csr";
import { NO_FRAME, phys_ram, phys_ram_store } from "./p2m";
import { pmp_check } from "./pmp";

/**
 * What a walk finds:
 *
 *   63     56 55                     12 11 10    9        4 3  2 1 0
 *  +---------+-------------------------+--+-----+----------+--+-+-+-+
 *  |    0    |  page's address         |0 |LARGE| log2 size|G |X|W|R|
 *  +---------+-------------------------+--+-----+----------+--+-+-+-+
 */
export namespace Walk {
  /** Nothing was translated, and a trap has been raised. */
  export const FAULT: u64 = 0xffff_ffff_ffff_ffff;
  /** The page's physical address: of the 4 KiB that hold the va, also in a superpage. */
  export const PA: u64 = 0x00ff_ffff_ffff_f000;
  /** Loads are allowed at this privilege (by R, or by X with MXR). */
  export const R: u64 = 1;
  /** Stores are allowed at this privilege, and D is set. */
  export const W: u64 = 2;
  /** Fetches are allowed at this privilege. */
  export const X: u64 = 4;
  /** The leaf is marked global. */
  export const G: u64 = 8;
  /** The translation covers more than 4 KiB: a superpage or a NAPOT range. */
  export const LARGE: u64 = 1 << 10;

  /** Bytes that one leaf of this kind covers. */
  // @ts-ignore: decorator
  @inline export function largeBytes(walked: u64): u64 {
    return (<u64>1) << ((walked >> 4) & 0x3f);
  }
}

const PTE_V: u64 = 1 << 0;
const PTE_R: u64 = 1 << 1;
const PTE_W: u64 = 1 << 2;
const PTE_X: u64 = 1 << 3;
const PTE_U: u64 = 1 << 4;
const PTE_G: u64 = 1 << 5;
const PTE_A: u64 = 1 << 6;
const PTE_D: u64 = 1 << 7;
const PTE_RESERVED: u64 = 0x7f << 54;
const PTE_PBMT: u64 = 3 << 61;
const PTE_N: u64 = 1 << 63;
const PPN: u64 = (1 << 44) - 1;

/** Must be clear in a pointer to the next level. */
const POINTER_RESERVED: u64 = PTE_N | PTE_PBMT | PTE_D | PTE_A | PTE_U;

const SATP_SV39: u64 = 8;

// @ts-ignore: decorator
@inline function menvcfg_bit(hart: Hart, bit: u64): bool {
  return ((hart.menvcfg >> bit) & 1) != 0;
}

/** What a walk does about A and D bits that hardware is to set. */
enum Update {
  /** Sets them. */
  DO = 0,
  /** Goes on as if it had. */
  ASSUME = 1,
  /** Gives up. */
  NEVER = 2,
}

/** A walk that ends in an access fault rather than a page fault. */
const ACCESS_FAULT: u64 = Walk.FAULT - 1;

/** A walk that could not set A or D for want of a frame, or has met a table that is not here. */
const SHORT: u64 = Walk.FAULT - 2;

/**
 * Translates `va` for `access` at the effective privilege `priv`, setting A and D where hardware does. Returns a `Walk`
 * word, or `Walk.FAULT` after raising, with tval = `va`.
 */
export function walk(hart: Hart, va: u64, access: u32, priv: u32): u64 {
  const walked = translate(hart, va, access, priv, Update.DO);
  if (walked < SHORT) return walked;
  if (walked == SHORT) raise(hart, Cause.NO_FRAME, va);
  else if (walked == ACCESS_FAULT) raise(hart, access_cause(access), va);
  else raise(hart, page_cause(access), va);
  return Walk.FAULT;
}

/** Like `walk`, but changes nothing and raises nothing: for debuggers. */
export function walk_probe(hart: Hart, va: u64, access: u32, priv: u32): u64 {
  const walked = translate(hart, va, access, priv, Update.ASSUME);
  return walked >= SHORT ? Walk.FAULT : walked;
}

/** What `walk` would find if it changed nothing, not even A and D, and raised nothing; `Walk.FAULT` otherwise. */
export function walk_settled(hart: Hart, va: u64, access: u32, priv: u32): u64 {
  const walked = translate(hart, va, access, priv, Update.NEVER);
  return walked >= SHORT ? Walk.FAULT : walked;
}

// @ts-ignore: decorator
@inline function page_cause(access: u32): u32 {
  return access == Access.FETCH ? Cause.FETCH_PAGE : access == Access.LOAD ? Cause.LOAD_PAGE : Cause.STORE_PAGE;
}

// @ts-ignore: decorator
@inline function access_cause(access: u32): u32 {
  return access == Access.FETCH ? Cause.FETCH_ACCESS : access == Access.LOAD ? Cause.LOAD_ACCESS : Cause.STORE_ACCESS;
}

// @ts-ignore: decorator
@inline function identity(va: u64): u64 {
  return (va & Walk.PA) | (12 << 4) | Walk.R | Walk.W | Walk.X;
}

function translate(hart: Hart, va: u64, access: u32, priv: u32, update: Update): u64 {
  const mode = hart.satp >> 60;
  if (priv == Priv.M || !mode) return va >> 56 ? ACCESS_FAULT : identity(va);
  const levels = <u32>(mode - SATP_SV39) + 3;
  const unused = 64 - (12 + 9 * levels);
  if (<u64>(<i64>(va << unused) >> unused) != va) return Walk.FAULT;
  const vm = changetype<Vm>(<usize>hart.vm);
  // 1. Let a be satp.ppn × PAGESIZE, and let i = LEVELS - 1.
  let a = (hart.satp & PPN) << 12;
  let i = levels - 1;
  while (true) {
    // 2. Let pte be the value at a + va.vpn[i] × PTESIZE.
    const at = a + (((va >> (12 + 9 * i)) & 0x1ff) << 3);
    const ma = phys_ram(vm, at);
    if (ma == NO_FRAME) return SHORT;
    if (!ma || !pmp_allows(hart, at, Access.LOAD)) return ACCESS_FAULT;
    const pte = load<u64>(ma);
    // 3. Invalid, or reserved bits or encodings.
    if (!(pte & PTE_V) || (pte & (PTE_R | PTE_W)) == PTE_W || pte & PTE_RESERVED) return Walk.FAULT;
    // 4. A leaf, or a pointer to the next level.
    if (pte & (PTE_R | PTE_X)) return leaf(hart, va, pte, at, i, access, priv, update);
    if (pte & POINTER_RESERVED || !i) return Walk.FAULT;
    i--;
    a = ((pte >> 10) & PPN) << 12;
  }
}

/** Page tables are read and written with S-mode rights. */
// @ts-ignore: decorator
@inline function pmp_allows(hart: Hart, pa: u64, access: u32): bool {
  return pmp_check(hart, pa, 8, access, Priv.S);
}

/** Steps 5 to 9 for the leaf `pte`, which lies at `at` and is of level `i`. */
function leaf(hart: Hart, va: u64, pte: u64, at: u64, i: u32, access: u32, priv: u32, update: Update): u64 {
  // 5. A superpage must be aligned. (Svnapot, Svpbmt: their reserved encodings)
  const size = 12 + 9 * i;
  const ppn = (pte >> 10) & PPN;
  if (ppn & (((<u64>1) << (9 * i)) - 1) || !pbmt_legal(hart, pte)) return Walk.FAULT;
  const napot = (pte & PTE_N) != 0;
  if (napot && (i || (ppn & 15) != 8)) return Walk.FAULT;
  // 6., 7. The u bit with SUM, then r, w and x with MXR.
  let allowed = permissions(hart, pte, priv);
  const needed: u64 = access == Access.FETCH ? Walk.X : access == Access.LOAD ? Walk.R : Walk.W;
  if (!(allowed & needed)) return Walk.FAULT;
  // 8. A, and D for a store.
  const wanted = access == Access.STORE ? PTE_A | PTE_D : PTE_A;
  if ((pte & wanted) != wanted) {
    if (!menvcfg_bit(hart, MenvcfgBit.ADUE)) return Walk.FAULT;
    if (!pmp_allows(hart, at, Access.STORE)) return ACCESS_FAULT;
    if (update == Update.NEVER) return Walk.FAULT;
    if (update == Update.DO && !set_bits(changetype<Vm>(<usize>hart.vm), at, pte | wanted)) return SHORT;
    pte |= wanted;
  }
  if (!(pte & PTE_D)) allowed &= ~Walk.W;
  // 9. The low part of a superpage's page number comes from va.
  const log2: u64 = napot ? 16 : size;
  const inside = (((<u64>1) << log2) - 1) & ~0xfff;
  const flags = (log2 << 4) | (log2 != 12 ? Walk.LARGE : 0) | (pte & PTE_G ? Walk.G : 0);
  return ((ppn << 12) & ~inside) | (va & inside) | flags | allowed;
}

/** Writes `pte` to RAM at `at`. False when there is no frame for that page. */
function set_bits(vm: Vm, at: u64, pte: u64): bool {
  const ma = phys_ram_store(vm, at);
  if (ma == NO_FRAME) return false;
  store<u64>(ma, pte);
  return true;
}

/** Which of Walk.R, W and X the leaf grants at privilege `priv`. S mode never executes user pages. */
function permissions(hart: Hart, pte: u64, priv: u32): u64 {
  let allowed = (pte >> 1) & (Walk.R | Walk.W | Walk.X);
  if (hart.mstatus & Status.MXR && pte & PTE_X) allowed |= Walk.R;
  if (priv == Priv.U) return pte & PTE_U ? allowed : 0;
  if (!(pte & PTE_U)) return allowed;
  return hart.mstatus & Status.SUM ? allowed & ~Walk.X : 0;
}

/** PBMT is reserved without menvcfg.PBMTE, and 3 always. ("Svpbmt") */
// @ts-ignore: decorator
@inline function pbmt_legal(hart: Hart, pte: u64): bool {
  const pbmt = pte & PTE_PBMT;
  return !pbmt || (pbmt != PTE_PBMT && menvcfg_bit(hart, MenvcfgBit.PBMTE));
}
