import type { Experiment } from "../experiment.ts";

/** What happens when the translations do not all fit. */
export const codeCache: Experiment = {
  name: "code-cache",
  title: "Code cache",
  question: "How large must the translation cache be?",
  workloads: ["mix", "bytecode", "exceptions"],
  variants: [16, 32, 64, 256, 2048].map((value) => ({
    name: `${value}-regions`,
    explains: `at most ${value} regions are kept, one basic block each`,
    value,
    vm: { engine: "tiered", translator: { regions: false, inlining: false, codeCache: { regions: value } } },
  })),
  plots: [{ title: "Slowdown by size of the translation cache", kind: "value-curves", quantity: "slowdown" }],
};
