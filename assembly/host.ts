/** What the host does to a hart from outside: reset, interrupt lines, remote fences, and a debugger's questions. */

import { decode, decode16 } from "./isa/decode";
import { heat_clear } from "./dbt/profile/heat";
import { module_ready, modules_clear, regions_unlink } from "./dbt/cache/modules";
import { pages_release } from "./code/pages";
import { Dbt } from "./dbt/ir/dbt";
import { dbt_open } from "./dbt/ir/open";
import { CodeSpace, Hart, Vm } from "./state/state";
import { code_of } from "./state/regs";
import { csr_exists, csr_poke, csr_read } from "./hart/csr";
import { csr_read_only } from "./hart/csr_access";
import { interrupt_waits, interrupts_noted, timer_update } from "./hart/interrupt";
import { hart_reset_state } from "./hart/reset";
import { code_changed, data_priv, fence_i, tlb_flush, tlb_flush_all, tlb_select } from "./mem/tlb";
import { jump_flush_all } from "./mem/jump";
import { pmp_changed } from "./mem/pmp";
import { Walk, walk_probe } from "./mem/ptw";
import { Access, Cause, Exit, Install } from "./shared/constants";

/** Puts all CSRs and registers into their reset state and empties the TLBs. The host sets pc, hartid and a0.. afterwards. */
export function hart_reset(hartMa: usize): void {
  const hart = changetype<Hart>(hartMa);
  hart_reset_state(hart);
  hart.trapCause = Cause.NONE;
  hart.exitReason = Exit.NONE;
  hart.attention = 0;
  hart.wfi = 0;
  tlb_flush_all(hart);
  tlb_select(hart);
}

/** Drives the interrupt lines in `mask` (mip's bit positions) to the levels in `value`. */
export function hart_set_lines(hartMa: usize, mask: u32, value: u32): void {
  const hart = changetype<Hart>(hartMa);
  hart.lines = (hart.lines & ~(<u64>mask)) | (value & mask);
  interrupts_noted(hart);
  hart.attention = 1;
}

/** Whether the hart is stalled in WFI with no enabled interrupt pending: 1 or 0. */
export function hart_waits(hartMa: usize): u32 {
  return u32(interrupt_waits(changetype<Hart>(hartMa)));
}

/**
 * mtime is `now`: drives the timer line that Sstc has, and returns the mtime at which that next rises, all ones for never. Call it before
 * the hart runs, and whenever the guest reads mtime from a device.
 */
export function hart_note_time(hartMa: usize, now: u64): u64 {
  return timer_update(changetype<Hart>(hartMa), now);
}

/** A remote SFENCE.VMA, or anything else that makes cached translations stale. */
export function hart_flush(hartMa: usize): void {
  const hart = changetype<Hart>(hartMa);
  tlb_flush(hart);
}

/** A remote FENCE.I. */
export function hart_fence_i(hartMa: usize): void {
  const hart = changetype<Hart>(hartMa);
  fence_i(hart);
}

/** Recomputes what is derived from the architectural state, after the host has written it. */
export function hart_sync(hartMa: usize): void {
  const hart = changetype<Hart>(hartMa);
  pmp_changed(hart);
  tlb_select(hart);
  interrupts_noted(hart);
  hart.attention = 1;
}

/** Reads a CSR as M mode would, into `mmioData`. Returns 0 when the hart has no such CSR. */
export function hart_csr_read(hartMa: usize, csr: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  const priv = hart.priv;
  hart.priv = 3;
  const exists = csr_exists(csr);
  if (exists) hart.mmioData = csr_read(hart, csr);
  hart.priv = priv;
  return u32(exists);
}

/** Writes `mmioData` to a CSR as M mode would. Returns 0 when the hart has no such CSR or it is read-only. */
export function hart_csr_write(hartMa: usize, csr: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  const priv = hart.priv;
  hart.priv = 3;
  const exists = csr_exists(csr) && !csr_read_only(csr);
  if (exists) csr_poke(hart, csr, hart.mmioData);
  hart.priv = priv;
  hart_sync(hartMa);
  return u32(exists);
}

/** The pa behind `va` for `access` (`Access`) in the hart's present mode, or all ones. Raises nothing and fills nothing. */
export function hart_translate(hartMa: usize, va: u64, access: u32): u64 {
  const hart = changetype<Hart>(hartMa);
  const walked = walk_probe(hart, va, access, access == Access.FETCH ? hart.priv : data_priv(hart));
  return walked == Walk.FAULT ? walked : (walked & Walk.PA) | (va & 0xfff);
}

/** The record of an instruction word, for tests. */
export function decode_word(word: u32): u64 {
  return (word & 3) == 3 ? decode(word) : decode16(word);
}

/** Prepares the translator's working memory: `bytes`, zeroed, at `vm.dbt`. */
export function vm_open_translator(vmMa: usize, bytes: u32): void {
  const vm = changetype<Vm>(vmMa);
  dbt_open(changetype<Dbt>(<usize>vm.dbt), bytes);
}

/** The host has compiled, or refused, a module later than it was given it; see `code_install`. Not after a `code_flush`. */
export function vm_code_ready(vmMa: usize, first: u32, count: u32, answer: Install): void {
  module_ready(changetype<Vm>(vmMa), first, count, answer);
}

/** Empties the pages of a pool of decoded code at `pool`, which has `count`, that only the VM at `owner` has used; with 0, all. */
export function code_pages_release(pool: usize, count: u32, owner: u32): void {
  pages_release(pool, count, owner);
}

/** The VM looks anew at code that the host may have changed. */
export function vm_code_changed(vmMa: usize): void {
  code_changed(changetype<Vm>(vmMa));
}

/** The VM runs its translated code no more, which others may have. */
export function vm_leave_code(vmMa: usize): void {
  const vm = changetype<Vm>(vmMa);
  vm.code = 0;
  vm.dbt = 0;
  jump_flush_all(vm);
}

/** Nothing leads to the regions of the translated code at `codeMa` any more: it goes. */
export function code_close(codeMa: usize): void {
  regions_unlink(changetype<CodeSpace>(codeMa));
}

/** Forgets all translated code and what was learnt about its heat. */
export function vm_forget_code(vmMa: usize): void {
  const vm = changetype<Vm>(vmMa);
  if (!vm.dbt) return;
  modules_clear(vm);
  heat_clear(vm);
  code_of(vm).overflows = 0;
}
