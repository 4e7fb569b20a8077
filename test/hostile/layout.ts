/**
 * Where everything lies in the small machine of a hostile program, as offsets from the start of RAM:
 *
 *  0x00000   data, up to the lowest byte of RAM
 *  0x01000   the harness: trap handlers
 *  0x02000   control blocks, one page for each hart
 *  0x04000   code, four pages for each hart
 *  0x0c000   page tables, eight pages for each hart
 *  0x1c000   data
 *  0x3f000   the last page of RAM: data, or code up to the last byte
 */

export const RAM = 0x8000_0000n;
export const RAM_BYTES = 0x4_0000;
export const PAGE = 0x1000;
export const MAX_HARTS = 2;

export const HARNESS = 0x1000;
export const DATA = 0x1_d000;
export const DATA_END = 0x3_d000;
export const LAST_PAGE = 0x3_f000;

/** A hart's page of what the handler needs. */
export const controlOf = (hart: number): number => 0x2000 + hart * PAGE;
export const codeOf = (hart: number): number => 0x4000 + hart * 4 * PAGE;
export const CODE_BYTES = 4 * PAGE;

/** In a control block: the next entry of the script, traps that may be skipped, two lists of ten pointers, and the script itself. */
export const control = { next: 0, skips: 8, pointers: 64, first: 256 } as const;

/** An entry of the script: where to go on, with which mstatus, satp and list of pointers, and what to put back before. */
export const entry = { pc: 0, mstatus: 8, satp: 16, flags: 24, pointers: 32, bytes: 40 } as const;
/** Flags of an entry: the unlocked PMP entries are put back, or delegation and what lower modes may do. */
export const RESET_PMP = 1;
export const RESET_DELEGATION = 2;

/** A hart's page tables. */
export enum Table {
  SV39,
  SV48,
  SV57,
  /** Second level, and below it pages, of the addresses that are the same in memory. */
  SAME_2,
  SAME_1,
  /** Second level and below it pages, of what programs edit. */
  EDITED_2,
  EDITED_1,
  /** Second level at 4 GiB: superpages. */
  LARGE_2,
}

export const tableOf = (hart: number, table: Table): bigint => RAM + BigInt(0xc000 + hart * 8 * PAGE + table * PAGE);

/** Other names of RAM in the page tables: for user code, for the supervisor, by a superpage, and page by page. */
export const USER_ALIAS = 0xc000_0000n;
export const HIGH_ALIAS = 0xffff_ffff_c000_0000n;
export const LARGE_ALIAS = 0x1_0000_0000n;
export const LARGE_EDITED = 0x1_0020_0000n;
export const EDITED = 0x4000_0000n;
/** Pages that are edited. */
export const EDITED_PAGES = 32;

/** A device that answers everything, and what its registers do. */
export const DEVICE = 0x1000_0000;
export const DEVICE_BYTES = 0x1000;
export const DEVICE_LINES = 0x10;
export const DEVICE_ATTENTION = 0x20;
