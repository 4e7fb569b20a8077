/**
 * Merged memory checks: which bytes around each x register are known to lie in RAM.
 *
 * A span [lo, hi) of register r says that every address from r + lo to r + hi has passed the check, and that the i32 local of r holds
 * r + lo's place: from the start of RAM in the window, in the machine's memory otherwise. One check serves all later accesses off an
 * unchanged base; `addi` and `mv` carry a span along. A span is 8 bytes of state: i32 lo, i32 hi; empty when they are equal.
 *
 * x0 has no span. Its 8 bytes are two masks of registers: whose spans may be stored to (with translated addresses that is a right of
 * its own), and which must be checked at each access, since a check off them is known to fail (sites.ts).
 */

import { Ir, Node, node } from "../ir/node";
import { site_alone } from "../profile/sites";
import { W } from "../wasm/opcode";
import { Translate } from "../../shared/constants";
import { Mode, Step } from "../../shared/ir";
import { Block, block, BLOCK_SPANS, is_call, ordered, succ_count, successor } from "../ir/block";
import { Dbt, may } from "../ir/dbt";

/** The bytes around a base register's value that one check of memory looks at. */
// @ts-ignore: decorator
@unmanaged
export class Span {
  /** From the register's value: the first byte, and the one after the last. */
  lo: i32;
  hi: i32;
  /** They are to be stored to. */
  stored: bool;
}

/** A place for the span of the access that a pass looks at. */
// @ts-ignore: decorator
@inline export function span_of(t: Dbt): Span {
  return changetype<Span>(<usize>t.scratch + 256);
}

export { Step };

const ROUNDS: u32 = 12;
/** A span never grows beyond this, in the window and in pages. */
const WIDEST: i32 = 2048;
const WIDEST_PAGED: i32 = 256;
/** Registers with no access further apart than this are checked for all of them at once. */
const NARROW: i32 = 256;
/** How far an instruction reaches from its base, with the access's size. */
const REACH: u64 = 2056;
const STACK_POINTER: u8 = 2;

// @ts-ignore: decorator
@inline export function span_lo(state: usize, register: u32): i32 {
  return load<i32>(state + (register << 3));
}

// @ts-ignore: decorator
@inline export function span_hi(state: usize, register: u32): i32 {
  return load<i32>(state + (register << 3), 4);
}

// @ts-ignore: decorator
@inline function set_span(state: usize, register: u32, lo: i32, hi: i32): void {
  store<i32>(state + (register << 3), lo);
  store<i32>(state + (register << 3), hi, 4);
}

// @ts-ignore: decorator
@inline function is_storable(state: usize, register: u32): bool {
  return ((load<u32>(state) >> register) & 1) != 0;
}

// @ts-ignore: decorator
@inline function is_alone(state: usize, register: u32): bool {
  return ((load<u32>(state, 4) >> register) & 1) != 0;
}

// @ts-ignore: decorator
@inline function set_rights(state: usize, register: u32, storable: bool, alone: bool): void {
  const bit: u32 = 1 << register;
  store<u32>(state, (load<u32>(state) & ~bit) | (u32(storable) << register));
  store<u32>(state, (load<u32>(state, 4) & ~bit) | (u32(alone) << register), 4);
}

/** Nothing is known of `register` any more. */
function forget(state: usize, register: u32): void {
  set_span(state, register, 0, 0);
  set_rights(state, register, false, false);
}

// @ts-ignore: decorator
@inline export function block_spans(b: Block): usize {
  return changetype<usize>(b) + BLOCK_SPANS;
}

/** Applies node `index` to `state`; of a load or a store, `span` becomes what is to be checked, or what covers it. */
export function step(t: Dbt, b: Block, index: u32, state: usize, span: Span): Step {
  const n = node(t, index);
  if (n.op == Ir.LOAD || n.op == Ir.STORE) {
    const found = access(t, b, index, state, span);
    if (n.op == Ir.LOAD && <u32>n.dst - 1 < 31) forget(state, n.dst);
    return found;
  }
  // With another mstatus, other pages may be reached.
  if (n.op == Ir.SYSTEM || n.op == Ir.CSR) memory.fill(state, 0, 256);
  if (<u32>n.dst - 1 >= 31) return Step.NOTHING;
  if (n.op == Ir.CONST && constant_span(t, n, state)) return Step.KNOWN;
  const move = n.op == Ir.MOVE ? true : n.op == Ir.BINARY_I && n.w == W.I64_ADD;
  if (move && <u32>n.a - 1 < 31) {
    const by = n.op == Ir.MOVE ? 0 : <i32>n.imm;
    if (is_alone(state, n.a)) {
      set_span(state, n.dst, 0, 0);
      set_rights(state, n.dst, false, true);
      return Step.NOTHING;
    }
    const lo = span_lo(state, n.a);
    const hi = span_hi(state, n.a);
    if (lo != hi && lo - by > -0x10000 && hi - by < 0x10000) {
      const storable = is_storable(state, n.a);
      set_span(state, n.dst, lo - by, hi - by);
      set_rights(state, n.dst, storable, false);
      return Step.CARRY;
    }
  }
  forget(state, n.dst);
  return Step.NOTHING;
}

/** In the window a constant address needs no check: its span is what of RAM lies within an instruction's reach. */
function constant_span(t: Dbt, n: Node, state: usize): bool {
  if (!(t.mode & Mode.FLAT) || !may(t, Translate.MERGED_CHECKS) || !is_base(t, n.dst)) return false;
  if (<u64>n.imm - REACH - t.ramPa > t.ramSize - 2 * REACH) return false;
  set_span(state, n.dst, -(<i32>REACH), <i32>REACH);
  set_rights(state, n.dst, true, false);
  return true;
}

function access(t: Dbt, b: Block, index: u32, state: usize, span: Span): Step {
  const n = node(t, index);
  const off = <i32>n.imm;
  const end = off + n.size;
  const flat = (t.mode & Mode.FLAT) != 0;
  const storing = n.op == Ir.STORE && !flat;
  span.lo = off;
  span.hi = end;
  span.stored = storing;
  if (!may(t, Translate.MERGED_CHECKS)) return Step.ALONE;
  if (!n.a) return flat ? Step.CHECK : Step.ALONE;
  if (is_alone(state, n.a)) return Step.ALONE;
  const lo = span_lo(state, n.a);
  const hi = span_hi(state, n.a);
  if (lo != hi && off >= lo && end <= hi && (!storing || is_storable(state, n.a))) {
    span.lo = lo;
    span.hi = hi;
    return Step.COVERED;
  }
  if (site_alone(t, b.pc + n.offset)) {
    set_span(state, n.a, 0, 0);
    set_rights(state, n.a, false, true);
    return Step.ALONE;
  }
  choose(t, b, index, n, flat, span);
  set_span(state, n.a, span.lo, span.hi);
  set_rights(state, n.a, span.stored, false);
  return Step.CHECK;
}

/**
 * Chooses how much to check for the access: what the region reaches off its base register, if that is narrow (bytes near the access
 * are RAM as well), else what the rest of the block does. Pages are narrower: there only the stack pointer, which the region hardly
 * changes, gets the former. Off a base that is not to be trusted, each access is checked for itself.
 */
function choose(t: Dbt, b: Block, index: u32, n: Node, flat: bool, span: Span): void {
  if ((t.narrowBases >> n.a) & 1) return;
  const base = <usize>t.spans + (n.a << 3);
  widen(t, b, index, n.a, flat, span);
  const lowest = load<i32>(base);
  const highest = load<i32>(base, 4);
  if ((flat || n.a == STACK_POINTER) && highest - lowest <= NARROW) {
    span.lo = min(span.lo, lowest);
    span.hi = max(span.hi, highest);
  }
}

/**
 * Widens the span to what follows off `register` in the block, and in the iterations of a loop that come behind it (opt/unroll.ts), while the
 * register is only counted up or down.
 */
function widen(t: Dbt, b: Block, index: u32, register: u32, flat: bool, span: Span): void {
  if (node(t, index).op == Ir.LOAD && node(t, index).dst == register) return;
  let by = follow(t, b, index + 1, 0, register, flat, span);
  while (by != CHANGED) {
    const next = next_turn(t, b);
    if (!next) return;
    b = block(t, next - 1);
    by = follow(t, b, b.irFirst, by, register, flat, span);
  }
}

/** The block behind `b` that does the same once more, + 1. */
function next_turn(t: Dbt, b: Block): u32 {
  for (let k = 0; k < 2; k++) {
    const succ = k ? b.succ1 : b.succ0;
    if (!succ) continue;
    const to = block(t, succ - 1);
    if (to.pc == b.pc && to.context == b.context && to.rpo > b.rpo) return succ;
  }
  return 0;
}

/** `register` has been given another value than a count. */
const CHANGED: i32 = i32.MIN_VALUE;

/** Widens the span from node `index` to the end of `b`; `register` is `by` more than at the check. Returns what it is then. */
function follow(t: Dbt, b: Block, index: u32, by: i32, register: u32, flat: bool, span: Span): i32 {
  for (let i = index; i < b.irFirst + b.irCount; i++) {
    const n = node(t, i);
    if ((n.op == Ir.LOAD || n.op == Ir.STORE) && n.a == register) include(n, by, flat, span);
    if (n.op == Ir.STORE || n.dst != register) continue;
    if (n.op != Ir.BINARY_I || n.w != W.I64_ADD || n.a != register) return CHANGED;
    by += <i32>n.imm;
    if (by > WIDEST || by < -WIDEST) return CHANGED;
  }
  return by;
}

/** Widens the span by the access `n`, unless that makes it too wide. */
function include(n: Node, by: i32, flat: bool, span: Span): void {
  const off = <i32>n.imm + by;
  const from = min(span.lo, off);
  const to = max(span.hi, off + n.size);
  if (to - from > (flat ? WIDEST : WIDEST_PAGED)) return;
  span.lo = from;
  span.hi = to;
  if (n.op == Ir.STORE && !flat) span.stored = true;
}

/** True when some access of the region uses `register` as its base. */
// @ts-ignore: decorator
@inline function is_base(t: Dbt, register: u32): bool {
  const base = <usize>t.spans + (register << 3);
  return load<i32>(base) < load<i32>(base, 4);
}

/** Lowest and highest byte that any access of the region reaches, by base register. */
function region_spans(t: Dbt): void {
  for (let r: u32 = 0; r < 32; r++) {
    const base = <usize>t.spans + (r << 3);
    store<i32>(base, i32.MAX_VALUE >> 1);
    store<i32>(base, i32.MIN_VALUE >> 1, 4);
  }
  for (let i: u32 = 0; i < t.irCount; i++) {
    const n = node(t, i);
    if (n.op != Ir.LOAD && n.op != Ir.STORE) continue;
    const base = <usize>t.spans + (n.a << 3);
    store<i32>(base, min(load<i32>(base), <i32>n.imm));
    store<i32>(base, max(load<i32>(base, 4), <i32>n.imm + n.size), 4);
  }
}

/**
 * The base registers off which some merged check has failed too often. A frame that lies over the end of a page makes those of its whole
 * function fail, one after another: learning of each by itself would have the region made anew as often.
 */
function find_narrow_bases(t: Dbt): void {
  t.narrowBases = 0;
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    for (let at = b.irFirst; at < b.irFirst + b.irCount; at++) {
      const n = node(t, at);
      if ((n.op == Ir.LOAD || n.op == Ir.STORE) && site_alone(t, b.pc + n.offset)) t.narrowBases |= 1 << n.a;
    }
  }
}

/** Finds the spans at the entry of each block. `scratch` is 256 bytes. */
export function spans(t: Dbt, scratch: usize): void {
  region_spans(t);
  find_narrow_bases(t);
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    b.reached = u32(i == 0);
    memory.fill(block_spans(b), 0, 256);
  }
  for (let round: u32 = 0; round < ROUNDS; round++) {
    let changed = false;
    for (let i: u32 = 0; i < t.orderCount; i++) {
      const b = ordered(t, i);
      if (!b.reached) continue;
      memory.copy(scratch, block_spans(b), 256);
      for (let at = b.irFirst; at < b.irFirst + b.irCount; at++) step(t, b, at, scratch, span_of(t));
      if (is_call(b)) memory.fill(scratch, 0, 256);
      for (let s: u32 = 0, n = succ_count(t, b); s < n; s++) {
        const to = successor(t, b, s);
        if (to && meet(block(t, to - 1), scratch)) changed = true;
      }
    }
    if (!changed) return;
  }
  for (let i: u32 = 0; i < t.orderCount; i++) memory.fill(block_spans(ordered(t, i)), 0, 256);
}

/** Keeps of `b`'s entry state what also holds in `state`; true when that changed it. */
function meet(b: Block, state: usize): bool {
  const own = block_spans(b);
  if (!b.reached) {
    b.reached = 1;
    memory.copy(own, state, 256);
    return true;
  }
  const rights = load<u64>(own) & load<u64>(state);
  let changed = rights != load<u64>(own);
  store<u64>(own, rights);
  for (let r: u32 = 1; r < 32; r++) {
    const lo = span_lo(own, r);
    const hi = span_hi(own, r);
    if (lo == hi) continue;
    const other = span_hi(state, r);
    if (span_lo(state, r) == lo && other > lo) {
      if (other < hi) {
        set_span(own, r, lo, other);
        changed = true;
      }
    } else {
      set_span(own, r, 0, 0);
      changed = true;
    }
  }
  return changed;
}
