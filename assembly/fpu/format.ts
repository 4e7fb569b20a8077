/**
 * The three binary formats and how their fields are read.
 *
 * A format is a type argument, the unsigned integer of its width. Values travel as u64 with the bits above the
 * format zero. Arithmetic works on an unpacked form in which all finite non-zero numbers are normalized:
 *
 *   value = (-1)^sign * significand / 2^63 * 2^(exponent - bias)        bit 63 of the significand is set
 *
 * so a subnormal has an exponent below 1, and everything but `fracBits` is the same for all formats.
 */

export type F16 = u16;
export type F32 = u32;
export type F64 = u64;

/** Bits of the format. */
// @ts-ignore: decorator
@inline export function width<T>(): i32 {
  return <i32>(sizeof<T>() << 3);
}

/** Bits of the trailing significand field. */
// @ts-ignore: decorator
@inline export function fracBits<T>(): i32 {
  return sizeof<T>() == 2 ? 10 : sizeof<T>() == 4 ? 23 : 52;
}

/** The all-ones exponent field of infinities and NaNs. */
// @ts-ignore: decorator
@inline export function expMax<T>(): i32 {
  return sizeof<T>() == 2 ? 31 : sizeof<T>() == 4 ? 255 : 2047;
}

// @ts-ignore: decorator
@inline export function bias<T>(): i32 {
  return expMax<T>() >> 1;
}

// @ts-ignore: decorator
@inline export function signBit<T>(): u64 {
  const place = width<T>() - 1;
  return u64(1) << place;
}

// @ts-ignore: decorator
@inline export function quietBit<T>(): u64 {
  const place = fracBits<T>() - 1;
  return u64(1) << place;
}

// @ts-ignore: decorator
@inline export function infinity<T>(): u64 {
  return (<u64>expMax<T>()) << fracBits<T>();
}

/** The smallest positive normal number. */
// @ts-ignore: decorator
@inline export function minNormal<T>(): u64 {
  return u64(1) << fracBits<T>();
}

/** The canonical NaN. (Unprivileged ISA, "NaN Generation and Propagation") */
// @ts-ignore: decorator
@inline export function nan<T>(): u64 {
  return infinity<T>() | quietBit<T>();
}

// @ts-ignore: decorator
@inline export function magnitude<T>(a: u64): u64 {
  return a & (signBit<T>() - 1);
}

/** The sign, 0 or 1. */
// @ts-ignore: decorator
@inline export function signOf<T>(a: u64): u32 {
  return <u32>(a >> (width<T>() - 1));
}

// @ts-ignore: decorator
@inline export function withSign<T>(sign: u32, bits: u64): u64 {
  const place = width<T>() - 1;
  return ((<u64>sign) << place) | bits;
}

// @ts-ignore: decorator
@inline export function isNan<T>(a: u64): bool {
  return magnitude<T>(a) > infinity<T>();
}

// @ts-ignore: decorator
@inline export function isSignaling<T>(a: u64): bool {
  return isNan<T>(a) && (a & quietBit<T>()) == 0;
}

// @ts-ignore: decorator
@inline export function isInfinite<T>(a: u64): bool {
  return magnitude<T>(a) == infinity<T>();
}

/** True for an infinity or a NaN. */
// @ts-ignore: decorator
@inline export function isSpecial<T>(a: u64): bool {
  return (a & infinity<T>()) == infinity<T>();
}

/** The normalized significand, or 0 for a zero. `a` is finite. */
// @ts-ignore: decorator
@inline export function significand<T>(a: u64): u64 {
  const shifted = a << (63 - fracBits<T>());
  if ((a & infinity<T>()) != 0) return shifted | (u64(1) << 63);
  return magnitude<T>(a) == 0 ? 0 : shifted << clz<u64>(shifted);
}

/** The biased exponent that belongs to `significand`; of a zero it means nothing. `a` is finite. */
// @ts-ignore: decorator
@inline export function exponent<T>(a: u64): i32 {
  const exp = <i32>(magnitude<T>(a) >> fracBits<T>());
  return exp != 0 ? exp : 1 - <i32>clz<u64>(a << (63 - fracBits<T>()));
}

/** A register's value in a narrower format: anything not NaN-boxed is the canonical NaN. */
// @ts-ignore: decorator
@inline export function unbox<T>(register: u64): u64 {
  if (sizeof<T>() == 8) return register;
  const box = ~(<u64>0) << width<T>();
  return (register & box) == box ? register & ~box : nan<T>();
}

/** (Unprivileged ISA, "NaN Boxing of Narrower Values") */
// @ts-ignore: decorator
@inline export function box<T>(bits: u64): u64 {
  return sizeof<T>() == 8 ? bits : bits | (~(<u64>0) << width<T>());
}
