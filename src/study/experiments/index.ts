/** The bundled experiments, in the order in which a full study runs them. */

import type { Experiment } from "../experiment.ts";
import { codeCache } from "./code-cache.ts";
import { footprint } from "./footprint.ts";
import { hotness } from "./hotness.ts";
import { ladder } from "./ladder.ts";
import { memory } from "./memory.ts";
import { regionSize } from "./region-size.ts";
import { sensitive } from "./sensitive.ts";

export const EXPERIMENTS: readonly Experiment[] = [
  ladder,
  memory,
  sensitive,
  footprint,
  regionSize,
  hotness,
  codeCache,
];
