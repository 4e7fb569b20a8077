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

import { Dbt, MAX_IR } from "./state";

export enum Ir {
  /** dst = imm */
  CONST = 1,
  /** dst = a */
  MOVE = 2,
  /** dst = a w b */
  BINARY = 3,
  /** dst = a w imm */
  BINARY_I = 4,
  /** dst = sign-extended (low32 a w low32 b) */
  WORD = 5,
  /** dst = sign-extended (low32 a w imm) */
  WORD_I = 6,
  /** dst = a w b ? 1 : 0 */
  COMPARE = 7,
  /** dst = a w imm ? 1 : 0 */
  COMPARE_I = 8,
  /** dst = w a */
  UNARY = 9,
  /** dst = zero-extended (w low32 a) */
  UNARY_W = 10,
  /** dst = a w b with RISC-V's results for division by zero and overflow; size 4 or 8 */
  DIVIDE = 11,
  /** dst = high half of a * b; size: 0 unsigned, 1 signed by unsigned, 2 signed */
  MULTIPLY_HIGH = 12,
  /** dst = memory[a + imm], `size` bytes */
  LOAD = 13,
  /** memory[a + imm] = b, `size` bytes */
  STORE = 14,
  /** The core executes record imm; it may read a, b and the third operand, and write dst */
  CALLOUT = 15,
  /** dst = select(imm == 0 ? b == 0 : b != 0, 0, a): Zicond */
  SELECT_ZERO = 16,
  /** dst = a w b, rounded to nearest; of this and all FLOAT nodes: `size` 4 singles, 8 doubles, imm the record */
  FLOAT = 17,
  /** dst = square root of a */
  FLOAT_ROOT = 18,
  /** dst = a * b + c, rounded once; w: bit 0 negates the product, bit 1 the addend */
  FLOAT_FMA = 19,
  /** dst (x) = a w b ? 1 : 0 */
  FLOAT_COMPARE = 20,
  /** dst = a w b, w being Wasm's minimum or maximum */
  FLOAT_SELECT = 21,
  /** dst = a with the sign of b: w 0 as is, 1 inverted, 2 xor */
  FLOAT_SIGN = 22,
  /** dst (f) = raw bits of a (x), or the other way round */
  FLOAT_MOVE = 23,
  /** dst (f) = a (x) converted by w; c: bytes of the integer type, + 16 when it is signed */
  FLOAT_FROM_INT = 24,
  /** dst (x) = a rounded by w (a Wasm operator on f64) and converted; c as above */
  FLOAT_TO_INT = 25,
  /** dst = a, which is of the other format */
  FLOAT_CONVERT = 26,
  /** dst (x) = FCLASS of a */
  FLOAT_CLASS = 27,
  /** The core executes the system instruction of record imm, and says whether the region may go on */
  SYSTEM = 40,
  /** dst = CSR, CSR = …: the Zicsr record imm, in place; falls back to SYSTEM */
  CSR = 41,
  /** dst = memory[a], memory[a] = dst w b, `size` bytes: an AMO; otherwise the core executes record imm */
  ATOMIC = 42,
  /** dst = memory[a], reserved; otherwise the core executes record imm */
  LOAD_RESERVED = 43,
  /** memory[a] = b if still reserved, dst = 0, else dst = 1; otherwise the core executes record imm */
  STORE_CONDITIONAL = 44,
}

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

// @ts-ignore: decorator
@inline export function node(t: Dbt, index: u32): Node {
  return changetype<Node>(<usize>t.ir + <usize>index * NODE_BYTES);
}

/** Appends a node; its instruction is the one whose `k` and `offset` the caller has put into the slot behind the last. */
export function emit(t: Dbt, op: Ir, w: u32, dst: u32, a: u32, b: u32, imm: i64): Node {
  const index = t.irCount < MAX_IR - 2 ? t.irCount : MAX_IR - 2;
  t.irCount = index + 1;
  const n = node(t, index);
  const next = node(t, index + 1);
  next.k = n.k;
  next.offset = n.offset;
  n.op = <u8>op;
  n.w = <u8>w;
  n.dst = <u8>dst;
  n.a = <u8>a;
  n.b = <u8>b;
  n.size = 8;
  n.c = 0;
  n.imm = imm;
  if (dst >= TEMP && dst - TEMP >= t.temps) t.temps = dst - TEMP + 1;
  return n;
}
