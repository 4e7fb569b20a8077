import type { Experiment } from "../experiment.ts";

/** Who executes CSR accesses and translation fences that translated code comes to. */
export const sensitive: Experiment = {
  name: "sensitive",
  title: "Sensitive instructions",
  question: "What does it cost to leave translated code for a sensitive instruction?",
  workloads: ["syscalls", "pagefault", "ctxswitch", "timer"],
  quick: ["syscalls"],
  variants: [
    {
      name: "exit",
      explains: "leaves to the VMM in TypeScript for each",
      vm: { engine: "tiered", translator: { sensitive: "exit" } },
    },
    {
      name: "callout",
      explains: "calls the core, and goes on",
      vm: { engine: "tiered", translator: { sensitive: "callout" } },
    },
    {
      name: "inline",
      explains: "does in place what can be done in place",
      vm: { engine: "tiered", translator: { sensitive: "inline" } },
    },
  ],
  plots: [{ title: "Time for each guest instruction, steady state", kind: "bars", quantity: "nanoseconds" }],
};
