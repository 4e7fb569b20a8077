/**
 * f registers as locals: an f64 of their raw bits, or, for those that the region uses for singles alone (opt/singles.ts), an f32
 * and the upper half. A write of a single makes that all ones.
 */

import { A64, FH, FS, local_of } from "./locals";
import { Dbt, writer } from "../ir/dbt";
import { W } from "../wasm/opcode";
import { byte, get, i32c, i64c, set, tee } from "../wasm/writer";

/** Whether f register `v` is in two locals. */
// @ts-ignore: decorator
@inline export function is_single(t: Dbt, v: u32): bool {
  return v >= 32 && v < 64 && ((t.singles >> (v - 32)) & 1) != 0;
}

// @ts-ignore: decorator
@inline export function single_local(v: u32): u32 {
  return FS + (v - 32);
}

// @ts-ignore: decorator
@inline export function upper_local(v: u32): u32 {
  return FH + (v - 32);
}

/** Pushes f register `v`'s 64 bits, an i64. */
export function push_bits(t: Dbt, v: u32): void {
  const w = writer(t);
  if (!is_single(t, v)) {
    get(w, local_of(v));
    byte(w, W.I64_REINTERPRET_F64);
    return;
  }
  get(w, single_local(v));
  byte(w, W.I32_REINTERPRET_F32);
  byte(w, W.I64_EXTEND_I32_U);
  get(w, upper_local(v));
  byte(w, W.I64_EXTEND_I32_U);
  i64c(w, 32);
  byte(w, W.I64_SHL);
  byte(w, W.I64_OR);
}

/** Writes the i64 on the stack to f register `v`. */
export function set_bits(t: Dbt, v: u32): void {
  const w = writer(t);
  if (!is_single(t, v)) {
    byte(w, W.F64_REINTERPRET_I64);
    set(w, local_of(v));
    return;
  }
  tee(w, A64);
  byte(w, W.I32_WRAP_I64);
  byte(w, W.F32_REINTERPRET_I32);
  set(w, single_local(v));
  get(w, A64);
  i64c(w, 32);
  byte(w, W.I64_SHR_U);
  byte(w, W.I32_WRAP_I64);
  set(w, upper_local(v));
}

/** Writes the f32 on the stack to f register `v`, boxed. */
export function set_boxed(t: Dbt, v: u32): void {
  const w = writer(t);
  if (is_single(t, v)) {
    set(w, single_local(v));
    i32c(w, -1);
    set(w, upper_local(v));
    return;
  }
  byte(w, W.I32_REINTERPRET_F32);
  byte(w, W.I64_EXTEND_I32_U);
  i64c(w, 0xffffffff_00000000);
  byte(w, W.I64_OR);
  byte(w, W.F64_REINTERPRET_I64);
  set(w, local_of(v));
}

/** Pushes whether f register `v` does not hold a boxed single. */
export function push_unboxed(t: Dbt, v: u32): void {
  const w = writer(t);
  if (is_single(t, v)) {
    get(w, upper_local(v));
    i32c(w, -1);
    byte(w, W.I32_NE);
    return;
  }
  push_bits(t, v);
  i64c(w, 0xffffffff_00000000);
  byte(w, W.I64_LT_U);
}
