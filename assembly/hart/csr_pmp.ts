/** pmpcfg and pmpaddr. (Privileged ISA, "Physical Memory Protection CSRs", "Locking and Privilege Mode") */

import { HartField } from "../gen/layout";
import { Hart } from "../gen/state";
import { pmp_changed } from "../mem/pmp";
import { PmpCfg, PmpMatch } from "../shared/csr";
import { base } from "./regs";

/** Entries in all. */
const ENTRIES: u32 = 16;

/** pmpaddr holds bits 55 to 2 of an address. */
export const PMPADDR_WRITABLE: u64 = (1 << 54) - 1;

/** The eight pmpcfg bytes from entry `first`, which is 0 or 8. */
export function pmpcfg_read(hart: Hart, first: u32): u64 {
  return load<u64>(base(hart) + first, HartField.pmpcfg);
}

export function pmpcfg_write(hart: Hart, first: u32, value: u64): void {
  for (let i = first; i < first + 8; i++) {
    write_entry(hart, i, (<u32>value) & PmpCfg.WRITABLE);
    value >>= 8;
  }
  pmp_changed(hart);
}

/** A locked entry stays, and the reserved R = 0, W = 1 is not taken, as in QEMU. */
function write_entry(hart: Hart, index: u32, cfg: u32): void {
  if (cfg_of(hart, index) & PmpCfg.L) return;
  if ((cfg & (PmpCfg.R | PmpCfg.W)) == PmpCfg.W) return;
  store<u8>(base(hart) + index, cfg, HartField.pmpcfg);
}

// @ts-ignore: decorator
@inline function cfg_of(hart: Hart, index: u32): u32 {
  return load<u8>(base(hart) + index, HartField.pmpcfg);
}

export function pmpaddr_read(hart: Hart, index: u32): u64 {
  return load<u64>(base(hart) + (index << 3), HartField.pmpaddr);
}

export function pmpaddr_write(hart: Hart, index: u32, value: u64): void {
  if (cfg_of(hart, index) & PmpCfg.L || bounds_locked(hart, index + 1)) return;
  store<u64>(base(hart) + (index << 3), value & PMPADDR_WRITABLE, HartField.pmpaddr);
  pmp_changed(hart);
}

/** Whether entry `index` is a locked TOR range, whose lower bound (the pmpaddr before it) is locked with it. */
// @ts-ignore: decorator
@inline function bounds_locked(hart: Hart, index: u32): bool {
  if (index == ENTRIES) return false;
  const cfg = cfg_of(hart, index);
  return (cfg & PmpCfg.L) != 0 && ((cfg >> PmpCfg.A_SHIFT) & PmpCfg.A_MASK) == PmpMatch.TOR;
}
