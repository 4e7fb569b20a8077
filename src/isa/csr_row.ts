/** The shape of a row of the CSR table, and what its columns mean to the core. (docs/design/csr.md) */

/**
 * Where a CSR's bits are kept:
 *
 * - `field`: one u64 of the hart's state, which the row names
 * - `ones`: nowhere; it reads as its read mask and a write does nothing
 * - `status`: mstatus, with SD computed
 * - `fcsr`: frm above fflags
 * - `pending`: what software wrote to mip, and the interrupt lines
 * - `counter`: mcycle, time or minstret, computed from the retired instructions or asked of the machine's clock
 */
export type Register = "ones" | "field" | "status" | "fcsr" | "pending" | "counter";

/** A condition on an access besides privilege; `assembly/hart/csr_access.ts` has a function for each. */
export type Condition = "none" | "fs" | "tvm" | "stce" | "counteren";

/**
 * How a written value is made legal (WARL): each narrows the bits that the write takes. `assembly/hart/csr_legal.ts` has a function for each.
 *
 * - `delegated`: only bits of mideleg, in reads too
 * - `stip`: STIP is not software's while Sstc drives it
 * - `xtvec`, `satp`: a reserved mode leaves the whole CSR as it was
 * - `mpp`, `cbie`: a reserved value leaves that field as it was; `menvcfg` is `cbie` with ADUE taken where the VM has Svadu
 * - `pmpcfg`, `pmpaddr`: locked entries stay, and so does the configuration of an entry that would get a reserved one
 */
export type Legal = "all" | "delegated" | "stip" | "xtvec" | "satp" | "mpp" | "cbie" | "menvcfg" | "pmpcfg" | "pmpaddr";

/**
 * What follows from a write, by what is done: a mask of the bits whose change asks for it, or `"write"` when any write does. They happen in
 * this order.
 *
 * - `dirty`: mstatus.FS becomes Dirty
 * - `counters`: mcycle and minstret stop or go on
 * - `select`: other sets of the TLB count now
 * - `flush`: the TLB is emptied
 * - `pmp`: what follows from the PMP entries is computed anew
 * - `recheck`: an interrupt may have become pending, or enabled
 * - `timer`: the run ends, so that the host looks at the timers
 */
export type Effect = "dirty" | "counters" | "select" | "flush" | "pmp" | "recheck" | "timer";

export type Effects = Readonly<Partial<Record<Effect, bigint | "write">>>;

/** A CSR, or a series of CSRs with consecutive numbers. */
export interface CsrRow {
  /** Bits 9:8 are the lowest privilege mode that may access it; bits 11:10 are ones when it can only be read. */
  readonly number: number;
  readonly name: string;
  /** The extension that brings it; `Sm` and `Ss` are machine and supervisor mode themselves. */
  readonly extension: string;
  readonly doc: string;
  /** Makes it a series: the names are `name` and `first`, `first + 1`, … */
  readonly count?: number;
  readonly first?: number;
  /** Assemblers know its name, but no hart here has it. */
  readonly absent?: true;

  /** Default `field`. */
  readonly register?: Register;
  /** With `field`: the row of `src/isa/state.ts`, default `name`. */
  readonly field?: string;
  /** Of an array the element; default the index that the CSR's name ends in when it is one of a series, else 0. */
  readonly element?: number;
  /** With `counter`: its bit in mcounteren. */
  readonly counter?: number;
  /** How far right of the register's bits the CSR's are: frm is bits 7:5 of fcsr. Default 0. */
  readonly shift?: number;
  /** The bits that can be other than zero. Default all. */
  readonly read?: bigint;
  /** The bits that a write takes. Default those of `read`, and none in a read-only CSR. */
  readonly write?: bigint;
  /** Default `all`. */
  readonly legal?: Legal;
  /** Default `none`. */
  readonly condition?: Condition;
  readonly effects?: Effects;
  /**
   * Bits that translated code may change in place although other bits of the CSR have effects: their change has none but `recheck`, and no
   * translated code relies on them. Where it is left out the generator decides (`formOf` in `src/isa/gen/csr.ts`).
   */
  readonly quiet?: bigint;
  /** Which lists of registers it stands in: `short` (the page's, and the monitor's too) or `long` (the monitor's alone). */
  readonly shown?: "short" | "long";
}
