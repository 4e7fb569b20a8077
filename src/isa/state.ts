/**
 * The one table of machine state: what a hart and a VM consist of, where each field lies, and whether
 * it is architectural (saved, compared, shown) or derived (rebuilt after a restore).
 *
 * `src/isa/generate.ts` lays the rows out in order (natural alignment) and writes `assembly/gen/layout.ts`
 * (offsets, for both compilers) and `assembly/gen/state.ts` (`@unmanaged` classes for the core).
 */

/** Storage type of a field. */
export type FieldType = "u8" | "u16" | "u32" | "u64";

/** `arch` is the guest's own state; `derived` can be rebuilt from it; `counter` is for people. */
export type FieldKind = "arch" | "derived" | "counter";

/** name, type, how many elements, kind, what it is. */
export type StateRow = readonly [name: string, type: FieldType, count: number, kind: FieldKind, doc: string];

/** One hart. Offsets are from the hart's base address; `x` must come first and `xsink` right after it. */
export const hartState: readonly StateRow[] = [
  ["x", "u64", 32, "arch", "integer registers; x[0] is always zero"],
  ["xsink", "u64", 1, "derived", "where writes to x0 go (see the record format)"],
  ["pc", "u64", 1, "arch", "address of the next instruction; exact only outside the run loop"],
  ["f", "u64", 32, "arch", "floating-point registers, NaN-boxed"],
  ["fflags", "u32", 1, "arch", "accrued exception flags: NX UF OF DZ NV from bit 0"],
  ["frm", "u32", 1, "arch", "dynamic rounding mode, 0 to 7"],
  ["priv", "u32", 1, "arch", "privilege mode: 0 U, 1 S, 3 M"],
  ["wfi", "u32", 1, "arch", "1 while stalled in WFI"],
  ["hartid", "u64", 1, "arch", "mhartid"],
  ["misa", "u64", 1, "arch", "misa"],
  ["mstatus", "u64", 1, "arch", "mstatus, all fields (sstatus is a view of it)"],
  ["medeleg", "u64", 1, "arch", "medeleg"],
  ["mideleg", "u64", 1, "arch", "mideleg"],
  ["mie", "u64", 1, "arch", "mie (sie is a view of it)"],
  ["mip", "u64", 1, "arch", "the software-writable bits of mip: SSIP STIP SEIP"],
  ["lines", "u64", 1, "arch", "interrupt lines driven by devices, in mip's bit positions; mip reads as mip | lines"],
  ["mtvec", "u64", 1, "arch", "mtvec"],
  ["mscratch", "u64", 1, "arch", "mscratch"],
  ["mepc", "u64", 1, "arch", "mepc"],
  ["mcause", "u64", 1, "arch", "mcause"],
  ["mtval", "u64", 1, "arch", "mtval"],
  ["mcounteren", "u64", 1, "arch", "mcounteren"],
  ["mcountinhibit", "u64", 1, "arch", "mcountinhibit"],
  ["menvcfg", "u64", 1, "arch", "menvcfg"],
  ["stvec", "u64", 1, "arch", "stvec"],
  ["sscratch", "u64", 1, "arch", "sscratch"],
  ["sepc", "u64", 1, "arch", "sepc"],
  ["scause", "u64", 1, "arch", "scause"],
  ["stval", "u64", 1, "arch", "stval"],
  ["scounteren", "u64", 1, "arch", "scounteren"],
  ["senvcfg", "u64", 1, "arch", "senvcfg"],
  ["satp", "u64", 1, "arch", "satp"],
  ["stimecmp", "u64", 1, "arch", "stimecmp (Sstc)"],
  ["instret", "u64", 1, "arch", "instructions retired since reset; never inhibited or written by the guest"],
  ["mcycleOffset", "u64", 1, "arch", "mcycle reads instret + this while running, or this alone while inhibited"],
  ["minstretOffset", "u64", 1, "arch", "minstret reads instret + this while running, or this alone while inhibited"],
  ["mhpmcounter", "u64", 32, "arch", "mhpmcounter3..31; entries 0 to 2 unused"],
  ["mhpmevent", "u64", 32, "arch", "mhpmevent3..31; entries 0 to 2 unused"],
  ["pmpaddr", "u64", 16, "arch", "pmpaddr0..15"],
  ["pmpcfg", "u8", 16, "arch", "pmp0cfg..pmp15cfg"],
  ["reservationPa", "u64", 1, "arch", "physical address of the LR reservation, or all ones when there is none"],
  ["reservationValue", "u64", 1, "arch", "what LR read there; SC succeeds only while memory still holds it"],
  ["trapCause", "u32", 1, "derived", "cause of the trap an instruction has just raised, or TRAP_NONE"],
  ["attention", "u32", 1, "derived", "non-zero asks the run loop to leave fast code and look at interrupts and exits"],
  ["trapTval", "u64", 1, "derived", "tval of that trap"],
  ["mmioData", "u64", 1, "derived", "the value on its way to or from a device"],
  ["vm", "u32", 1, "derived", "address of the VM block"],
  [
    "tlbLoad",
    "u32",
    1,
    "derived",
    "address of the load TLB set of the present data mode; the store set lies TLB_STORE_DELTA above",
  ],
  ["tlbFetch", "u32", 1, "derived", "address of the fetch TLB set of the present mode"],
  ["exitReason", "u32", 1, "derived", "an exit an instruction has asked for, or EXIT_NONE"],
  ["largePageVa", "u64", 1, "derived", "superpages in the TLB lie within this address under largePageMask"],
  ["largePageMask", "u64", 1, "derived", "0 when no superpage is cached"],
  ["runPc", "u64", 1, "derived", "pc of the instruction being executed, set before anything that may trap slowly"],
  ["pmpActive", "u32", 1, "derived", "1 when any PMP entry is on"],
  ["fuel", "u32", 1, "derived", "steps (retired instructions and traps) left in this run"],
  ["slowRecord", "u32", 1, "derived", "address of the record the fast loop left to the slow tail, or 0"],
  [
    "fuelBase",
    "u64",
    1,
    "derived",
    "instret + fuel when translated code was entered; in it, instret = fuelBase - fuel",
  ],
  ["jumpMode", "u32", 4, "derived", "what each mode's jump cache assumes (Mode bits), by privilege"],
  ["codeFilter", "u64", 8, "derived", "a bit for each hash of a page that regions in the jump caches lie in"],
  ["stormCount", "u32", 1, "derived", "traps taken in a row without an instruction retired between them"],
  ["stormInstret", "u64", 1, "derived", "instret at the last trap"],
  ["countTlbMiss", "u64", 1, "counter", "TLB misses: loads, stores and fetches that needed a walk"],
  ["countTrap", "u64", 1, "counter", "exceptions taken"],
  ["countInterrupt", "u64", 1, "counter", "interrupts taken"],
  ["countMmio", "u64", 1, "counter", "device accesses"],
  ["countDecode", "u64", 1, "counter", "instructions decoded into records"],
  ["countFenceI", "u64", 1, "counter", "fence.i executed"],
  ["countSfence", "u64", 1, "counter", "sfence.vma and sinval.vma executed"],
];

/** One virtual machine. */
export const vmState: readonly StateRow[] = [
  ["ramPa", "u64", 1, "arch", "first physical address of RAM"],
  ["ramSize", "u64", 1, "arch", "bytes of RAM, a multiple of 4096"],
  ["ramMa", "u32", 1, "derived", "machine address of the contiguous range that backs RAM, or 0 when there is none"],
  ["p2m", "u32", 1, "derived", "machine address of the p2m: one u32 for each page of RAM (frame ma | flags)"],
  ["hartCount", "u32", 1, "arch", "1 to 8"],
  ["builtinSbi", "u32", 1, "arch", "1 when an S-mode ECALL leaves to the host's SBI"],
  ["harts", "u32", 8, "derived", "machine addresses of the hart blocks"],
  ["codePages", "u32", 1, "derived", "machine address of the pool of decoded code pages"],
  ["codePageCount", "u32", 1, "derived", "how many the pool holds"],
  ["codePageNext", "u32", 1, "derived", "which one is taken next"],
  ["codeMap", "u32", 1, "derived", "machine address of the table from RAM page to decoded page (u32 each, 0 for none)"],
  ["codeEpoch", "u32", 1, "derived", "counts fence.i; a decoded page of an older epoch is verified when next entered"],
  ["framesTouched", "u32", 1, "counter", "frames of RAM given out on first touch"],
  ["engine", "u32", 1, "derived", "the engine's number (Engine in assembly/shared/constants.ts)"],
  ["dbt", "u32", 1, "derived", "machine address of the translator's working memory, or 0"],
  ["regions", "u32", 1, "derived", "machine address of the region descriptors"],
  ["regionMax", "u32", 1, "derived", "how many descriptors there are"],
  ["regionCount", "u32", 1, "derived", "how many are in use"],
  ["tableBase", "u32", 1, "derived", "first index of this VM's functions in the core's table"],
  [
    "hot",
    "u32",
    1,
    "derived",
    "machine address of the hotness counters: 4096 of 16 bytes (u64 pc, u32 count, u32 unused)",
  ],
  ["hotThreshold", "u32", 1, "derived", "interpreted steps that make a pc hot"],
  ["samplePeriod", "u32", 1, "derived", "steps the interpreter runs at most before they are charged"],
  ["translate", "u32", 1, "derived", "what the translator may do (Translate in assembly/shared/constants.ts)"],
  ["svadu", "u32", 1, "arch", "1 when hardware updates A and D may be enabled (menvcfg.ADUE writable)"],
];
