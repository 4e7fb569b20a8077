/**
 * Writes Wasm bytes into a buffer. Knows no RISC-V.
 *
 * A `Writer` is the address of three u32: where the next byte goes, where the buffer ends, and whether it has run full;
 * a full buffer swallows what comes, and whoever finishes the function asks `full` once.
 */

import { Simd, W } from "./opcode";

// @ts-ignore: decorator
@unmanaged
export class Writer {
  at: u32;
  end: u32;
  full: u32;
}

export function writer_open(w: Writer, at: usize, bytes: usize): void {
  w.at = <u32>at;
  w.end = <u32>(at + bytes) - 16;
  w.full = 0;
}

export function byte(w: Writer, value: u32): void {
  if (w.at >= w.end) {
    w.full = 1;
    return;
  }
  store<u8>(w.at, <u8>value);
  w.at += 1;
}

/** Unsigned LEB128. */
export function unsigned(w: Writer, value: u32): void {
  while (value >= 0x80) {
    byte(w, (value & 0x7f) | 0x80);
    value >>= 7;
  }
  byte(w, value);
}

/** Signed LEB128. */
export function signed(w: Writer, value: i64): void {
  while (value < -64 || value > 63) {
    byte(w, (<u32>value & 0x7f) | 0x80);
    value >>= 7;
  }
  byte(w, <u32>value & 0x7f);
}

/** Five bytes for an unsigned number that is known only later; returns where they stand. */
export function reserve(w: Writer): u32 {
  const at = w.at;
  for (let i = 0; i < 5; i++) byte(w, 0);
  return at;
}

/** Fills reserved bytes in, as a padded LEB128. */
export function patch(w: Writer, at: u32, value: u32): void {
  if (w.full) return;
  for (let i = 0; i < 4; i++) {
    store<u8>(at + i, <u8>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  store<u8>(at + 4, <u8>value);
}

export function op1(w: Writer, op: W, index: u32): void {
  byte(w, op);
  unsigned(w, index);
}

export function get(w: Writer, local: u32): void {
  op1(w, W.LOCAL_GET, local);
}

export function set(w: Writer, local: u32): void {
  op1(w, W.LOCAL_SET, local);
}

export function tee(w: Writer, local: u32): void {
  op1(w, W.LOCAL_TEE, local);
}

export function i32c(w: Writer, value: i32): void {
  byte(w, W.I32_CONST);
  signed(w, value);
}

export function i64c(w: Writer, value: i64): void {
  byte(w, W.I64_CONST);
  signed(w, value);
}

/** A load or store with natural alignment unclaimed (2^0): guest addresses may be misaligned. */
export function mem(w: Writer, op: W, offset: u32): void {
  byte(w, op);
  byte(w, 0);
  unsigned(w, offset);
}

/** A vector's instruction without immediates. */
export function simd(w: Writer, op: Simd): void {
  op1(w, W.SIMD, op);
}

/** Lane 0 of a vector. */
export function first_lane(w: Writer, op: Simd): void {
  simd(w, op);
  byte(w, 0);
}

/** A block, loop or if of block type `type`. */
export function open(w: Writer, op: W, type: u32): void {
  byte(w, op);
  byte(w, type);
}

/** An f64 constant, by its bits. */
export function f64c(w: Writer, bits: u64): void {
  byte(w, W.F64_CONST);
  for (let i = 0; i < 8; i++) byte(w, <u32>(bits >> (i << 3)) & 0xff);
}

/** An f32 constant, by its bits. */
export function f32c(w: Writer, bits: u32): void {
  byte(w, W.F32_CONST);
  for (let i = 0; i < 4; i++) byte(w, (bits >> (i << 3)) & 0xff);
}
