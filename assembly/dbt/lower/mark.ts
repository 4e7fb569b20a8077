/** Notes for an explanation which emitted code is for which instruction. */

import { Dbt, MAX_MARKS } from "../ir/dbt";

/** Notes that what is emitted from now on is for the instruction at `pc`. */
export function mark(t: Dbt, pc: u64): void {
  if (!t.marks) return;
  if (t.markCount) {
    const last = <usize>t.marks + ((t.markCount - 1) << 4);
    if (load<u64>(last, 8) == pc) return;
    if (load<u32>(last) == t.at) t.markCount -= 1;
  }
  if (t.markCount == MAX_MARKS) return;
  const next = <usize>t.marks + (t.markCount << 4);
  store<u32>(next, t.at);
  store<u64>(next, pc, 8);
  t.markCount += 1;
}
