/**
 * Which f registers the region uses for singles alone: they are kept as an f32 and an upper half, so that arithmetic neither
 * boxes nor unboxes. Loads, stores and moves of doubles (a function saves its caller's registers) are no use as a double.
 */

import { Ir, Node, node } from "../ir/node";
import { Dbt } from "../ir/dbt";

/** The f registers among a node's a, b, c and dst that it takes for singles (low half) and for doubles (high half). */
function uses(n: Node): u64 {
  switch (<i32>n.op) {
    case Ir.LOAD:
      return n.size == 4 ? bit_of(n.dst) : 0;
    case Ir.STORE:
      return n.size == 4 ? bit_of(n.b) : 0;
    case Ir.FLOAT:
    case Ir.FLOAT_COMPARE:
    case Ir.FLOAT_SELECT:
    case Ir.FLOAT_SIGN:
      return by(n.size, bit_of(n.a) | bit_of(n.b) | bit_of(n.dst));
    case Ir.FLOAT_FMA:
      return by(n.size, bit_of(n.a) | bit_of(n.b) | bit_of(n.c) | bit_of(n.dst));
    case Ir.FLOAT_ROOT:
    case Ir.FLOAT_MOVE:
    case Ir.FLOAT_FROM_INT:
    case Ir.FLOAT_TO_INT:
    case Ir.FLOAT_CLASS:
      return by(n.size, bit_of(n.a) | bit_of(n.dst));
    case Ir.FLOAT_CONVERT:
      return by(n.size, bit_of(n.dst)) | by(12 - n.size, bit_of(n.a));
  }
  return 0;
}

/** The register's bit; nothing for x registers and temps. */
function bit_of(value: u32): u64 {
  return value >= 32 && value < 64 ? (<u64>1) << (value - 32) : 0;
}

function by(size: u32, mask: u64): u64 {
  return size == 4 ? mask : mask << 32;
}

/** Finds `t.singles`. */
export function singles(t: Dbt): void {
  let used: u64 = 0;
  for (let i: u32 = 0; i < t.irCount; i++) used |= uses(node(t, i));
  t.singles = <u32>used & ~(<u32>(used >> 32));
}
