import type { Experiment } from "../experiment.ts";

/** What the window over RAM and merged checks are worth, beside the TLB. */
export const memory: Experiment = {
  name: "memory",
  title: "Memory checks",
  question: "What does each way of checking a guest's loads and stores cost?",
  workloads: ["quicksort", "lz", "matmul", "stream", "random", "chase"],
  quick: ["quicksort"],
  variants: [
    {
      name: "tlb",
      explains: "every access looks into the TLB of VA to MA",
      vm: { engine: "tiered", translator: { window: false, mergedChecks: false } },
    },
    {
      name: "window",
      explains: "RAM is one window: a subtract and a compare for each access",
      vm: { engine: "tiered", translator: { mergedChecks: false } },
    },
    { name: "merged", explains: "one check of the window serves several accesses", vm: { engine: "tiered" } },
  ],
  plots: [{ title: "Slowdown by memory check", kind: "bars", quantity: "slowdown" }],
};
