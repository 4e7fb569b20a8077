/** The locals of an emitted function, and the indices of what its module imports. */

import { TEMP } from "./ir";

/** Parameters: the hart's address, and the fuel (steps) that is left. */
export const HART: u32 = 0;
export const FUEL: u32 = 1;
/** How many nested calls of regions are still allowed. */
export const DEPTH: u32 = 2;
/** x1 is at X + 1. */
export const X: u32 = 2;
/** i64 temps of the IR. */
export const TEMPS: u32 = 34;
export const TEMP_COUNT: u32 = 4;
/** i64 scratch of the lowering. */
export const A64: u32 = 38;
export const B64: u32 = 39;
export const I64_COUNT: u32 = 37;
/** Which exit is taken. */
export const EXIT: u32 = 40;
/** Address of the load TLB set; the machine address of each base register's span is at SPAN + register. */
export const TLB: u32 = 41;
export const SPAN: u32 = 42;
export const A32: u32 = 74;
/** The lengths of the ranges that exponents of results must lie in, see lower_float.ts; 0 while NX is clear. */
export const RANGE_D: u32 = 75;
export const RANGE_S: u32 = 76;
/** Upper halves of f registers that are kept as singles. */
export const FH: u32 = 77;
export const I32_COUNT: u32 = 69;
/** f0 is at F. */
export const F: u32 = 109;
/** f64 scratch: a floating-point result, and what is needed to know it. */
export const FA: u32 = 141;
export const F64_SCRATCH: u32 = 12;
export const F64_COUNT: u32 = 32 + F64_SCRATCH;
/** f32 scratch: operands and a result. */
export const SA: u32 = FA + F64_SCRATCH;
export const SB: u32 = SA + 1;
export const SC: u32 = SA + 2;
export const SR: u32 = SA + 3;
export const ST: u32 = SA + 4;
/** The singles themselves. */
export const FS: u32 = SA + 5;
export const F32_COUNT: u32 = 5 + 32;

/** The local of an IR value other than x0. */
export function local_of(value: u32): u32 {
  if (value < 32) return X + value;
  return value < TEMP ? F + (value - 32) : TEMPS + (value - TEMP);
}

/** Functions of the core that every module imports, in this order. */
export enum Import {
  /** (hart, va i64, size) -> status; the value is left in `mmioData`. */
  LOAD = 0,
  /** (hart, va i64, value i64, size) -> status */
  STORE = 1,
  /** (hart, record i64, fuel) -> status */
  CALLOUT = 2,
  /** (hart, record i64, fuel) -> System */
  SYSTEM = 3,
  /** (hart, va i64, length | store << 16) -> ma, or 0 */
  SPAN = 4,
  COUNT = 5,
}

/** What has become of a system instruction that the core was to execute. */
export enum System {
  /** Done; what regions assume still holds. */
  GO_ON = 0,
  /** Nothing has changed: the interpreter must do it, for it traps. */
  INTERPRET = 1,
  /** Done; translated code must be left. */
  LEAVE = 2,
}

/** Types of the module: the imports' in order, then a region's. */
export const REGION_TYPE: u32 = 5;
