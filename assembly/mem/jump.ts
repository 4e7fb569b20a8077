/** The jump caches' emptying: what a TLB flush must do to translated code's shortcuts. */

import { HartField } from "../state/layout";
import { Hart, Vm } from "../state/state";
import { base, hart_at } from "../state/regs";
import { HartBlock } from "../shared/constants";

/** Entries that are noted one by one; with more, all are emptied. */
const LOGGED: u32 = 64;

/** What comes with a flush (TLBs, decoded code to be compared) as slow work; see hart/pace.ts. */
const FLUSH_WORK: u32 = 15;

/** Remembers that the entry at `entry` is filled: between two fences few are, and emptying 256 KiB takes longer than they save. */
export function jump_note(hart: Hart, entry: usize): void {
  const n = hart.jumpFills;
  if (n < LOGGED) store<u32>(base(hart) + (n << 2), <u32>(entry - base(hart)), HartField.jumpLog);
  hart.jumpFills = n + 1;
}

/**
 * Empties the jump caches of one hart, and forgets what the regions in them assume. Translated code that is being run must be left then:
 * nobody would notice any more that what it assumes has changed.
 */
export function jump_flush(hart: Hart): void {
  jump_empty(hart);
  for (let i: usize = 0; i < 64; i += 8) store<u64>(base(hart) + i, 0, HartField.codeFilter);
  store<u64>(base(hart), 0, HartField.jumpMode);
  store<u64>(base(hart), 0, HartField.jumpMode + 8);
}

/** Empties them, and no more: what is being run may go on. */
function jump_empty(hart: Hart): void {
  const n = hart.jumpFills;
  hart.countJumpFlush += 1;
  hart.work -= min(hart.work - 1, FLUSH_WORK);
  if (!n) return;
  hart.jumpFills = 0;
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

/** Empties the jump caches of all harts because a decoded page goes; its code has not changed. */
export function jump_empty_all(vm: Vm): void {
  for (let i: u32 = 0; i < vm.hartCount; i++) jump_empty(hart_at(vm, i));
}

/** Empties them when nothing is known of them: at reset. */
export function jump_reset(hart: Hart): void {
  hart.jumpFills = LOGGED + 1;
  jump_flush(hart);
}

// @ts-ignore: decorator
@inline export function filter_byte(hart: Hart, page: u64): usize {
  return base(hart) + HartField.codeFilter + ((<usize>page >> 3) & 63);
}

/** Empties the jump caches if regions in them may lie in the page of `va`. */
export function jump_flush_va(hart: Hart, va: u64): void {
  const page = va >> 12;
  if (load<u8>(filter_byte(hart, page)) & (1 << (<u8>page & 7))) jump_flush(hart);
}
