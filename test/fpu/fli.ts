/** FLI's constants, worked out from the specification's table of values rather than copied from the core's bits. */

import { boxed, type FormatName, formats, pack } from "./formats.ts";
import { reference } from "./reference.ts";
import { ops } from "./ops.ts";

/** The table's values; entry 1 is the smallest normal number, entry 30 infinity, entry 31 the canonical NaN. */
const values = [
  ...[-1, 0, 2 ** -16, 2 ** -15, 2 ** -8, 2 ** -7, 0.0625, 0.125],
  ...[0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875],
  ...[1, 1.25, 1.5, 1.75, 2, 2.5, 3, 4, 8, 16, 128, 256, 2 ** 15, 2 ** 16, Infinity, NaN],
];

function bitsOf(format: FormatName, value: number, index: number): bigint {
  if (index === 1) return pack(formats[format], 0, 1, 0n);
  const double = new BigUint64Array(new Float64Array([value]).buffer)[0]!;
  return format === "d" ? double : reference(ops[`cvt_${format}_d`]!, 0, [double]).result;
}

const table = (format: FormatName): bigint[] =>
  values.map((value, index) => boxed(format, bitsOf(format, value, index)));

/** Register contents after FLI of each constant, by format. */
export const fliValues: Readonly<Record<FormatName, readonly bigint[]>> = {
  h: table("h"),
  s: table("s"),
  d: table("d"),
};
