/**
 * Merged memory checks: which bytes around each x register are known to lie in RAM.
 *
 * A span [lo, hi) of register r says that every address from r + lo to r + hi has passed the window's check, and that the i32 local
 * of r holds r + lo's place in RAM. One check serves all later accesses off an unchanged base; `addi` and `mv` carry a span along.
 * A span is 8 bytes of state: i32 lo, i32 hi; empty when they are equal.
 */

import { Ir, node } from "../ir";
import { W } from "../wasm/opcode";
import { Translate } from "../../shared/constants";
import { Block, block, BLOCK_SPANS, Dbt, is_call, may, ordered } from "../state";

const ROUNDS: u32 = 12;
/** A span never grows beyond this. */
const WIDEST: i32 = 2048;

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
@inline export function block_spans(b: Block): usize {
  return changetype<usize>(b) + BLOCK_SPANS;
}

/** What `step` found about a node. */
export enum Step {
  NOTHING = 0,
  /** An access whose base has no span that covers it: `state` holds the span to check. */
  CHECK = 1,
  /** An access that is covered. */
  COVERED = 2,
  /** dst has taken a's span over. */
  CARRY = 3,
}

/** Applies node `index` to `state`. */
export function step(t: Dbt, b: Block, index: u32, state: usize): Step {
  const n = node(t, index);
  if (n.op == Ir.LOAD || n.op == Ir.STORE) {
    const found = access(t, b, index, state);
    if (n.op == Ir.LOAD && n.dst < 32) set_span(state, n.dst, 0, 0);
    return found;
  }
  if (n.dst - 1 >= 31) return Step.NOTHING;
  const move = n.op == Ir.MOVE ? true : n.op == Ir.BINARY_I && n.w == W.I64_ADD;
  if (move && n.a < 32) {
    const by = n.op == Ir.MOVE ? 0 : <i32>n.imm;
    const lo = span_lo(state, n.a);
    const hi = span_hi(state, n.a);
    if (lo != hi && lo - by > -0x10000 && hi - by < 0x10000) {
      set_span(state, n.dst, lo - by, hi - by);
      return Step.CARRY;
    }
  }
  set_span(state, n.dst, 0, 0);
  return Step.NOTHING;
}

function access(t: Dbt, b: Block, index: u32, state: usize): Step {
  const n = node(t, index);
  const off = <i32>n.imm;
  const end = off + n.size;
  if (!may(t, Translate.MERGED_CHECKS)) {
    t.spanLo = off;
    t.spanHi = end;
    return Step.CHECK;
  }
  const lo = span_lo(state, n.a);
  const hi = span_hi(state, n.a);
  if (lo != hi && off >= lo && end <= hi) {
    t.spanLo = lo;
    t.spanHi = hi;
    return Step.COVERED;
  }
  const base = <usize>t.spans + (n.a << 3);
  let from = load<i32>(base);
  let to = load<i32>(base, 4);
  if (to - from > 256) {
    from = off;
    to = end;
    widen(t, b, index, n.a, state);
    if (load<i32>(base, 8 * 32) < from) from = load<i32>(base, 8 * 32);
    if (load<i32>(base, 8 * 32 + 4) > to) to = load<i32>(base, 8 * 32 + 4);
  }
  t.spanLo = from;
  t.spanHi = to;
  if (n.a) set_span(state, n.a, from, to);
  return Step.CHECK;
}

/** Finds what the rest of the block accesses off `register` while it is unchanged; the answer lies 256 bytes behind its region span. */
function widen(t: Dbt, b: Block, index: u32, register: u32, state: usize): void {
  let from: i32 = i32.MAX_VALUE;
  let to: i32 = i32.MIN_VALUE;
  for (let i = index; i < b.irFirst + b.irCount; i++) {
    const n = node(t, i);
    if ((n.op == Ir.LOAD || n.op == Ir.STORE) && n.a == register) {
      const off = <i32>n.imm;
      if (max(to, off + n.size) - min(from, off) <= WIDEST) {
        from = min(from, off);
        to = max(to, off + n.size);
      }
    }
    if (n.op != Ir.STORE && n.dst == register) break;
  }
  const answer = <usize>t.spans + (register << 3) + 8 * 32;
  store<i32>(answer, from);
  store<i32>(answer, to, 4);
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

/** Finds the spans at the entry of each block. `scratch` is 256 bytes. */
export function spans(t: Dbt, scratch: usize): void {
  region_spans(t);
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
      for (let at = b.irFirst; at < b.irFirst + b.irCount; at++) step(t, b, at, scratch);
      if (is_call(b)) memory.fill(scratch, 0, 256);
      if (b.succ0 && meet(block(t, b.succ0 - 1), scratch)) changed = true;
      if (b.succ1 && meet(block(t, b.succ1 - 1), scratch)) changed = true;
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
  let changed = false;
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
