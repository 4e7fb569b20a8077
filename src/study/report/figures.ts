/** How figures are written. */

import type { Estimate } from "../result.ts";

/** Three significant digits, in plain notation; large numbers with separators. */
export function figure(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  if (Math.abs(rounded) >= 1000) return Math.round(rounded).toLocaleString("en-US");
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(decimals, 6));
}

/** `4.10x`. */
export function times(value: number | undefined): string {
  return value === undefined ? "–" : `${figure(value)}x`;
}

/** `4.10x (3.90 to 4.30)`. */
export function timesWithInterval(estimate: Estimate | undefined): string {
  if (estimate === undefined) return "–";
  return `${times(estimate.median)} (${figure(estimate.low)} to ${figure(estimate.high)})`;
}

/** Whole counts with separators. */
export function count(value: number | undefined): string {
  return value === undefined ? "–" : Math.round(value).toLocaleString("en-US");
}

/** Bytes with a binary unit. */
export function bytes(value: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const power = Math.min(3, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${figure(value / 2 ** (10 * power))} ${units[power]}`;
}
