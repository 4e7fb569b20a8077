/**
 * What the instructions compute, written from the formulas of the specifications in BigInt: a reference that shares no
 * code and no tables with the core.
 */

/** rs1, then rs2 or the immediate, gives rd. Results are taken modulo 2^64. */
export type Model = (a: bigint, b: bigint) => bigint;

export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
export const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);
/** The low 32 bits, sign-extended. */
export const word = (value: bigint): bigint => BigInt.asIntN(32, value);

/** Bits of `value`, lowest first. */
function bits(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Number((value >> BigInt(i)) & 1n));
}

function fromBits(list: readonly number[]): bigint {
  return list.reduce((value, bit, i) => value | (BigInt(bit) << BigInt(i)), 0n);
}

function elements(value: bigint, width: number): bigint[] {
  const mask = (1n << BigInt(width)) - 1n;
  return Array.from({ length: 64 / width }, (_, i) => (value >> BigInt(i * width)) & mask);
}

function fromElements(list: readonly bigint[], width: number): bigint {
  return list.reduce((value, element, i) => value | (element << BigInt(i * width)), 0n);
}

/** `list` with each index moved up by `by`, wrapping. */
function rotated(list: readonly number[], by: bigint): number[] {
  const n = list.length;
  return list.map((_, i) => list[(((i - Number(by % BigInt(n))) % n) + n) % n]!);
}

const rol = (value: bigint, by: bigint, width = 64): bigint => fromBits(rotated(bits(value, width), by));
const ror = (value: bigint, by: bigint, width = 64): bigint => rol(value, BigInt(width) - (by % BigInt(width)), width);

const leadingZeros = (value: bigint, width: number) => BigInt(bits(value, width).reverse().concat(1).indexOf(1));
const trailingZeros = (value: bigint, width: number) => BigInt(bits(value, width).concat(1).indexOf(1));
const ones = (value: bigint, width: number) => BigInt(bits(value, width).filter(Boolean).length);

/** The 127-bit product of polynomials over GF(2). */
function carryless(a: bigint, b: bigint): bigint {
  return bits(b, 64).reduce((product, bit, i) => (bit ? product ^ (a << BigInt(i)) : product), 0n);
}

const quotient = (a: bigint, b: bigint) => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint) => (b === 0n ? a : a % b);

/** rs1 and rs2. */
export const rvI: Record<string, Model> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  sll: (a, b) => a << (b & 63n),
  slt: (a, b) => (s64(a) < s64(b) ? 1n : 0n),
  sltu: (a, b) => (a < b ? 1n : 0n),
  xor: (a, b) => a ^ b,
  srl: (a, b) => a >> (b & 63n),
  sra: (a, b) => s64(a) >> (b & 63n),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  addw: (a, b) => word(a + b),
  subw: (a, b) => word(a - b),
  sllw: (a, b) => word(a << (b & 31n)),
  srlw: (a, b) => word(u32(a) >> (b & 31n)),
  sraw: (a, b) => word(a) >> (b & 31n),
};

/** rs1 and a signed immediate of 12 bits. */
export const rvImmediate: Record<string, Model> = {
  addi: (a, b) => a + b,
  slti: (a, b) => (s64(a) < b ? 1n : 0n),
  sltiu: (a, b) => (a < u64(b) ? 1n : 0n),
  xori: (a, b) => a ^ u64(b),
  ori: (a, b) => a | u64(b),
  andi: (a, b) => a & u64(b),
  addiw: (a, b) => word(a + b),
};

export const rvM: Record<string, Model> = {
  mul: (a, b) => a * b,
  mulh: (a, b) => (s64(a) * s64(b)) >> 64n,
  mulhsu: (a, b) => (s64(a) * b) >> 64n,
  mulhu: (a, b) => (a * b) >> 64n,
  mulw: (a, b) => word(a * b),
  div: (a, b) => quotient(s64(a), s64(b)),
  divu: quotient,
  divw: (a, b) => word(quotient(word(a), word(b))),
  divuw: (a, b) => word(quotient(u32(a), u32(b))),
  rem: (a, b) => remainder(s64(a), s64(b)),
  remu: remainder,
  remw: (a, b) => word(remainder(word(a), word(b))),
  remuw: (a, b) => word(remainder(u32(a), u32(b))),
};

export const zba: Record<string, Model> = {
  "add.uw": (a, b) => b + u32(a),
  sh1add: (a, b) => b + a * 2n,
  sh2add: (a, b) => b + a * 4n,
  sh3add: (a, b) => b + a * 8n,
  "sh1add.uw": (a, b) => b + u32(a) * 2n,
  "sh2add.uw": (a, b) => b + u32(a) * 4n,
  "sh3add.uw": (a, b) => b + u32(a) * 8n,
};

export const zbb: Record<string, Model> = {
  andn: (a, b) => a & ~b,
  orn: (a, b) => a | ~b,
  xnor: (a, b) => ~(a ^ b),
  max: (a, b) => (s64(a) > s64(b) ? a : b),
  maxu: (a, b) => (a > b ? a : b),
  min: (a, b) => (s64(a) < s64(b) ? a : b),
  minu: (a, b) => (a < b ? a : b),
  rol: (a, b) => rol(a, b & 63n),
  rolw: (a, b) => word(rol(u32(a), b & 31n, 32)),
  ror: (a, b) => ror(a, b & 63n),
  rorw: (a, b) => word(ror(u32(a), b & 31n, 32)),
};

export const zbbUnary: Record<string, Model> = {
  clz: (a) => leadingZeros(a, 64),
  clzw: (a) => leadingZeros(u32(a), 32),
  ctz: (a) => trailingZeros(a, 64),
  ctzw: (a) => trailingZeros(u32(a), 32),
  cpop: (a) => ones(a, 64),
  cpopw: (a) => ones(u32(a), 32),
  "sext.b": (a) => BigInt.asIntN(8, a),
  "sext.h": (a) => BigInt.asIntN(16, a),
  "zext.h": (a) => BigInt.asUintN(16, a),
  "orc.b": (a) =>
    fromElements(
      elements(a, 8).map((byte) => (byte ? 0xffn : 0n)),
      8,
    ),
  rev8: (a) => fromElements(elements(a, 8).reverse(), 8),
};

export const zbc: Record<string, Model> = {
  clmul: carryless,
  clmulh: (a, b) => carryless(a, b) >> 64n,
  clmulr: (a, b) => carryless(a, b) >> 63n,
};

export const zbs: Record<string, Model> = {
  bclr: (a, b) => a & ~(1n << (b & 63n)),
  bext: (a, b) => (a >> (b & 63n)) & 1n,
  binv: (a, b) => a ^ (1n << (b & 63n)),
  bset: (a, b) => a | (1n << (b & 63n)),
};

export const zbkb: Record<string, Model> = {
  pack: (a, b) => u32(a) | (u32(b) << 32n),
  packh: (a, b) => (a & 0xffn) | ((b & 0xffn) << 8n),
  packw: (a, b) => word((a & 0xffffn) | ((b & 0xffffn) << 16n)),
};

export const zbkbUnary: Record<string, Model> = {
  brev8: (a) =>
    fromElements(
      elements(a, 8).map((byte) => fromBits(bits(byte, 8).reverse())),
      8,
    ),
};

function permute(table: bigint, indices: bigint, width: number): bigint {
  const entries = elements(table, width);
  return fromElements(
    elements(indices, width).map((index) => entries[Number(index)] ?? 0n),
    width,
  );
}

export const zbkx: Record<string, Model> = {
  xperm4: (a, b) => permute(a, b, 4),
  xperm8: (a, b) => permute(a, b, 8),
};

export const zicond: Record<string, Model> = {
  "czero.eqz": (a, b) => (b === 0n ? 0n : a),
  "czero.nez": (a, b) => (b === 0n ? a : 0n),
};

/** rs1 and a shift amount or bit number: of 6 bits, and of 5 for the word forms. */
export const shifts: Record<string, Model> = {
  slli: rvI.sll!,
  srli: rvI.srl!,
  srai: rvI.sra!,
  "slli.uw": (a, b) => u32(a) << b,
  rori: zbb.ror!,
  bclri: zbs.bclr!,
  bexti: zbs.bext!,
  binvi: zbs.binv!,
  bseti: zbs.bset!,
};

export const wordShifts: Record<string, Model> = {
  slliw: rvI.sllw!,
  srliw: rvI.srlw!,
  sraiw: rvI.sraw!,
  roriw: zbb.rorw!,
};

/** May-be-operations give zero. */
export const zimopUnary: Record<string, Model> = { "mop.r.0": () => 0n, "mop.r.31": () => 0n };
export const zimop: Record<string, Model> = { "mop.rr.0": () => 0n, "mop.rr.7": () => 0n };

/** FIPS 180-4: SHA-256 functions (4.4) to (4.7), SHA-512 functions (4.10) to (4.13). */
const rotr3 = (x: bigint, width: number, p: bigint, q: bigint, r: bigint) =>
  ror(x, p, width) ^ ror(x, q, width) ^ ror(x, r, width);
const sigma = (x: bigint, width: number, p: bigint, q: bigint, shift: bigint) =>
  ror(x, p, width) ^ ror(x, q, width) ^ (x >> shift);

export const zknh: Record<string, Model> = {
  sha256sum0: (a) => word(rotr3(u32(a), 32, 2n, 13n, 22n)),
  sha256sum1: (a) => word(rotr3(u32(a), 32, 6n, 11n, 25n)),
  sha256sig0: (a) => word(sigma(u32(a), 32, 7n, 18n, 3n)),
  sha256sig1: (a) => word(sigma(u32(a), 32, 17n, 19n, 10n)),
  sha512sum0: (a) => rotr3(a, 64, 28n, 34n, 39n),
  sha512sum1: (a) => rotr3(a, 64, 14n, 18n, 41n),
  sha512sig0: (a) => sigma(a, 64, 1n, 8n, 7n),
  sha512sig1: (a) => sigma(a, 64, 19n, 61n, 6n),
};

/** GB/T 32905: P0(X) = X + (X <<< 9) + (X <<< 17), P1(X) = X + (X <<< 15) + (X <<< 23). */
export const zksh: Record<string, Model> = {
  sm3p0: (a) => word(u32(a) ^ rol(u32(a), 9n, 32) ^ rol(u32(a), 17n, 32)),
  sm3p1: (a) => word(u32(a) ^ rol(u32(a), 15n, 32) ^ rol(u32(a), 23n, 32)),
};
