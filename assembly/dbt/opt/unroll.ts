/**
 * Small loops made longer: a block that branches back to itself is repeated. The iterations share one look at the fuel, and one check of the
 * memory that a pointer walks through.
 */

import { Block, block, BLOCK_BYTES } from "../ir/block";
import { Dbt, MAX_BLOCKS } from "../ir/dbt";
import { Term } from "../../shared/ir";

/** Iterations in one, at most. */
const ITERATIONS: u32 = 4;

/** Instructions in all of them together at most. */
const LONGEST: u32 = 48;

export function unroll(t: Dbt): void {
  for (let i: u32 = 0, count = t.blockCount; i < count; i++) {
    const b = block(t, i);
    if (b.term != Term.BRANCH) continue;
    const taken = b.succ0 == i + 1;
    if (!taken && b.succ1 != i + 1) continue;
    const iterations = min(ITERATIONS, LONGEST / b.insns);
    for (let n: u32 = 1; n < iterations; n++) repeat(t, b, taken);
  }
}

/** Puts a copy of `b` between it and where it branches to, which is itself at first; `taken` says by which edge. */
function repeat(t: Dbt, b: Block, taken: bool): void {
  if (t.blockCount == MAX_BLOCKS || t.insns + b.insns > t.maxInsns) return;
  t.insns += b.insns;
  const copy = block(t, t.blockCount);
  t.blockCount += 1;
  memory.copy(changetype<usize>(copy), changetype<usize>(b), BLOCK_BYTES);
  if (taken) b.succ0 = t.blockCount;
  else b.succ1 = t.blockCount;
}
