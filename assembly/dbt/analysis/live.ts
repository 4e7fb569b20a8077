/**
 * Which registers a block needs on entry, and which differ there from what the hart's block of memory holds.
 *
 * Masks have x registers in the low half, f registers in the high. Every block may be left in its middle, and an exit writes the dirty
 * registers back: so what is dirty on entry is live on entry.
 */

import { record_op } from "../region/form";
import { Ir, Node, node } from "../ir/node";
import { callout_reads } from "../front/riscv/callout";
import { Block, block, is_call, ordered, succ_count, successor } from "../ir/block";
import { Dbt } from "../ir/dbt";
import { Term } from "../../shared/ir";

/** The value's bit; nothing for x0 and temps. */
// @ts-ignore: decorator
@inline export function bit(value: u32): u64 {
  return value - 1 < 63 ? (<u64>1) << value : 0;
}

/** The registers a node reads. */
export function reads(n: Node): u64 {
  switch (<i32>n.op) {
    case Ir.CONST:
    case Ir.ENTRY:
      return 0;
    case Ir.CALLOUT:
    case Ir.SYSTEM:
    case Ir.CSR:
      return callout_reads(record_op(<u64>n.imm), <u64>n.imm);
    case Ir.MOVE:
    case Ir.BINARY_I:
    case Ir.WORD_I:
    case Ir.COMPARE_I:
    case Ir.UNARY:
    case Ir.UNARY_W:
    case Ir.LOAD:
    case Ir.FLOAT_ROOT:
    case Ir.FLOAT_MOVE:
    case Ir.FLOAT_FROM_INT:
    case Ir.FLOAT_TO_INT:
    case Ir.FLOAT_CONVERT:
    case Ir.FLOAT_CLASS:
      return bit(n.a);
    case Ir.FLOAT_FMA:
      return bit(n.a) | bit(n.b) | bit(n.c);
  }
  return bit(n.a) | bit(n.b);
}

/** The register a node writes. */
// @ts-ignore: decorator
@inline export function writes(n: Node): u64 {
  return n.op == Ir.STORE ? 0 : bit(n.dst);
}

/** What the block's terminator reads. */
export function term_reads(b: Block): u64 {
  if (b.term != Term.BRANCH) return 0;
  return bit((<u32>b.record >> 19) & 31) | bit(<u32>b.record >> 27);
}

export function block_writes(t: Dbt, b: Block): u64 {
  let mask: u64 = 0;
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) mask |= writes(node(t, i));
  return mask;
}

function block_reads_first(t: Dbt, b: Block): u64 {
  let written: u64 = 0;
  let mask: u64 = 0;
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) {
    const n = node(t, i);
    mask |= reads(n) & ~written;
    written |= writes(n);
  }
  return mask | (term_reads(b) & ~written);
}

export function liveness(t: Dbt): void {
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    b.dirtyIn = 0;
    b.liveIn = 0;
  }
  let changed = true;
  while (changed) {
    changed = false;
    for (let i: u32 = 0; i < t.orderCount; i++) {
      const b = ordered(t, i);
      const out = is_call(b) ? 0 : b.dirtyIn | block_writes(t, b);
      for (let s: u32 = 0, n = succ_count(t, b); s < n; s++) {
        const to = successor(t, b, s);
        if (to && add_dirty(block(t, to - 1), out)) changed = true;
      }
    }
  }
  changed = true;
  while (changed) {
    changed = false;
    for (let i = <i32>t.orderCount - 1; i >= 0; i--) {
      const b = ordered(t, i);
      let out: u64 = 0;
      // After a call everything is loaded anew.
      for (let s: u32 = 0, n: u32 = is_call(b) ? 0 : succ_count(t, b); s < n; s++) {
        const to = successor(t, b, s);
        if (to) out |= block(t, to - 1).liveIn;
      }
      const live = block_reads_first(t, b) | b.dirtyIn | (out & ~block_writes(t, b));
      if (live != b.liveIn) {
        b.liveIn = live;
        changed = true;
      }
    }
  }
}

function add_dirty(b: Block, mask: u64): bool {
  if ((b.dirtyIn | mask) == b.dirtyIn) return false;
  b.dirtyIn |= mask;
  return true;
}
