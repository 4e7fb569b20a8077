/** The parts of the report that are tables of their own. */

import type { Section } from "./result.ts";

export const SECTIONS: readonly Section[] = [];
