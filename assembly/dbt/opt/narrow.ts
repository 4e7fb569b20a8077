/**
 * Arithmetic on words: registers that hold a sign-extended 32-bit value wherever a node reads them need only their low half looked at.
 *
 * RV64 code computes C's `int` with instructions that sign-extend (ADDW, LW), and with some that have no such form: AND, OR, XOR. Done on
 * 32 bits these let the engine drop the extensions between, and see that two shifts and an OR are a rotation. Comparisons of words were
 * tried on 32 bits as well: CoreMark and AES were 2 to 5% slower.
 */

import { Ir, Node, node } from "../ir/node";
import { Block, block, is_call, ordered, succ_count, successor } from "../ir/block";
import { Dbt } from "../ir/dbt";
import { W } from "../wasm/opcode";

/** Distance from a 64-bit AND, OR or XOR to its 32-bit form. */
const LOGIC: u32 = W.I64_AND - W.I32_AND;

/** Finds what is a word at the beginning of each block, and rewrites the nodes that read nothing else. */
export function narrow(t: Dbt): void {
  for (let i: u32 = 0; i < t.orderCount; i++) ordered(t, i).words = i ? 0xffff_ffff : 1;
  let changed = true;
  while (changed) {
    changed = false;
    for (let i: u32 = 0; i < t.orderCount; i++) {
      const b = ordered(t, i);
      const words = is_call(b) ? 1 : words_after(t, b);
      for (let s: u32 = 0, n = succ_count(t, b); s < n; s++) {
        const to = successor(t, b, s);
        if (to && meet(block(t, to - 1), words)) changed = true;
      }
    }
  }
  for (let i: u32 = 0; i < t.orderCount; i++) rewrite_block(t, ordered(t, i));
}

function meet(b: Block, words: u32): bool {
  const both = b.words & words;
  if (both == b.words) return false;
  b.words = both;
  return true;
}

function words_after(t: Dbt, b: Block): u32 {
  let words = b.words;
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) words = after(node(t, i), words);
  return words;
}

function rewrite_block(t: Dbt, b: Block): void {
  let words = b.words;
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) {
    const n = node(t, i);
    const next = after(n, words);
    rewrite(n, words);
    words = next;
  }
}

/** True when value `v` is a word: an x register of the set (x0 always is). Temps are not looked at. */
// @ts-ignore: decorator
@inline function is_word(words: u32, v: u32): bool {
  return v < 32 && ((words >> v) & 1) != 0;
}

// @ts-ignore: decorator
@inline function fits(value: i64): bool {
  return value == <i64>(<i32>value);
}

/** Which x registers hold words after `n`. */
function after(n: Node, words: u32): u32 {
  const dst = <u32>n.dst;
  if (n.op == Ir.STORE || dst - 1 >= 31) return words;
  const bit: u32 = 1 << dst;
  return makes_word(n, words) ? words | bit : words & ~bit;
}

function makes_word(n: Node, words: u32): bool {
  const a = is_word(words, n.a);
  switch (<i32>n.op) {
    case Ir.CONST:
      return fits(n.imm);
    case Ir.MOVE:
    case Ir.SELECT_ZERO:
      return a;
    case Ir.WORD:
    case Ir.WORD_I:
    case Ir.COMPARE:
    case Ir.COMPARE_I:
    case Ir.UNARY_W:
    case Ir.FLOAT_COMPARE:
    case Ir.FLOAT_CLASS:
      return true;
    case Ir.BINARY:
      return is_logic(n) && a && is_word(words, n.b);
    case Ir.BINARY_I:
      return immediate_makes_word(n, a);
    case Ir.UNARY:
      return n.w == W.I64_EXTEND8_S || n.w == W.I64_EXTEND16_S || (<i32>n.w >= W.I64_CLZ && <i32>n.w <= W.I64_POPCNT);
    case Ir.DIVIDE:
      return n.size == 4;
    case Ir.LOAD:
      return n.w != W.I64_LOAD && n.w != W.I64_LOAD32_U;
  }
  return false;
}

function immediate_makes_word(n: Node, a: bool): bool {
  if (n.w == W.I64_AND && n.imm >= 0) return fits(n.imm);
  if (is_logic(n)) return a && fits(n.imm);
  if (n.w == W.I64_SHR_S) return a || n.imm >= 32;
  return n.w == W.I64_SHR_U && n.imm > 32;
}

// @ts-ignore: decorator
@inline function is_logic(n: Node): bool {
  return <i32>n.w >= W.I64_AND && <i32>n.w <= W.I64_XOR;
}

function rewrite(n: Node, words: u32): void {
  const a = is_word(words, n.a);
  if (!a) return;
  if (n.op == Ir.BINARY && is_logic(n) && is_word(words, n.b)) {
    n.op = <u8>Ir.WORD;
    n.w -= <u8>LOGIC;
  } else if (n.op == Ir.BINARY_I && is_logic(n) && fits(n.imm)) {
    n.op = <u8>Ir.WORD_I;
    n.w -= <u8>LOGIC;
  }
}
