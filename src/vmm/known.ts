/** Options have no other keys than those that are there: a misspelt one would be passed over in silence. */

import { type ErrorCode, WasmvisorError } from "../error.ts";
import { nearest } from "../nearest.ts";

/** What is checked. */
export interface Checked {
  /** The code of the error. */
  readonly code: ErrorCode;
  /** What the options belong to, for the sentence: "translator". */
  readonly where: string;
}

/**
 * `options`, which have no other keys than `keys`.
 * @throws WasmvisorError of the given code
 */
export function known(
  { code, where }: Checked,
  options: unknown,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof options !== "object" || options === null) {
    throw new WasmvisorError(code, `${where} is an object with the options ${keys.join(", ")}.`, {
      key: where,
      value: options,
    });
  }
  for (const [key, value] of Object.entries(options)) {
    if (keys.includes(key)) continue;
    const meant = nearest(key, keys);
    const advice = meant === undefined ? `use ${keys.join(", ")}.` : `did you mean ${meant}?`;
    throw new WasmvisorError(code, `There is no option ${where}.${key}; ${advice}`, { key, value });
  }
  return options as Readonly<Record<string, unknown>>;
}

/**
 * Checks how much something may do in a second: numbers from 1 to 10^12, with no other keys than `keys`. `where` says whose limits: "a drive".
 * @throws WasmvisorError `option` for an unknown key, and the given code
 */
export function checkLimits({ code, where }: Checked, limits: object, keys: readonly string[]): void {
  known({ code: "option", where: `${where}'s limits` }, limits, keys);
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (value === undefined || (typeof value === "number" && value >= 1 && value <= 1e12)) continue;
    const whose = where.replace(/^a/, "A");
    const sentence = `${whose}'s limits are numbers from 1 to 10^12; give ${name} one.`;
    throw new WasmvisorError(code, sentence, { name, value });
  }
}
