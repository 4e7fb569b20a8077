/** AES and SM4 instructions in BigInt, with S-boxes computed from their definitions. */

import { type Model, u32, word } from "./models.ts";

/** A product in GF(2^8) modulo `polynomial`. */
function product(a: number, b: number, polynomial: number): number {
  let sum = 0;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) sum ^= a << bit;
  }
  for (let bit = 15; bit >= 8; bit--) {
    if ((sum >> bit) & 1) sum ^= polynomial << (bit - 8);
  }
  return sum;
}

function inverse(a: number, polynomial: number): number {
  for (let b = 1; b < 256; b++) {
    if (product(a, b, polynomial) === 1) return b;
  }
  return 0;
}

const parity = (value: number): number => [...value.toString(2)].filter((digit) => digit === "1").length & 1;
const rotate8 = (value: number, by: number): number => ((value << by) | (value >> (8 - by))) & 0xff;

/** The circulant matrix whose row i is `row` rotated left by i, times `value`, plus `constant`. */
function affine(value: number, row: number, constant: number): number {
  let result = constant;
  for (let bit = 0; bit < 8; bit++) result ^= parity(value & rotate8(row, bit)) << bit;
  return result;
}

const AES_POLYNOMIAL = 0x11b;
const SM4_POLYNOMIAL = 0x1f5;
const everyByte = Array.from({ length: 256 }, (_, value) => value);

/** FIPS 197, "SubBytes". */
const aesBox = everyByte.map((value) => affine(inverse(value, AES_POLYNOMIAL), 0xf1, 0x63));
const aesInverseBox = everyByte.map((value) => aesBox.indexOf(value));
/** The S-box of GB/T 32907 in its algebraic form. */
const sm4Box = everyByte.map((value) => affine(inverse(affine(value, 0xa7, 0xd3), SM4_POLYNOMIAL), 0xa7, 0xd3));

const bytesOf = (value: bigint, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
const fromBytes = (bytes: readonly number[]): bigint =>
  bytes.reduce((value, byte, i) => value | (BigInt(byte) << BigInt(8 * i)), 0n);

/** Columns 0 and 1 of the state after rows have moved `direction` columns a row to the left; byte 4c + r is row r, column c. */
function shiftRows(low: bigint, high: bigint, direction: 1 | -1): number[] {
  const state = [...bytesOf(low, 8), ...bytesOf(high, 8)];
  return Array.from({ length: 8 }, (_, i) => {
    const row = i & 3;
    const column = ((i >> 2) + direction * row + 4) & 3;
    return state[4 * column + row]!;
  });
}

/** Each column times the circulant matrix with first row `row`. */
function mix(bytes: readonly number[], row: readonly number[]): number[] {
  return bytes.map((_, i) => {
    const column = bytes.slice(i & 4, (i & 4) + 4);
    return column.reduce((sum, value, j) => sum ^ product(value, row[(j - (i & 3) + 4) & 3]!, AES_POLYNOMIAL), 0);
  });
}

const MIX = [2, 3, 1, 1];
const INVERSE_MIX = [14, 11, 13, 9];
const through = (box: readonly number[], bytes: readonly number[]): number[] => bytes.map((value) => box[value]!);

export const aesBinary: Record<string, Model> = {
  aes64es: (a, b) => fromBytes(through(aesBox, shiftRows(a, b, 1))),
  aes64esm: (a, b) => fromBytes(mix(through(aesBox, shiftRows(a, b, 1)), MIX)),
  aes64ds: (a, b) => fromBytes(through(aesInverseBox, shiftRows(a, b, -1))),
  aes64dsm: (a, b) => fromBytes(mix(through(aesInverseBox, shiftRows(a, b, -1)), INVERSE_MIX)),
  aes64ks2: (a, b) => {
    const first = (a >> 32n) ^ u32(b);
    return first | ((first ^ (b >> 32n)) << 32n);
  },
};

export const aesUnary: Record<string, Model> = {
  aes64im: (a) => fromBytes(mix(bytesOf(a, 8), INVERSE_MIX)),
};

/** x^(rnum) in GF(2^8): the round constant. */
function roundConstant(rnum: number): number {
  let constant = 1;
  for (let round = 0; round < rnum; round++) constant = product(constant, 2, AES_POLYNOMIAL);
  return constant;
}

/** aes64ks1i, with rnum 0 to 10. */
export function aes64ks1i(a: bigint, rnum: bigint): bigint {
  const bytes = bytesOf(a >> 32n, 4);
  const plain = rnum === 10n;
  const turned = plain ? bytes : [...bytes.slice(1), bytes[0]!];
  const result = fromBytes(through(aesBox, turned)) ^ BigInt(plain ? 0 : roundConstant(Number(rnum)));
  return result | (result << 32n);
}

/** SM4 works on big-endian words; the instructions see them byte-reversed. */
const reversed = (value: bigint): bigint => fromBytes(bytesOf(value, 4).reverse());

/** The linear map "sum of rotations" applied to the S-box output at byte `bs`, then added to rs1. */
function sm4(a: bigint, b: bigint, bs: number, rotations: readonly number[]): bigint {
  const output = sm4Box[bytesOf(b, 4)[bs]!]!;
  const bigEndian = reversed(BigInt(output) << BigInt(8 * bs));
  const mixed = rotations.reduce((sum, by) => {
    const wide = bigEndian << BigInt(by);
    return sum ^ u32(wide | (wide >> 32n));
  }, 0n);
  return word(u32(a) ^ reversed(mixed));
}

export const sm4ed = (a: bigint, b: bigint, bs: number): bigint => sm4(a, b, bs, [0, 2, 10, 18, 24]);
export const sm4ks = (a: bigint, b: bigint, bs: number): bigint => sm4(a, b, bs, [0, 13, 23]);
