/**
 * The second-level TLB: translations that have lost their place in the direct-mapped sets of tlb.ts, where two pages 2 MiB apart
 * cannot be together. It is looked at on a miss, in place of a walk.
 *
 *  hart + HartBlock.STLB    2048 sets of two entries, the one that came last first
 *     +0  u64 tag          va of the page | the TLB set it is for: mode and kind of access
 *     +8  u32 page         its number in RAM: where that lies is the p2m's to say, so pages may move and become read-only
 *     +12 u32 generation   an entry of another generation than the hart's is empty, so a flush is one addition
 */

import { Hart, Vm } from "../state/state";
import { base } from "../state/regs";
import { HartBlock, P2m, Stlb, Tlb } from "../shared/constants";

const ENTRY_BYTES: usize = 16;

/** Which TLB set `entry` belongs to: 0 to 7. */
// @ts-ignore: decorator
@inline function kind_of(hart: Hart, entry: usize): u64 {
  return (entry - base(hart) - HartBlock.TLB) / <usize>Tlb.SET_BYTES;
}

/** The set for `tag`: pages that lie a power of two apart go to different ones. */
function set_of(hart: Hart, tag: u64): usize {
  const hash = <usize>((tag >> 12) ^ (tag >> 21) ^ (tag >> 30) ^ (tag << 8));
  return base(hart) + HartBlock.STLB + ((hash & (Stlb.SETS - 1)) << Stlb.SET_SHIFT);
}

// @ts-ignore: decorator
@inline function holds(hart: Hart, at: usize, tag: u64): bool {
  return load<u64>(at) == tag && load<u32>(at, 12) == hart.stlbGeneration;
}

/** Fills the TLB entry at `entry` for the page of `va` from the second level. False when it is not there. */
export function stlb_refill(hart: Hart, va: u64, entry: usize): bool {
  const page = va & ~0xfff;
  const tag = page | kind_of(hart, entry);
  let at = set_of(hart, tag);
  if (!holds(hart, at, tag)) {
    at += ENTRY_BYTES;
    if (!holds(hart, at, tag)) return false;
  }
  const number = load<u32>(at, 8);
  const vm = changetype<Vm>(<usize>hart.vm);
  const frame = load<u32>(<usize>vm.p2m + ((<usize>number) << 2));
  const wanted: u32 = tag & Tlb.DATA_MODES ? P2m.WRITABLE : P2m.PRESENT;
  if ((frame & (wanted | P2m.UNUSED)) != wanted) return false;
  store<u64>(entry, page);
  store<u32>(entry, (frame & ~P2m.FLAGS) - <u32>page, 8);
  store<u32>(entry, number, 12);
  return true;
}

/** Keeps what the TLB entry at `entry` has just been filled with. */
export function stlb_keep(hart: Hart, entry: usize): void {
  const tag = load<u64>(entry) | kind_of(hart, entry);
  const at = set_of(hart, tag);
  memory.copy(at + ENTRY_BYTES, at, ENTRY_BYTES);
  store<u64>(at, tag);
  store<u32>(at, load<u32>(entry, 12), 8);
  store<u32>(at, hart.stlbGeneration, 12);
}

/** Forgets the page of `va` in the TLB set number `kind`. */
export function stlb_forget(hart: Hart, va: u64, kind: u64): void {
  const tag = (va & ~0xfff) | kind;
  const at = set_of(hart, tag);
  if (load<u64>(at) == tag) store<u32>(at, 0, 12);
  if (load<u64>(at, ENTRY_BYTES) == tag) store<u32>(at, 0, ENTRY_BYTES + 12);
}

/** Empties it. */
export function stlb_flush(hart: Hart): void {
  hart.stlbGeneration += 1;
  if (hart.stlbGeneration) return;
  // The counter has come round: what is old would look new.
  memory.fill(base(hart) + HartBlock.STLB, 0, (<usize>Stlb.SETS) << Stlb.SET_SHIFT);
  hart.stlbGeneration = 1;
}
