/** Formats and integer types as plain numbers, for references and generators. */

import type { Kind } from "./ops.ts";

export type FormatName = "h" | "s" | "d";
export type IntegerName = "w" | "wu" | "l" | "lu";

export interface Format {
  width: number;
  fracBits: number;
  bias: number;
  /** The exponent field of infinities and NaNs. */
  expMax: number;
}

export const formats: Readonly<Record<FormatName, Format>> = {
  h: { width: 16, fracBits: 10, bias: 15, expMax: 31 },
  s: { width: 32, fracBits: 23, bias: 127, expMax: 255 },
  d: { width: 64, fracBits: 52, bias: 1023, expMax: 2047 },
};

export const integers: Readonly<Record<IntegerName, { width: number; signed: boolean }>> = {
  w: { width: 32, signed: true },
  wu: { width: 32, signed: false },
  l: { width: 64, signed: true },
  lu: { width: 64, signed: false },
};

export function isFormat(kind: Kind): kind is FormatName {
  return kind in formats;
}

/** Bits of a format from its fields. */
export function pack({ width, fracBits }: Format, sign: number, exp: number, frac: bigint): bigint {
  return (BigInt(sign) << BigInt(width - 1)) | (BigInt(exp) << BigInt(fracBits)) | frac;
}

/** NaN-boxed register contents. */
export function boxed(kind: Kind, bits: bigint): bigint {
  return isFormat(kind) ? BigInt.asUintN(64, bits | (-1n << BigInt(formats[kind].width))) : bits;
}

/** The fcsr rounding modes by number. */
export const modes = ["rne", "rtz", "rdn", "rup", "rmm"] as const;
