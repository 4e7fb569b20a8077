/** A study as JSON; `parse-result.ts` reads it. */

import type { StudyResult } from "./result.ts";

/** Digits of a measured number; samples of one cell lie per cents apart. */
const DIGITS = 6;

/** The study as a text of JSON. */
export function resultJson(result: StudyResult): string {
  return `${JSON.stringify(result, rounded, 1)}\n`;
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value;
}
