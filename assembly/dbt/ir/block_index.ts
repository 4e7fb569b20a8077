/** The blocks of the region being formed, by address: a hash of where they begin, and a filter of the instructions that lie in them. */

import { Block, block, BLOCK_BYTES } from "./block";
import { Dbt, FINDER_BYTES } from "./dbt";

/** Heads of the hash's chains: u16, a block's index + 1. The filter stands behind them, a bit for each of its values. */
const HEAD_BITS: u32 = 9;
const FILTER: usize = 2 << HEAD_BITS;
const FILTER_BITS: u32 = 14;

if (FILTER + (1 << (FILTER_BITS - 3)) != FINDER_BYTES) ERROR("FINDER_BYTES is wrong");

function hash(pc: u64, ctx: u32): u32 {
  return (<u32>(pc >> 1) + ctx * 0x61c8_8647) * 0x9e37_79b1;
}

// @ts-ignore: decorator
@inline function head(t: Dbt, pc: u64, ctx: u32): usize {
  return <usize>t.finder + ((hash(pc, ctx) >> (32 - HEAD_BITS)) << 1);
}

/** No blocks any more. */
export function blocks_clear(t: Dbt): void {
  t.blockCount = 0;
  memory.fill(<usize>t.finder, 0, FINDER_BYTES);
}

/** Makes an empty block at `pc` in context `ctx`, for which there is room; its index. */
export function new_block(t: Dbt, pc: u64, ctx: u32): u32 {
  const index = t.blockCount;
  t.blockCount = index + 1;
  const b = block(t, index);
  memory.fill(changetype<usize>(b), 0, BLOCK_BYTES);
  b.pc = pc;
  b.endPc = pc;
  b.context = ctx;
  const first = head(t, pc, ctx);
  b.chain = load<u16>(first);
  store<u16>(first, <u16>t.blockCount);
  return index;
}

/** The block that begins at `pc` in context `ctx`, + 1; 0 when there is none. */
export function block_starting(t: Dbt, pc: u64, ctx: u32): u32 {
  let found: u32 = load<u16>(head(t, pc, ctx));
  while (found) {
    const b = block(t, found - 1);
    if (b.pc == pc && b.context == ctx) return found;
    found = b.chain;
  }
  return 0;
}

/** Notes that the instruction at `pc` lies in a block of context `ctx`. */
export function note_inside(t: Dbt, pc: u64, ctx: u32): void {
  const bit = hash(pc, ctx) >> (32 - FILTER_BITS);
  const at = <usize>t.finder + FILTER + (bit >> 3);
  store<u8>(at, load<u8>(at) | <u8>((<u32>1) << (bit & 7)));
}

// @ts-ignore: decorator
@inline function may_be_inside(t: Dbt, pc: u64, ctx: u32): bool {
  const bit = hash(pc, ctx) >> (32 - FILTER_BITS);
  return ((load<u8>(<usize>t.finder + FILTER + (bit >> 3)) >> (bit & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline function is_inside(b: Block, pc: u64, ctx: u32): bool {
  return b.context == ctx && b.insns != 0 && pc > b.pc && pc < b.endPc;
}

/** The first block from index `from` on with `pc` in its middle, in context `ctx`, + 1; 0 when there is none. */
export function block_around(t: Dbt, pc: u64, ctx: u32, from: u32): u32 {
  if (!may_be_inside(t, pc, ctx)) return 0;
  for (let i = from; i < t.blockCount; i++) if (is_inside(block(t, i), pc, ctx)) return i + 1;
  return 0;
}
