import type { Experiment } from "../experiment.ts";
import { PAGED } from "./paged.ts";

/** From walking both tables for each access to one check of a window for several. */
export const memory: Experiment = {
  name: "memory",
  title: "Memory",
  question: "What does each way of finding the byte behind a guest's address cost?",
  workloads: ["quicksort", "lz", "matmul", "stream", "random", "chase"],
  quick: ["quicksort"],
  variants: [
    ...PAGED,
    {
      name: "window",
      explains: "translated, untranslated addresses: RAM is one window, a subtract and a compare for each access",
      vm: { engine: "tiered", translator: { mergedChecks: false } },
    },
    { name: "merged", explains: "the same, and one check serves several accesses", vm: { engine: "tiered" } },
  ],
  plots: [{ title: "Slowdown by memory model", kind: "bars", quantity: "slowdown" }],
};
