/** The CSR table (docs/design/csr.md). Generated from src/isa by `npm run generate`; do not edit. */

/** Where a CSR's bits are kept. */
export enum Register {
  ONES = 0,
  FIELD = 1,
  STATUS = 2,
  FCSR = 3,
  PENDING = 4,
  COUNTER = 5,
}

/** A condition on an access besides privilege. */
export enum Condition {
  NONE = 0,
  FS = 1,
  TVM = 2,
  STCE = 3,
  COUNTEREN = 4,
}

/** How a written value is made legal. */
export enum Legal {
  ALL = 0,
  DELEGATED = 1,
  STIP = 2,
  XTVEC = 3,
  SATP = 4,
  MPP = 5,
  CBIE = 6,
  MENVCFG = 7,
  PMPCFG = 8,
  PMPADDR = 9,
}

/** How translated code accesses it without the core. */
export enum Form {
  CORE = 0,
  READ = 1,
  WRITE = 2,
  QUIET = 3,
}

/** One CSR. */
// @ts-ignore: decorator
@unmanaged
export class CsrEntry {
  /** A `Register`. */
  register: u8;
  /** How far right of the register's bits the CSR's are. */
  shift: u8;
  /** A `Condition`. */
  condition: u8;
  /** A `Legal`. */
  legal: u8;
  /** The set of effects, for `csr_written`. */
  effects: u8;
  /** A `Form`. */
  form: u8;
  /** Of a FIELD the offset in the hart's block, of a COUNTER its number. */
  place: u16;
  /** The bits that can be other than zero. */
  read: u64;
  /** The bits that a write takes. */
  write: u64;
  /** With Form.QUIET: the bits that translated code may change. */
  quiet: u64;
  /** Bits that may make an interrupt pending when they are set. */
  recheck: u64;
}

const indices = memory.data<u8>([
  0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  23, 0, 0, 0, 24, 25, 26, 0, 0, 0, 27, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  28, 29, 30, 31, 32, 0, 0, 0, 0, 0, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  40, 41, 42, 43, 44, 45, 46, 0, 0, 0, 47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77,
  78, 79, 80, 81, 82, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 83, 0, 84, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 119, 120, 121, 122, 123, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  101, 0, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 35, 36, 37, 38, 39, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

const entries = memory.data<u64>([
  0, 0, 0, 0, 0, // no CSR
  0x100010003, 0x1f, 0x1f, 0x0, 0x0, // fflags
  0x100010503, 0x7, 0x7, 0x0, 0x0, // frm
  0x100010003, 0xff, 0xff, 0x0, 0x0, // fcsr
  0x40005, 0xffffffffffffffff, 0x0, 0x0, 0x0, // cycle
  0x1000000040005, 0xffffffffffffffff, 0x0, 0x0, 0x0, // time
  0x2000000040005, 0xffffffffffffffff, 0x0, 0x0, 0x0, // instret
  0x318010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter3
  0x320010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter4
  0x328010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter5
  0x330010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter6
  0x338010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter7
  0x340010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter8
  0x348010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter9
  0x350010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter10
  0x358010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter11
  0x360010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter12
  0x368010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter13
  0x370010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter14
  0x378010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter15
  0x380010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter16
  0x388010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter17
  0x390010000040001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // hpmcounter18
  0x30200000002, 0x80000003000c6122, 0xc6122, 0x1aa, 0xa, // sstatus
  0x248000301000001, 0xaaa, 0xaaa, 0x0, 0xffffffffffffffff, // sie
  0x2a0010003000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // stvec
  0x2c8020000000001, 0x7ffff, 0x7ffff, 0x0, 0x0, // scounteren
  0x2d0010006000001, 0xf1, 0xf1, 0x0, 0x0, // senvcfg
  0x2a8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // sscratch
  0x2b0020000000001, 0xfffffffffffffffe, 0xfffffffffffffffe, 0x0, 0x0, // sepc
  0x2b8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // scause
  0x2c0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // stval
  0x301000004, 0xffffffffffffffff, 0x2, 0x0, 0xffffffffffffffff, // sip
  0x2e0010400030001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // stimecmp
  0x2d8010504020001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // satp
  0x0, 0x0, 0x0, 0x0, 0x0, // mvendorid
  0x0, 0x70200, 0x0, 0x0, 0x0, // marchid
  0x0, 0x70200, 0x0, 0x0, 0x0, // mimpid
  0x220010000000001, 0xffffffffffffffff, 0x0, 0x0, 0x0, // mhartid
  0x0, 0x0, 0x0, 0x0, 0x0, // mconfigptr
  0x30205000002, 0x8000000f007e79aa, 0x7e79aa, 0x1aa, 0xa, // mstatus
  0x228010000000001, 0x800000000014112d, 0x0, 0x0, 0x0, // misa
  0x238020000000001, 0xb3ff, 0xb3ff, 0x0, 0x0, // medeleg
  0x240010300000001, 0x222, 0x222, 0x0, 0xffffffffffffffff, // mideleg
  0x248010300000001, 0xaaa, 0xaaa, 0x0, 0xffffffffffffffff, // mie
  0x260010003000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mtvec
  0x288020000000001, 0x7ffff, 0x7ffff, 0x0, 0x0, // mcounteren
  0x298010607000001, 0xe0000000000000f1, 0xe0000000000000f1, 0x0, 0x8000000000000000, // menvcfg
  0x290010700000001, 0x7fffd, 0x7fffd, 0x0, 0x0, // mcountinhibit
  0x418020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent3
  0x420020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent4
  0x428020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent5
  0x430020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent6
  0x438020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent7
  0x440020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent8
  0x448020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent9
  0x450020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent10
  0x458020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent11
  0x460020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent12
  0x468020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent13
  0x470020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent14
  0x478020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent15
  0x480020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent16
  0x488020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent17
  0x490020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent18
  0x498020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent19
  0x4a0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent20
  0x4a8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent21
  0x4b0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent22
  0x4b8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent23
  0x4c0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent24
  0x4c8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent25
  0x4d0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent26
  0x4d8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent27
  0x4e0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent28
  0x4e8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent29
  0x4f0020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent30
  0x4f8020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmevent31
  0x268020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mscratch
  0x270020000000001, 0xfffffffffffffffe, 0xfffffffffffffffe, 0x0, 0x0, // mepc
  0x278020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mcause
  0x280020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mtval
  0x302000004, 0xffffffffffffffff, 0x222, 0x0, 0xffffffffffffffff, // mip
  0x580010808000001, 0x9f9f9f9f9f9f9f9f, 0x9f9f9f9f9f9f9f9f, 0x0, 0x0, // pmpcfg0
  0x588010808000001, 0x9f9f9f9f9f9f9f9f, 0x9f9f9f9f9f9f9f9f, 0x0, 0x0, // pmpcfg2
  0x500010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr0
  0x508010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr1
  0x510010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr2
  0x518010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr3
  0x520010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr4
  0x528010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr5
  0x530010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr6
  0x538010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr7
  0x540010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr8
  0x548010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr9
  0x550010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr10
  0x558010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr11
  0x560010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr12
  0x568010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr13
  0x570010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr14
  0x578010809000001, 0x3fffffffffffff, 0x3fffffffffffff, 0x0, 0x0, // pmpaddr15
  0x5, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mcycle
  0x2000000000005, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // minstret
  0x318020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter3
  0x320020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter4
  0x328020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter5
  0x330020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter6
  0x338020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter7
  0x340020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter8
  0x348020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter9
  0x350020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter10
  0x358020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter11
  0x360020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter12
  0x368020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter13
  0x370020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter14
  0x378020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter15
  0x380020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter16
  0x388020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter17
  0x390020000000001, 0xffffffffffffffff, 0xffffffffffffffff, 0x0, 0x0, // mhpmcounter18
  0x0, 0x0, 0x0, 0x0, 0x0, // tselect
  0x0, 0x0, 0x0, 0x0, 0x0, // tdata1
  0x0, 0x0, 0x0, 0x0, 0x0, // tdata2
  0x0, 0x0, 0x0, 0x0, 0x0, // tdata3
  0x0, 0x1, 0x1, 0x0, 0x0, // tinfo
]);

/** Whether there is a CSR of this number. */
export function csr_exists(csr: u32): bool {
  return csr < 4096 && load<u8>(indices + csr) != 0;
}

/** The row of CSR `csr`; one that reads as zero and takes nothing when there is none. */
export function csr_entry(csr: u32): CsrEntry {
  const index: u32 = csr < 4096 ? load<u8>(indices + csr) : 0;
  return changetype<CsrEntry>(entries + index * 40);
}
