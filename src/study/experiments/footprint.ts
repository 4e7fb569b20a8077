import type { Experiment } from "../experiment.ts";

/** How each technique bears working sets beyond caches and TLBs. */
export const footprint: Experiment = {
  name: "footprint",
  title: "Footprint",
  question: "What happens as the working set grows beyond the TLB and the caches?",
  workloads: ["random", "chase"],
  footprints: [4, 16, 64, 256, 1024, 4096, 16_384, 65_536],
  variants: [
    { name: "predecode", explains: "interpreted", vm: { engine: "interpreter" } },
    {
      name: "tlb",
      explains: "translated, a TLB lookup for each access",
      vm: { engine: "tiered", translator: { window: false } },
    },
    { name: "window", explains: "translated, RAM as one window", vm: { engine: "tiered" } },
    { name: "wasm", explains: "the same C compiled to Wasm", run: "wasm" },
  ],
  plots: [
    { title: "Nanoseconds for each guest instruction", kind: "footprint-curves", quantity: "nanoseconds" },
    { title: "Slowdown against direct execution", kind: "footprint-curves", quantity: "slowdown" },
  ],
};
