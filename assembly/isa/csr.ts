/** CSR numbers. Generated from src/isa by `npm run generate`; do not edit. */

/** Numbers of the CSRs that exist. */
export enum Csr {
  /** floating-point accrued exceptions */
  FFLAGS = 0x001,
  /** floating-point dynamic rounding mode */
  FRM = 0x002,
  /** frm and fflags */
  FCSR = 0x003,
  /** cycle counter */
  CYCLE = 0xc00,
  /** timer */
  TIME = 0xc01,
  /** retired-instruction counter */
  INSTRET = 0xc02,
  /** performance counter 3 */
  HPMCOUNTER3 = 0xc03,
  /** performance counter 4 */
  HPMCOUNTER4 = 0xc04,
  /** performance counter 5 */
  HPMCOUNTER5 = 0xc05,
  /** performance counter 6 */
  HPMCOUNTER6 = 0xc06,
  /** performance counter 7 */
  HPMCOUNTER7 = 0xc07,
  /** performance counter 8 */
  HPMCOUNTER8 = 0xc08,
  /** performance counter 9 */
  HPMCOUNTER9 = 0xc09,
  /** performance counter 10 */
  HPMCOUNTER10 = 0xc0a,
  /** performance counter 11 */
  HPMCOUNTER11 = 0xc0b,
  /** performance counter 12 */
  HPMCOUNTER12 = 0xc0c,
  /** performance counter 13 */
  HPMCOUNTER13 = 0xc0d,
  /** performance counter 14 */
  HPMCOUNTER14 = 0xc0e,
  /** performance counter 15 */
  HPMCOUNTER15 = 0xc0f,
  /** performance counter 16 */
  HPMCOUNTER16 = 0xc10,
  /** performance counter 17 */
  HPMCOUNTER17 = 0xc11,
  /** performance counter 18 */
  HPMCOUNTER18 = 0xc12,
  /** supervisor status */
  SSTATUS = 0x100,
  /** supervisor interrupt enable */
  SIE = 0x104,
  /** supervisor trap vector */
  STVEC = 0x105,
  /** counters that U mode may read */
  SCOUNTEREN = 0x106,
  /** environment configuration for U mode */
  SENVCFG = 0x10a,
  /** supervisor scratch */
  SSCRATCH = 0x140,
  /** supervisor exception pc */
  SEPC = 0x141,
  /** supervisor trap cause */
  SCAUSE = 0x142,
  /** supervisor trap value */
  STVAL = 0x143,
  /** supervisor interrupt pending */
  SIP = 0x144,
  /** supervisor timer compare */
  STIMECMP = 0x14d,
  /** supervisor address translation and protection */
  SATP = 0x180,
  /** vendor */
  MVENDORID = 0xf11,
  /** architecture */
  MARCHID = 0xf12,
  /** implementation */
  MIMPID = 0xf13,
  /** hart */
  MHARTID = 0xf14,
  /** configuration structure */
  MCONFIGPTR = 0xf15,
  /** machine status */
  MSTATUS = 0x300,
  /** extensions */
  MISA = 0x301,
  /** exceptions delegated to S mode */
  MEDELEG = 0x302,
  /** interrupts delegated to S mode */
  MIDELEG = 0x303,
  /** machine interrupt enable */
  MIE = 0x304,
  /** machine trap vector */
  MTVEC = 0x305,
  /** counters that S mode may read */
  MCOUNTEREN = 0x306,
  /** environment configuration for S and U mode */
  MENVCFG = 0x30a,
  /** counters that stand still */
  MCOUNTINHIBIT = 0x320,
  /** event of performance counter 3 */
  MHPMEVENT3 = 0x323,
  /** event of performance counter 4 */
  MHPMEVENT4 = 0x324,
  /** event of performance counter 5 */
  MHPMEVENT5 = 0x325,
  /** event of performance counter 6 */
  MHPMEVENT6 = 0x326,
  /** event of performance counter 7 */
  MHPMEVENT7 = 0x327,
  /** event of performance counter 8 */
  MHPMEVENT8 = 0x328,
  /** event of performance counter 9 */
  MHPMEVENT9 = 0x329,
  /** event of performance counter 10 */
  MHPMEVENT10 = 0x32a,
  /** event of performance counter 11 */
  MHPMEVENT11 = 0x32b,
  /** event of performance counter 12 */
  MHPMEVENT12 = 0x32c,
  /** event of performance counter 13 */
  MHPMEVENT13 = 0x32d,
  /** event of performance counter 14 */
  MHPMEVENT14 = 0x32e,
  /** event of performance counter 15 */
  MHPMEVENT15 = 0x32f,
  /** event of performance counter 16 */
  MHPMEVENT16 = 0x330,
  /** event of performance counter 17 */
  MHPMEVENT17 = 0x331,
  /** event of performance counter 18 */
  MHPMEVENT18 = 0x332,
  /** event of performance counter 19 */
  MHPMEVENT19 = 0x333,
  /** event of performance counter 20 */
  MHPMEVENT20 = 0x334,
  /** event of performance counter 21 */
  MHPMEVENT21 = 0x335,
  /** event of performance counter 22 */
  MHPMEVENT22 = 0x336,
  /** event of performance counter 23 */
  MHPMEVENT23 = 0x337,
  /** event of performance counter 24 */
  MHPMEVENT24 = 0x338,
  /** event of performance counter 25 */
  MHPMEVENT25 = 0x339,
  /** event of performance counter 26 */
  MHPMEVENT26 = 0x33a,
  /** event of performance counter 27 */
  MHPMEVENT27 = 0x33b,
  /** event of performance counter 28 */
  MHPMEVENT28 = 0x33c,
  /** event of performance counter 29 */
  MHPMEVENT29 = 0x33d,
  /** event of performance counter 30 */
  MHPMEVENT30 = 0x33e,
  /** event of performance counter 31 */
  MHPMEVENT31 = 0x33f,
  /** machine scratch */
  MSCRATCH = 0x340,
  /** machine exception pc */
  MEPC = 0x341,
  /** machine trap cause */
  MCAUSE = 0x342,
  /** machine trap value */
  MTVAL = 0x343,
  /** machine interrupt pending */
  MIP = 0x344,
  /** configuration of PMP entries 0 to 7 */
  PMPCFG0 = 0x3a0,
  /** configuration of PMP entries 8 to 15 */
  PMPCFG2 = 0x3a2,
  /** address of PMP entry 0 */
  PMPADDR0 = 0x3b0,
  /** address of PMP entry 1 */
  PMPADDR1 = 0x3b1,
  /** address of PMP entry 2 */
  PMPADDR2 = 0x3b2,
  /** address of PMP entry 3 */
  PMPADDR3 = 0x3b3,
  /** address of PMP entry 4 */
  PMPADDR4 = 0x3b4,
  /** address of PMP entry 5 */
  PMPADDR5 = 0x3b5,
  /** address of PMP entry 6 */
  PMPADDR6 = 0x3b6,
  /** address of PMP entry 7 */
  PMPADDR7 = 0x3b7,
  /** address of PMP entry 8 */
  PMPADDR8 = 0x3b8,
  /** address of PMP entry 9 */
  PMPADDR9 = 0x3b9,
  /** address of PMP entry 10 */
  PMPADDR10 = 0x3ba,
  /** address of PMP entry 11 */
  PMPADDR11 = 0x3bb,
  /** address of PMP entry 12 */
  PMPADDR12 = 0x3bc,
  /** address of PMP entry 13 */
  PMPADDR13 = 0x3bd,
  /** address of PMP entry 14 */
  PMPADDR14 = 0x3be,
  /** address of PMP entry 15 */
  PMPADDR15 = 0x3bf,
  /** machine cycle counter */
  MCYCLE = 0xb00,
  /** machine retired-instruction counter */
  MINSTRET = 0xb02,
  /** machine performance counter 3 */
  MHPMCOUNTER3 = 0xb03,
  /** machine performance counter 4 */
  MHPMCOUNTER4 = 0xb04,
  /** machine performance counter 5 */
  MHPMCOUNTER5 = 0xb05,
  /** machine performance counter 6 */
  MHPMCOUNTER6 = 0xb06,
  /** machine performance counter 7 */
  MHPMCOUNTER7 = 0xb07,
  /** machine performance counter 8 */
  MHPMCOUNTER8 = 0xb08,
  /** machine performance counter 9 */
  MHPMCOUNTER9 = 0xb09,
  /** machine performance counter 10 */
  MHPMCOUNTER10 = 0xb0a,
  /** machine performance counter 11 */
  MHPMCOUNTER11 = 0xb0b,
  /** machine performance counter 12 */
  MHPMCOUNTER12 = 0xb0c,
  /** machine performance counter 13 */
  MHPMCOUNTER13 = 0xb0d,
  /** machine performance counter 14 */
  MHPMCOUNTER14 = 0xb0e,
  /** machine performance counter 15 */
  MHPMCOUNTER15 = 0xb0f,
  /** machine performance counter 16 */
  MHPMCOUNTER16 = 0xb10,
  /** machine performance counter 17 */
  MHPMCOUNTER17 = 0xb11,
  /** machine performance counter 18 */
  MHPMCOUNTER18 = 0xb12,
  /** trigger select */
  TSELECT = 0x7a0,
  /** trigger data 1 */
  TDATA1 = 0x7a1,
  /** trigger data 2 */
  TDATA2 = 0x7a2,
  /** trigger data 3 */
  TDATA3 = 0x7a3,
  /** trigger information */
  TINFO = 0x7a4,
}
