/**
 * The translator's intermediate representation: three-address code over guest registers and temps.
 *
 *  values   0..31 x0..x31 (i64)    32..63 f0..f31 (f64, raw bits)    64.. temps (i64)
 *  node     +0 op u8 | +1 w u8 | +2 dst u8 | +3 a u8 | +4 b u8 | +5 size u8 | +6 k u16 | +8 offset u32 | +12 c u8 |
 *         +16 imm i64
 *
 * `w` is the Wasm opcode that does the work; `k` says how many instructions of the block precede the one a node belongs to,
 * `offset` where that instruction stands in the block. A node that can fail fails before it has changed anything: the block is left
 * at its instruction, and the interpreter does that one, trap and all.
 */

import { Ir } from "../../shared/ir";
import { Dbt, MAX_IR } from "./dbt";

export { Ir };

// @ts-ignore: decorator
@unmanaged
export class Node {
  op: u8;
  w: u8;
  dst: u8;
  a: u8;
  b: u8;
  size: u8;
  k: u16;
  offset: u32;
  /** Third operand. */
  c: u8;
  imm: i64;
}

export const NODE_BYTES: usize = 24;

/** First temp. */
export const TEMP: u32 = 64;

/** The temp that a block's JALR leaves its target in. */
export const JUMP_TARGET: u32 = TEMP;

// @ts-ignore: decorator
@inline export function node(t: Dbt, index: u32): Node {
  return changetype<Node>(<usize>t.ir + <usize>index * NODE_BYTES);
}

/** True when a node may not have had a place of its own. */
export function is_full(t: Dbt): bool {
  return t.irCount == MAX_IR - 1;
}

/** Appends a node; whose instruction it is for says `lift_block`, which then sets `k` and `offset`. */
export function emit(t: Dbt, op: Ir, w: u32, dst: u32, a: u32, b: u32, imm: i64): Node {
  const index = t.irCount < MAX_IR - 2 ? t.irCount : MAX_IR - 2;
  t.irCount = index + 1;
  const n = node(t, index);
  n.op = <u8>op;
  n.w = <u8>w;
  n.dst = <u8>dst;
  n.a = <u8>a;
  n.b = <u8>b;
  n.size = 8;
  n.c = 0;
  n.imm = imm;
  return n;
}
