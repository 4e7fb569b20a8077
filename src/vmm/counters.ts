/** Sums of counters. */

import type { HartCounters } from "./hart.ts";

/** Counter by counter. */
export function sumCounters(harts: readonly HartCounters[]): HartCounters {
  const sum = (counter: keyof HartCounters) => harts.reduce((total, hart) => total + hart[counter], 0);
  return {
    instructions: sum("instructions"),
    tlbMisses: sum("tlbMisses"),
    traps: sum("traps"),
    interrupts: sum("interrupts"),
    mmio: sum("mmio"),
    decoded: sum("decoded"),
    fenceI: sum("fenceI"),
    sfence: sum("sfence"),
  };
}
