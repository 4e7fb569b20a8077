import type { Experiment } from "../experiment.ts";

/** From one block to whole functions with what they call. */
export const regionSize: Experiment = {
  name: "region-size",
  title: "Region size",
  question: "How many guest instructions should be translated together?",
  workloads: ["mix", "bytecode", "fft", "switch"],
  variants: [8, 32, 128, 300, 1200].map((value) => ({
    name: `up-to-${value}`,
    explains: `at most ${value} instructions in a region`,
    value,
    vm: { engine: "tiered", translator: { maxRegionInstructions: value } },
  })),
  plots: [{ title: "Slowdown by region size", kind: "value-curves", quantity: "slowdown" }],
};
