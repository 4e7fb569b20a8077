import type { Experiment } from "../experiment.ts";

/** Translate early and much, or late and little. */
export const hotness: Experiment = {
  name: "hotness",
  title: "Hotness threshold",
  question: "After how many interpreted steps should code be translated?",
  workloads: ["mix", "bytecode", "quicksort"],
  variants: [256, 1024, 4096, 16_384, 65_536, 262_144].map((value) => ({
    name: `after-${value}`,
    explains: `${value} interpreted steps make code hot`,
    value,
    vm: { engine: "tiered", translator: { hotThreshold: value } },
  })),
  plots: [
    { title: "Time to the first result", kind: "value-curves", quantity: "first-result" },
    { title: "What warming up costs", kind: "value-curves", quantity: "warm-up" },
    { title: "Slowdown in steady state", kind: "value-curves", quantity: "slowdown" },
  ],
};
