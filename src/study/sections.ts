/** The parts of the report that are tables of their own. */

import { nanobenchmarks } from "./nanobenchmarks.ts";
import { popekGoldberg } from "./popek-goldberg/section.ts";
import type { Section } from "./result.ts";

export const SECTIONS: readonly Section[] = [nanobenchmarks, popekGoldberg];
