/** Bits as the f32 and f64 that Wasm has operators for, and back. */

// @ts-ignore: decorator
@inline export function asF64(bits: u64): f64 {
  return reinterpret<f64>(bits);
}

// @ts-ignore: decorator
@inline export function asF32(bits: u64): f32 {
  return reinterpret<f32>(<u32>bits);
}

// @ts-ignore: decorator
@inline export function bitsF64(value: f64): u64 {
  return reinterpret<u64>(value);
}

// @ts-ignore: decorator
@inline export function bitsF32(value: f32): u64 {
  return <u64>reinterpret<u32>(value);
}

/** True for the formats Wasm has operators for. */
// @ts-ignore: decorator
@inline export function isNative<T>(): bool {
  return sizeof<T>() > 2;
}
