/** What emitted functions are made of, in numbers: their locals, and what their modules import. Plain enums only. */

/** Locals of a region's function. The first three are its parameters. */
export enum Local {
  /** The hart's address. */
  HART = 0,
  /** Steps that are left. */
  FUEL = 1,
  /** How many nested calls of regions are still allowed. */
  DEPTH = 2,
  /** i64: x1 is at X + 1. */
  X = 2,
  /** i64 temps of the IR. */
  TEMPS = 34,
  /** i64 scratch of the lowering. */
  A64 = 38,
  B64 = 39,
  /** i64: the address of the region's entry, in regions that may lie at several. */
  ENTRY = 40,
  /** i32: which exit is taken. */
  EXIT = 41,
  /** Address of the load TLB set. */
  TLB = 42,
  /** The place of each base register's span: the machine address, or in the window the distance from the start of RAM. */
  SPAN = 43,
  A32 = 75,
  /** The lengths of the ranges that exponents of results must lie in, see dbt/lower/float.ts; 0 while NX is clear. */
  RANGE_D = 76,
  RANGE_S = 77,
  /** f64: f0 is at F. Only regions with floating point have the locals from here on. */
  F = 78,
  /** f64 scratch: a floating-point result, and what is needed to know it. */
  FA = 110,
  /** f32 scratch: operands and a result. */
  SA = 122,
  /** f32: f registers that are kept as singles. Only regions with such have the locals from here on. */
  FS = 127,
  /** i32: the upper halves of those. */
  FH = 159,
  COUNT = 191,
}

/** The parts of the i32 that says by which exit a region is left (dbt/lower/exit.ts). */
export enum ExitValue {
  /** Instructions that were executed and not charged. */
  UNCHARGED = 0xfff,
  /** Set when the region at the exit's pc is called, if the jump cache has it. */
  CHAIN = 0x1000,
  /** The bits from here on: distance of the exit's pc from the entry, in bytes; bit 0 of it: the interpreter does the instruction there. */
  DISTANCE_SHIFT = 13,
}

/** Functions that a module has itself, by their indices: they come after what it imports. */
export enum Own {
  /** The check of a page behind the micro-TLB (dbt/lower/page.ts). */
  PAGE = 7,
  /** The call of a region by the jump cache (dbt/lower/callee.ts). */
  CALLEE = 8,
  /** The regions' begin here. */
  FIRST_REGION = 9,
}

/** Functions of the core that every module imports, in this order: all (hart i32, i32, i64) -> i64. */
export enum Import {
  /** (hart, size, va) -> status; the value is left in `mmioData`. */
  LOAD = 0,
  /** (hart, size, va) -> status; the value is in `mmioData`. */
  STORE = 1,
  /** (hart, fuel, record) -> status */
  CALLOUT = 2,
  /** (hart, fuel, record) -> System */
  SYSTEM = 3,
  /** (hart, length | store << 16 | micro << 13, va) -> ma, or 0 */
  SPAN = 4,
  /** (hart, 0, pc) -> 1 when the jump cache has the region there now */
  FIND = 5,
  /** (hart, depth, return address) -> the pc that is come to: that address, or another where to leave; `hart.pc` is where to begin */
  AWAIT = 6,
  COUNT = 7,
}
