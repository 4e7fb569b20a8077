/**
 * The direct-mapped TLBs: the shadow page table that caches the composed translation VA -> MA.
 *
 *  hart + HartBlock.TLB
 *    load sets     U | S | S with SUM | M        a set is 512 entries of 16 bytes:
 *    store sets    U | S | S with SUM | M          +0  u64 tag     va of the page; all ones when empty
 *    fetch sets    U | S |  (unused)  | M          +8  u32 addend  ma - va (fetch sets: the decoded code page)
 *                                                  +12 u32 number of the page in RAM (not in fetch sets)
 *
 *    micro-TLBs    U | S | S with SUM | M        64 entries of a load's 16 bytes as above and a store's
 *
 * A store set has only pages that may be stored to as they are (`P2m.WRITABLE`).
 *
 * A micro-TLB's entry belongs to an access of translated code, and holds the page it led to last (dbt/lower/memory.ts).
 *
 * A set belongs to a mode, so changing mode, MPRV or SUM only switches a pointer. An access of n bytes compares the tag with
 * `va & ~0xfff | va & (n - 1)`: misaligned accesses never hit. With `MemoryModel.TLB` an entry is a u64 tag with bit 11 set, which no
 * access has, and the page's u64 pa.
 */

import { CodePool, HartBlock, Priv, Tlb } from "../shared/constants";
import { Status } from "../shared/csr";
import { HartField } from "../state/layout";
import { Hart, Vm } from "../state/state";
import { base, hart_at } from "../state/regs";
import { jump_empty_all, jump_flush, jump_flush_va } from "./jump";
import { stlb_flush, stlb_forget } from "./stlb";

/** The privilege mode that loads and stores use: MPP in M mode with MPRV, else the present one. */
// @ts-ignore: decorator
@inline export function data_priv(hart: Hart): u32 {
  const status = hart.mstatus;
  return status & Status.MPRV && hart.priv == Priv.M ? <u32>(status >> Status.MPP_SHIFT) & 3 : hart.priv;
}

/** Points `tlbLoad` and `tlbFetch` at the sets of the present mode. Call after any change of priv, MPRV, MPP or SUM. */
export function tlb_select(hart: Hart): void {
  const priv = data_priv(hart);
  const set = priv == Priv.S && hart.mstatus & Status.SUM ? 2 : priv;
  const sets = <u32>base(hart) + HartBlock.TLB;
  hart.tlbLoad = sets + set * Tlb.SET_BYTES;
  hart.tlbFetch = sets + Tlb.FETCH_DELTA + hart.priv * Tlb.SET_BYTES;
}

/** Address of the entry for `va` in the set at `set`. */
// @ts-ignore: decorator
@inline export function tlb_entry(set: u32, va: u64): usize {
  return <usize>set + (<usize>(va >> (12 - Tlb.ENTRY_SHIFT)) & (Tlb.INDEX_MASK << Tlb.ENTRY_SHIFT));
}

/** Fills that are noted one by one; with more, all of a set is emptied. */
const LOGGED: u32 = 256;

/** Remembers that `entry` is filled: between two switches of address spaces few are, and emptying 64 KiB takes longer than they save. */
export function tlb_note(hart: Hart, entry: usize): void {
  const n = hart.tlbFills;
  if (n < LOGGED) store<u32>(base(hart) + (n << 2), <u32>(entry - base(hart)), HartField.tlbLog);
  hart.tlbFills = n + 1;
}

/** Empties the micro-TLBs of U and S mode. */
function micro_flush(hart: Hart): void {
  const sets = base(hart) + HartBlock.TLB + Tlb.MICRO_DELTA;
  for (let set: u32 = 0; set < 3; set++) memory.fill(sets + set * Tlb.SET_BYTES, 0xff, Tlb.MICRO_BYTES);
}

/** Empties the sets of U and S mode, which depend on satp and the page tables. */
export function tlb_flush(hart: Hart): void {
  const n = hart.tlbFills;
  if (n > LOGGED) {
    const sets = base(hart) + HartBlock.TLB;
    memory.fill(sets, 0xff, 3 * Tlb.SET_BYTES);
    memory.fill(sets + Tlb.STORE_DELTA, 0xff, 3 * Tlb.SET_BYTES);
    memory.fill(sets + Tlb.FETCH_DELTA, 0xff, 2 * Tlb.SET_BYTES);
  } else {
    for (let i: u32 = 0; i < n; i++) {
      store<u64>(base(hart) + load<u32>(base(hart) + (i << 2), HartField.tlbLog), -1);
    }
  }
  hart.tlbFills = 0;
  hart.largePages = 0;
  micro_flush(hart);
  stlb_flush(hart);
  jump_flush(hart);
}

/** Empties all sets: M mode's too, which depend on PMP alone. */
export function tlb_flush_all(hart: Hart): void {
  memory.fill(base(hart) + HartBlock.TLB, 0xff, Tlb.TOTAL_BYTES);
  hart.tlbFills = 0;
  stlb_flush(hart);
  jump_flush(hart);
  hart.largePages = 0;
}

/** Forgets the translation of one page; the whole TLB when it may be in a superpage. */
export function tlb_flush_va(hart: Hart, va: u64): void {
  if (hart.largePages & gib_bit(va)) {
    tlb_flush(hart);
    return;
  }
  jump_flush_va(hart, va);
  micro_flush(hart);
  const sets = <u32>base(hart) + HartBlock.TLB;
  for (let set: u32 = 0; set < 3; set++) {
    const at = sets + set * Tlb.SET_BYTES;
    store<u64>(tlb_entry(at, va), -1);
    store<u64>(tlb_entry(at + Tlb.STORE_DELTA, va), -1);
    stlb_forget(hart, va, set);
    stlb_forget(hart, va, set + Tlb.DATA_MODES);
    if (set < 2) store<u64>(tlb_entry(at + Tlb.FETCH_DELTA, va), -1);
  }
}

/** One of 64 bits for each GiB, by Fibonacci hashing: kernels put all they map at multiples of 64 GiB. */
// @ts-ignore: decorator
@inline function gib_bit(va: u64): u64 {
  return (<u64>1) << (((va >> 30) * 0x9e3779b97f4a7c15) >> 58);
}

/**
 * Remembers that a superpage of `bytes` at `va` is cached: any address of its GiB may be in it. Kernels map themselves with superpages
 * and change single pages elsewhere all the time; those must not empty the whole TLB.
 */
export function tlb_note_large(hart: Hart, va: u64, bytes: u64): void {
  hart.largePages |= bytes > 1 << 30 ? -1 : gib_bit(va);
}

/** Empties the fetch sets of one hart. */
export function tlb_flush_fetch(hart: Hart): void {
  jump_flush(hart);
  fetch_empty(hart);
}

function fetch_empty(hart: Hart): void {
  memory.fill(base(hart) + HartBlock.TLB + Tlb.FETCH_DELTA, 0xff, 4 * Tlb.SET_BYTES);
}

/** FENCE.I: decoded pages are verified against memory when this hart next enters them. */
export function fence_i(hart: Hart): void {
  code_changed(changetype<Vm>(<usize>hart.vm));
  hart.countFenceI += 1;
  tlb_flush_fetch(hart);
}

/** Decoded pages are verified against memory when the VM next looks them up. */
export function code_changed(vm: Vm): void {
  const pool = <usize>vm.codePages;
  const epoch = load<u64>(pool, CodePool.EPOCH) + 1;
  store<u64>(pool, epoch, CodePool.EPOCH);
  vm.codeEpoch = epoch;
}

/** Empties the fetch sets of every hart of the VM: a decoded page is about to be reused. Translated code may be being run. */
export function tlb_empty_fetch_all(vm: Vm): void {
  jump_empty_all(vm);
  for (let i: u32 = 0; i < vm.hartCount; i++) fetch_empty(hart_at(vm, i));
}
