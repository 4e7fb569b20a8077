/** Bit permutations that several extensions share. */

/** A 32-bit result, sign-extended. */
// @ts-ignore: decorator
@inline export function sext32(value: u32): u64 {
  return <u64>(<i64>(<i32>value));
}

/** Reverses the bits of each byte. */
// @ts-ignore: decorator
@inline export function bitrev_bytes(v: u64): u64 {
  v = ((v >> 1) & 0x5555555555555555) | ((v & 0x5555555555555555) << 1);
  v = ((v >> 2) & 0x3333333333333333) | ((v & 0x3333333333333333) << 2);
  return ((v >> 4) & 0x0f0f0f0f0f0f0f0f) | ((v & 0x0f0f0f0f0f0f0f0f) << 4);
}

/** Reverses the 64 bits of `v`. */
// @ts-ignore: decorator
@inline export function bitrev64(v: u64): u64 {
  return bswap<u64>(bitrev_bytes(v));
}
