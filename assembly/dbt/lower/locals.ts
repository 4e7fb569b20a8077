/** The locals of an emitted function, and the indices of what its module imports. */

import { Import, Local, Own } from "../../shared/emitted";
import { TEMP } from "../ir/node";

export { Import };

if (<i32>Own.PAGE != Import.COUNT) ERROR("A module's own functions do not come after its imports");

export const PAGE_FUNCTION: u32 = Own.PAGE;
export const CALLEE_FUNCTION: u32 = Own.CALLEE;
export const FIRST_REGION: u32 = Own.FIRST_REGION;

/** `Local` says what each holds. */
export const HART: u32 = Local.HART;
export const FUEL: u32 = Local.FUEL;
export const DEPTH: u32 = Local.DEPTH;
export const X: u32 = Local.X;
export const TEMPS: u32 = Local.TEMPS;
export const A64: u32 = Local.A64;
export const B64: u32 = Local.B64;
export const I64_COUNT: u32 = Local.EXIT - Local.X - 1;
export const ENTRY: u32 = Local.ENTRY;
export const EXIT: u32 = Local.EXIT;
export const TLB: u32 = Local.TLB;
export const SPAN: u32 = Local.SPAN;
export const A32: u32 = Local.A32;
export const RANGE_D: u32 = Local.RANGE_D;
export const RANGE_S: u32 = Local.RANGE_S;
export const FH: u32 = Local.FH;
export const I32_COUNT: u32 = Local.F - Local.EXIT;
export const F: u32 = Local.F;
export const FA: u32 = Local.FA;
export const F64_SCRATCH: u32 = Local.SA - Local.FA;
export const F64_COUNT: u32 = 32 + F64_SCRATCH;
export const SA: u32 = Local.SA;
export const SB: u32 = SA + 1;
export const SC: u32 = SA + 2;
export const SR: u32 = SA + 3;
export const ST: u32 = SA + 4;
export const FS: u32 = Local.FS;
export const F32_SCRATCH: u32 = Local.FS - Local.SA;

/** The local of an IR value other than x0. */
export function local_of(value: u32): u32 {
  if (value < 32) return X + value;
  return value < TEMP ? F + (value - 32) : TEMPS + (value - TEMP);
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

/** The type of all emitted functions, and of what they import: (i32, i32, i64) -> i64. */
export const FUNCTION_TYPE: u32 = 0;
