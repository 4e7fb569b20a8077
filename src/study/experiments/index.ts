/** The bundled experiments, in the order in which a full study runs them. */

import type { Experiment } from "../experiment.ts";
import { ladder } from "./ladder.ts";

export const EXPERIMENTS: readonly Experiment[] = [ladder];
