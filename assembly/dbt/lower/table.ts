/**
 * Dispatch tables -> Wasm.
 *
 * A few targets are compared with one by one. More are hashed: the distance from the lowest target is multiplied, its upper bits select
 * a slot by `br_table`, and what stands in the slot is compared. What is not in the table leaves the region.
 */

import { VmField } from "../../state/layout";
import { Translate } from "../../shared/constants";
import { JUMP_TARGET } from "../ir/node";
import { A32, A64, local_of } from "./locals";
import { address, count, label_of } from "./emit";
import { Block, block, Table, table, Target, target } from "../ir/block";
import { Dbt, may, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, op1, open, tee, unsigned } from "../wasm/writer";

/** Up to this many targets are compared with one by one. */
const FEW: u32 = 3;
/** Multipliers that are tried. */
const TRIES: u32 = 64;
/** Slots at most: 2^this. */
const MAX_BITS: u32 = 7;

/** Goes to the target that the jump-target temp names; falls through when it is none of the table's. */
export function dispatch(t: Dbt, b: Block): void {
  const tab = table(t, b.table);
  if (present(tab) <= FEW) compare_all(t, b, tab);
  else hashed(t, b, tab);
}

function present(tab: Table): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < tab.count; i++) if (target(tab, i).block) count += 1;
  return count;
}

function compare_all(t: Dbt, b: Block, tab: Table): void {
  const w = writer(t);
  for (let i: u32 = 0; i < tab.count; i++) {
    const to = target(tab, i);
    if (!to.block) continue;
    get(w, local_of(JUMP_TARGET));
    address(t, to.pc);
    byte(w, W.I64_EQ);
    go_if(t, b, to);
  }
}

/** Goes to the target if the condition on the stack holds. */
function go_if(t: Dbt, b: Block, to: Target): void {
  const w = writer(t);
  const at = block(t, to.block - 1);
  if (!may(t, Translate.COUNT)) {
    op1(w, W.BR_IF, label_of(t, b, at));
    return;
  }
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  count(t, VmField.countTable);
  op1(w, W.BR, label_of(t, b, at));
  byte(w, W.END);
  t.depth -= 1;
}

/** Distance of a target from the lowest one: at most twice a region's reach. */
// @ts-ignore: decorator
@inline function distance(to: Target, lowest: u64): u32 {
  return <u32>(to.pc - lowest);
}

// @ts-ignore: decorator
@inline function slot_of(distance: u32, multiplier: u32, bits: u32): u32 {
  return (distance * multiplier) >> (32 - bits);
}

/** Pairs of targets that share a slot. */
function collisions(tab: Table, lowest: u64, multiplier: u32, bits: u32): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < tab.count; i++) {
    if (!target(tab, i).block) continue;
    const slot = slot_of(distance(target(tab, i), lowest), multiplier, bits);
    for (let k: u32 = 0; k < i; k++) {
      if (target(tab, k).block && slot_of(distance(target(tab, k), lowest), multiplier, bits) == slot) count += 1;
    }
  }
  return count;
}

/** The multiplier with the fewest collisions among those tried. */
function choose(tab: Table, lowest: u64, bits: u32): u32 {
  let best: u32 = 0;
  let fewest = u32.MAX_VALUE;
  let multiplier: u32 = 0x9e3779b1;
  for (let i: u32 = 0; i < TRIES && fewest; i++) {
    const found = collisions(tab, lowest, multiplier, bits);
    if (found < fewest) {
      fewest = found;
      best = multiplier;
    }
    multiplier = (multiplier * 0x2c1b3c6d + 0x297a2d38) | 1;
  }
  return best;
}

function hashed(t: Dbt, b: Block, tab: Table): void {
  const w = writer(t);
  let lowest: u64 = -1;
  let highest: u64 = 0;
  for (let i: u32 = 0; i < tab.count; i++) {
    if (!target(tab, i).block) continue;
    lowest = min(lowest, target(tab, i).pc);
    highest = max(highest, target(tab, i).pc);
  }
  let bits: u32 = 3;
  while (bits < MAX_BITS && (<u32>1) << bits < 2 * present(tab)) bits += 1;
  const multiplier = choose(tab, lowest, bits);
  const slots: u32 = (<u32>1) << bits;

  open(w, W.BLOCK, Type.EMPTY);
  t.depth += 1;
  const other = t.depth;
  let used: u32 = 0;
  for (let slot: u32 = 0; slot < slots; slot++) {
    if (!is_used(tab, lowest, multiplier, bits, slot)) continue;
    open(w, W.BLOCK, Type.EMPTY);
    used += 1;
  }
  t.depth += used;
  get(w, local_of(JUMP_TARGET));
  address(t, lowest);
  byte(w, W.I64_SUB);
  tee(w, A64);
  i64c(w, <i64>(highest - lowest));
  byte(w, W.I64_GT_U);
  op1(w, W.BR_IF, t.depth - other);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  tee(w, A32);
  i32c(w, <i32>multiplier);
  byte(w, W.I32_MUL);
  i32c(w, 32 - bits);
  byte(w, W.I32_SHR_U);
  byte(w, W.BR_TABLE);
  unsigned(w, slots);
  let label: u32 = 0;
  for (let slot: u32 = 0; slot < slots; slot++) {
    unsigned(w, is_used(tab, lowest, multiplier, bits, slot) ? label++ : used);
  }
  unsigned(w, used);
  for (let slot: u32 = 0; slot < slots; slot++) {
    if (!is_used(tab, lowest, multiplier, bits, slot)) continue;
    byte(w, W.END);
    t.depth -= 1;
    slot_code(t, b, tab, lowest, multiplier, bits, slot);
    op1(w, W.BR, t.depth - other);
  }
  byte(w, W.END);
  t.depth -= 1;
}

function is_used(tab: Table, lowest: u64, multiplier: u32, bits: u32, slot: u32): bool {
  for (let i: u32 = 0; i < tab.count; i++) {
    if (target(tab, i).block && slot_of(distance(target(tab, i), lowest), multiplier, bits) == slot) return true;
  }
  return false;
}

/** Compares with the targets in the slot. */
function slot_code(t: Dbt, b: Block, tab: Table, lowest: u64, multiplier: u32, bits: u32, slot: u32): void {
  const w = writer(t);
  for (let i: u32 = 0; i < tab.count; i++) {
    const to = target(tab, i);
    if (!to.block || slot_of(distance(to, lowest), multiplier, bits) != slot) continue;
    get(w, A32);
    i32c(w, <i32>distance(to, lowest));
    byte(w, W.I32_EQ);
    go_if(t, b, to);
  }
}
