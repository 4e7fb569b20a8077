/** Fields of CSRs. The CSRs themselves are rows of src/isa/csr_rows.ts. */

/** Fields of mstatus and sstatus. */
export enum Status {
  SIE = 1 << 1,
  MIE = 1 << 3,
  SPIE = 1 << 5,
  MPIE = 1 << 7,
  SPP = 1 << 8,
  MPP = 3 << 11,
  MPP_SHIFT = 11,
  FS = 3 << 13,
  MPRV = 1 << 17,
  SUM = 1 << 18,
  MXR = 1 << 19,
  TVM = 1 << 20,
  TW = 1 << 21,
  TSR = 1 << 22,
}

/** Bit numbers of mstatus's high fields. */
export enum StatusBit {
  /** Two bits: the width of U mode, 2 for 64 bits. */
  UXL = 32,
  /** Two bits: the width of S mode, 2 for 64 bits. */
  SXL = 34,
  /** Some of FS, VS and XS is Dirty. Not stored; computed when read. */
  SD = 63,
}

/** Fields of menvcfg and senvcfg. */
export enum Envcfg {
  FIOM = 1,
  CBIE = 3 << 4,
  CBCFE = 1 << 6,
  CBZE = 1 << 7,
}

/** Bit numbers of menvcfg's high fields. */
export enum MenvcfgBit {
  ADUE = 61,
  PBMTE = 62,
  STCE = 63,
}

/** Fields of a pmpcfg byte. */
export enum PmpCfg {
  R = 1,
  W = 2,
  X = 4,
  A_SHIFT = 3,
  A_MASK = 3,
  L = 0x80,
  /** Every bit that can be set; bits 5 and 6 are reserved. */
  WRITABLE = 0x9f,
}

/** Sizes of the PMP registers. */
export enum Pmp {
  ENTRIES = 16,
  /** pmpaddr holds bits 55 to 2 of an address. */
  ADDR_BITS = 54,
}

/** Address matching of a PMP entry (pmpcfg.A). */
export enum PmpMatch {
  OFF = 0,
  TOR = 1,
  NA4 = 2,
  NAPOT = 3,
}

/** Counters by their bit in mcounteren, and how many there are. */
export enum Counter {
  CY = 0,
  TM = 1,
  IR = 2,
  HPM_FIRST = 3,
  /** The last hpmcounter: QEMU's `virt` has sixteen. */
  HPM_LAST = 18,
  /** mcounteren and scounteren: cycle, time, instret and the hpmcounters. */
  MASK = 0x7ffff,
}
