/** The status bits that bear on virtualization, one by one against a permissive base. */

/** How the machine is set before an instruction is tried. CSR values by name. */
export interface Setting {
  /** Short: stands in the table. */
  readonly name: string;
  /** What differs from `BASE`. */
  readonly csrs?: Readonly<Record<string, bigint>>;
  /** Bits of mstatus set and cleared. */
  readonly set?: bigint;
  readonly clear?: bigint;
  /** Translation is on: Sv39, the data at another physical address than without. */
  readonly paged?: "user" | "supervisor" | "executable";
}

const bit = (n: number): bigint => 1n << BigInt(n);

const FS = 3n << 13n;
const MPRV = bit(17);
const SUM = bit(18);
const MXR = bit(19);
const TVM = bit(20);
const TW = bit(21);
const TSR = bit(22);

/** Nothing traps that need not: counters and cache-block operations allowed, floating point on, all of memory open. */
export const BASE: Readonly<Record<string, bigint>> = {
  medeleg: 0n,
  mideleg: 0x222n,
  mie: 0n,
  mip: 0n,
  satp: 0n,
  mcounteren: 0xffff_ffffn,
  scounteren: 0xffff_ffffn,
  mcountinhibit: 0n,
  menvcfg: bit(63) | 0xf0n,
  senvcfg: 0xf0n,
  pmpaddr0: (1n << 54n) - 1n,
  pmpcfg0: 0x1fn,
  fcsr: 0n,
  stimecmp: 0xffff_ffff_ffff_ffffn,
};

/** mstatus in the base setting: floating point on and dirty. */
export const BASE_STATUS = FS;

/** The base first, then each bit the other way round. */
export const SETTINGS: readonly Setting[] = [
  { name: "base" },
  { name: "FS=0", clear: FS },
  { name: "TVM=1", set: TVM },
  { name: "TW=1", set: TW },
  { name: "TSR=1", set: TSR },
  { name: "mcounteren=0", csrs: { mcounteren: 0n } },
  { name: "scounteren=0", csrs: { scounteren: 0n } },
  { name: "menvcfg=0", csrs: { menvcfg: 0n } },
  { name: "senvcfg=0", csrs: { senvcfg: 0n } },
  { name: "SUM=0", paged: "user" },
  { name: "SUM=1", set: SUM, paged: "user" },
  { name: "MXR=0", paged: "executable" },
  { name: "MXR=1", set: MXR, paged: "executable" },
  { name: "MPRV=0", paged: "supervisor" },
  { name: "MPRV=1", set: MPRV, paged: "supervisor" },
];

/** Settings that say something about memory protection and relocation alone, in pairs with the one before. */
export const MEMORY_SETTINGS: ReadonlySet<string> = new Set(["SUM=0", "SUM=1", "MXR=0", "MXR=1", "MPRV=0", "MPRV=1"]);
