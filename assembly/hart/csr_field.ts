/** CSR fields too high or too wide for an i32 enum; the others are in shared/csr.ts. */

import { MenvcfgBit, Pmp, StatusBit } from "../shared/csr";

/** mstatus.SD: some of FS, VS and XS is Dirty. Not stored; computed when read. */
export const MSTATUS_SD: u64 = 1 << StatusBit.SD;
/** mstatus.UXL = 2: user mode is 64 bits wide, and cannot change. */
export const MSTATUS_UXL_64: u64 = 2 << StatusBit.UXL;
/** mstatus.SXL = 2: supervisor mode is 64 bits wide, and cannot change. */
export const MSTATUS_SXL_64: u64 = 2 << StatusBit.SXL;

export const MENVCFG_ADUE: u64 = 1 << MenvcfgBit.ADUE;
export const MENVCFG_PBMTE: u64 = 1 << MenvcfgBit.PBMTE;
export const MENVCFG_STCE: u64 = 1 << MenvcfgBit.STCE;

/** pmpaddr's bits that are not zero. */
export const PMPADDR_BITS: u64 = (1 << Pmp.ADDR_BITS) - 1;

/** xcause of an interrupt. */
export const CAUSE_INTERRUPT: u64 = 1 << 63;
