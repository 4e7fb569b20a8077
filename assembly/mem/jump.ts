/** The jump caches' emptying: what a TLB flush must do to translated code's shortcuts. */

import { HartField } from "../gen/layout";
import { Hart } from "../gen/state";
import { base } from "../hart/regs";
import { HartBlock } from "../shared/constants";

/** Empties the jump caches of one hart. */
export function jump_flush(hart: Hart): void {
  memory.fill(base(hart) + HartBlock.JUMP, 0xff, 4 * HartBlock.JUMP_MODE_BYTES);
  memory.fill(base(hart) + HartField.codeFilter, 0, 64);
  memory.fill(base(hart) + HartField.jumpMode, 0, 16);
  hart.countJumpFlush += 1;
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
