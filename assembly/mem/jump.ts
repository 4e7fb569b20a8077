/** The jump caches' emptying: what a TLB flush must do to translated code's shortcuts. */

import { HartField } from "../gen/layout";
import { Hart, Vm } from "../gen/state";
import { base, hart_at } from "../hart/regs";
import { HartBlock } from "../shared/constants";

/** Entries that are noted one by one; with more, all are emptied. */
const LOGGED: u32 = 64;

/** Remembers that the entry at `entry` is filled: between two fences few are, and emptying 256 KiB takes longer than they save. */
export function jump_note(hart: Hart, entry: usize): void {
  const n = hart.jumpFills;
  if (n < LOGGED) store<u32>(base(hart) + (n << 2), <u32>(entry - base(hart)), HartField.jumpLog);
  hart.jumpFills = n + 1;
}

/** Empties the jump caches of one hart. */
export function jump_flush(hart: Hart): void {
  const n = hart.jumpFills;
  hart.countJumpFlush += 1;
  if (!n) return;
  hart.jumpFills = 0;
  memory.fill(base(hart) + HartField.codeFilter, 0, 64);
  memory.fill(base(hart) + HartField.jumpMode, 0, 16);
  if (n > LOGGED) {
    memory.fill(base(hart) + HartBlock.JUMP, 0xff, 4 * HartBlock.JUMP_MODE_BYTES);
    return;
  }
  for (let i: u32 = 0; i < n; i++) {
    store<u64>(base(hart) + load<u32>(base(hart) + (i << 2), HartField.jumpLog), -1);
  }
}

/** Empties the jump caches of all harts. */
export function jump_flush_all(vm: Vm): void {
  for (let i: u32 = 0; i < vm.hartCount; i++) jump_flush(hart_at(vm, i));
}

/** Empties them when nothing is known of them: at reset. */
export function jump_reset(hart: Hart): void {
  hart.jumpFills = LOGGED + 1;
  jump_flush(hart);
}

// @ts-ignore: decorator
@inline export function filter_byte(hart: Hart, page: u64): usize {
  return base(hart) + HartField.codeFilter + (((<usize>page) >> 3) & 63);
}

/** Empties the jump caches if regions in them may lie in the page of `va`. */
export function jump_flush_va(hart: Hart, va: u64): void {
  const page = va >> 12;
  if (load<u8>(filter_byte(hart, page)) & (1 << ((<u8>page) & 7))) jump_flush(hart);
}
