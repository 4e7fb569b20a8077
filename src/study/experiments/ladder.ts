import type { Experiment } from "../experiment.ts";
import { LADDER } from "../ladder.ts";

/** What each technique is worth: every workload on every rung. */
export const ladder: Experiment = {
  name: "ladder",
  title: "The ladder",
  question: "How much slower than direct execution is each technique, and what does each step win?",
  workloads: ["integer", "floating-point", "fused", "memory", "control", "system"],
  quick: ["mix", "nbody", "fib"],
  variants: LADDER,
  plots: [
    { title: "Slowdown against direct execution, steady state", kind: "bars", quantity: "slowdown", textbook: true },
    { title: "Time to the first result", kind: "bars", quantity: "first-result" },
    { title: "What warming up costs", kind: "bars", quantity: "warm-up" },
  ],
};
