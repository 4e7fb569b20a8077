/** Physical memory protection: sixteen entries, exact to four bytes. (Privileged ISA, "Physical Memory Protection") */

import { HartField } from "../state/layout";
import { Hart, Vm } from "../state/state";
import { base } from "../state/regs";
import { Access, Priv } from "../shared/constants";
import { Pmp, PmpCfg, PmpMatch } from "../shared/csr";
import { tlb_flush_all } from "./tlb";

/** How an entry and a range of addresses meet. */
enum Overlap {
  NONE,
  PART,
  ALL,
}

// @ts-ignore: decorator
@inline function cfg_of(hart: Hart, index: u32): u32 {
  return load<u8>(base(hart) + index, HartField.pmpcfg);
}

// @ts-ignore: decorator
@inline function addr_of(hart: Hart, index: u32): u64 {
  return load<u64>(base(hart) + (index << 3), HartField.pmpaddr);
}

/**
 * Recomputes what follows from the entries, and forgets what was allowed by them before. To be called after every change of a pmpcfg or
 * pmpaddr, whoever made it: TLBs and translated code do not look at the entries themselves.
 */
export function pmp_changed(hart: Hart): void {
  let count: u32 = Pmp.ENTRIES;
  while (count && !(cfg_of(hart, count - 1) & (PmpCfg.A_MASK << PmpCfg.A_SHIFT))) count--;
  hart.pmpActive = count;
  const others: u32 = is_open(hart, Priv.S) ? (1 << Priv.U) | (1 << Priv.S) : 0;
  hart.pmpOpen = others | (is_open(hart, Priv.M) ? 1 << Priv.M : 0);
  tlb_flush_all(hart);
}

/** Whether privilege `priv` may do anything to any byte of RAM. */
function is_open(hart: Hart, priv: u32): bool {
  const vm = changetype<Vm>(<usize>hart.vm);
  const last = vm.ramPa + vm.ramSize - 1;
  for (let i: u32 = 0; i < hart.pmpActive; i++) {
    const overlap = overlap_of(hart, i, vm.ramPa, last);
    if (overlap == Overlap.NONE) continue;
    const cfg = cfg_of(hart, i);
    if (overlap != Overlap.ALL) return false;
    return permits(cfg, Access.FETCH, priv) && permits(cfg, Access.LOAD, priv) && permits(cfg, Access.STORE, priv);
  }
  return priv == Priv.M;
}

/**
 * Whether `access` to `bytes` at `pa` is allowed at privilege `priv`. The first entry that matches any byte decides, and fails
 * when it does not match all. Without a match only M mode passes, also while every entry is off: as in QEMU.
 */
export function pmp_check(hart: Hart, pa: u64, bytes: u32, access: u32, priv: u32): bool {
  const count = hart.pmpActive;
  const last = pa + <u64>(bytes - 1);
  for (let i: u32 = 0; i < count; i++) {
    const overlap = overlap_of(hart, i, pa, last);
    if (overlap == Overlap.NONE) continue;
    return overlap == Overlap.ALL && permits(cfg_of(hart, i), access, priv);
  }
  return priv == Priv.M;
}

/** Whether one verdict holds for the whole 4 KiB page at `pa`, so that a TLB may keep it. */
export function pmp_page_uniform(hart: Hart, pa: u64): bool {
  const count = hart.pmpActive;
  const first = pa & ~0xfff;
  for (let i: u32 = 0; i < count; i++) {
    const overlap = overlap_of(hart, i, first, first | 0xfff);
    if (overlap != Overlap.NONE) return overlap == Overlap.ALL;
  }
  return true;
}

/** In M mode only locked entries bind. */
// @ts-ignore: decorator
@inline function permits(cfg: u32, access: u32, priv: u32): bool {
  if (priv == Priv.M && !(cfg & PmpCfg.L)) return true;
  const needed: u32 = access == Access.FETCH ? PmpCfg.X : access == Access.LOAD ? PmpCfg.R : PmpCfg.W;
  return (cfg & needed) != 0;
}

/** How entry `index` meets the addresses `first` to `last`. */
function overlap_of(hart: Hart, index: u32, first: u64, last: u64): u32 {
  const match = (cfg_of(hart, index) >> PmpCfg.A_SHIFT) & PmpCfg.A_MASK;
  if (match == PmpMatch.OFF) return Overlap.NONE;
  const addr = addr_of(hart, index);
  let low = addr << 2;
  let high = low | 3;
  if (match == PmpMatch.NAPOT) {
    // The trailing ones and the zero above them are free.
    const free = addr ^ (addr + 1);
    low = (addr & ~free) << 2;
    high = low | (free << 2) | 3;
  } else if (match == PmpMatch.TOR) {
    const from: u64 = index ? addr_of(hart, index - 1) : 0;
    if (from >= addr) return Overlap.NONE;
    low = from << 2;
    high = (addr << 2) - 1;
  }
  if (last < low || first > high) return Overlap.NONE;
  return first >= low && last <= high ? Overlap.ALL : Overlap.PART;
}
