/** Ways to translate addresses, for workloads that run in S mode behind page tables of 4 KiB pages. */

import type { EngineName, MemoryModelName } from "../../index.ts";
import type { VmVariant } from "../experiment.ts";

const APPEND = "paged=1";

function interpreted(name: string, explains: string, memoryModel: MemoryModelName): VmVariant {
  const engine: EngineName = "interpret";
  return { name, explains: `interpreted: ${explains}`, vm: { engine, memoryModel, append: APPEND } };
}

/** The interpreted ones decode each time: with records kept, the fast loop would have to be left for what is not a shadow hit. */
export const PAGED: readonly VmVariant[] = [
  interpreted("nested", "each access walks the guest's page table, then the p2m", "nested"),
  interpreted("pa-tlb", "a TLB of VA to PA, then the p2m", "tlb"),
  interpreted("shadow", "a TLB of VA to MA in two levels, as a shadow page table", "shadow"),
  {
    name: "tlb",
    explains: "translated: each access looks into the shadow TLB",
    vm: { engine: "tiered", translator: { mergedChecks: false }, append: APPEND },
  },
  {
    name: "micro-tlb",
    explains: "translated: checks are merged, and each looks first at the page it led to last",
    vm: { engine: "tiered", append: APPEND },
  },
];
