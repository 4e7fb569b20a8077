/** CSR numbers, and the fields of CSRs that lie below bit 32. (Privileged ISA, "CSR Listing") */

/** Numbers of the CSRs that exist; of an array of CSRs the first. */
export enum Csr {
  FFLAGS = 0x001,
  FRM = 0x002,
  FCSR = 0x003,

  SSTATUS = 0x100,
  SIE = 0x104,
  STVEC = 0x105,
  SCOUNTEREN = 0x106,
  SENVCFG = 0x10a,
  SSCRATCH = 0x140,
  SEPC = 0x141,
  SCAUSE = 0x142,
  STVAL = 0x143,
  SIP = 0x144,
  STIMECMP = 0x14d,
  SATP = 0x180,

  MSTATUS = 0x300,
  MISA = 0x301,
  MEDELEG = 0x302,
  MIDELEG = 0x303,
  MIE = 0x304,
  MTVEC = 0x305,
  MCOUNTEREN = 0x306,
  MENVCFG = 0x30a,
  MCOUNTINHIBIT = 0x320,
  /** mhpmevent0 would be here; 3 to 31 exist. */
  MHPMEVENT = 0x320,
  MSCRATCH = 0x340,
  MEPC = 0x341,
  MCAUSE = 0x342,
  MTVAL = 0x343,
  MIP = 0x344,
  PMPCFG0 = 0x3a0,
  PMPCFG2 = 0x3a2,
  PMPADDR0 = 0x3b0,

  TSELECT = 0x7a0,
  TDATA1 = 0x7a1,
  TDATA2 = 0x7a2,
  TDATA3 = 0x7a3,
  TINFO = 0x7a4,

  MCYCLE = 0xb00,
  MINSTRET = 0xb02,
  CYCLE = 0xc00,
  TIME = 0xc01,
  INSTRET = 0xc02,

  MVENDORID = 0xf11,
  MARCHID = 0xf12,
  MIMPID = 0xf13,
  MHARTID = 0xf14,
  MCONFIGPTR = 0xf15,
}

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
