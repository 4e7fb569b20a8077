/** CSR fields too high or too wide for an i32 enum; the others are in shared/csr.ts. */

import { MenvcfgBit } from "../shared/csr";

/** mstatus.SD: some of FS, VS and XS is Dirty. Not stored; computed when read. */
export const MSTATUS_SD: u64 = 1 << 63;
/** mstatus.UXL = 2: user mode is 64 bits wide, and cannot change. */
export const MSTATUS_UXL_64: u64 = 2 << 32;
/** mstatus.SXL = 2: supervisor mode is 64 bits wide, and cannot change. */
export const MSTATUS_SXL_64: u64 = 2 << 34;

export const ENVCFG_FIOM: u64 = 1;
export const ENVCFG_CBIE: u64 = 3 << 4;
export const ENVCFG_CBCFE: u64 = 1 << 6;
export const ENVCFG_CBZE: u64 = 1 << 7;
export const MENVCFG_ADUE: u64 = 1 << MenvcfgBit.ADUE;
export const MENVCFG_PBMTE: u64 = 1 << MenvcfgBit.PBMTE;
export const MENVCFG_STCE: u64 = 1 << MenvcfgBit.STCE;

/** xcause of an interrupt. */
export const CAUSE_INTERRUPT: u64 = 1 << 63;
