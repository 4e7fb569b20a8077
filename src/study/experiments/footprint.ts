import type { Experiment } from "../experiment.ts";
import { PAGED } from "./paged.ts";

/** How each technique bears working sets beyond caches and TLBs. */
export const footprint: Experiment = {
  name: "footprint",
  title: "Footprint",
  question: "What happens as the working set grows beyond the TLB and the caches, and what does a miss cost?",
  workloads: ["random"],
  footprints: [4, 16, 64, 256, 1024, 4096, 16_384, 65_536],
  variants: [
    ...PAGED,
    { name: "window", explains: "translated, RAM as one window", vm: { engine: "tiered" } },
    { name: "wasm", explains: "the same C compiled to Wasm", run: "wasm" },
  ],
  plots: [
    { title: "Nanoseconds for each guest instruction", kind: "footprint-curves", quantity: "nanoseconds" },
    { title: "Slowdown against direct execution", kind: "footprint-curves", quantity: "slowdown" },
  ],
};
