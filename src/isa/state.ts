/**
 * The one table of machine state: what a hart and a VM consist of, where each field lies, whether it is saved or rebuilt after a
 * restore, and which values it can have.
 *
 * `src/isa/generate.ts` lays the rows out in order (natural alignment) and writes `assembly/state/layout.ts`
 * (offsets, for both compilers) and `assembly/state/state.ts` (`@unmanaged` classes for the core).
 */

/** Storage type of a field. */
export type FieldType = "u8" | "u16" | "u32" | "u64";

/**
 * `arch` is the guest's own state: saved, compared, shown. `driven` is what others drive into it: compared and shown, and not saved, because
 * they drive it again after a restore. `run` decides how the run goes on, though the guest cannot read it: saved. `derived` can be rebuilt
 * from those. `counter` is for people.
 */
export type FieldKind = "arch" | "driven" | "run" | "derived" | "counter";

/** Whether an element of a saved field can have a value. Without it, any value is one that harts can live with. */
export type Legal = (value: bigint, index: number) => boolean;

/** name, type, how many elements, kind, what it is, which values a saved state may bring. */
export type StateRow = readonly [
  name: string,
  type: FieldType,
  count: number,
  kind: FieldKind,
  doc: string,
  legal?: Legal,
];

/** Whether rows of a kind are saved. All others can be rebuilt. */
export const isSaved = (kind: FieldKind): boolean => kind === "arch" || kind === "run";

/** Whether rows of a kind are what a guest can see of its machine. */
export const isVisible = (kind: FieldKind): boolean => kind === "arch" || kind === "driven";

const upTo =
  (most: bigint): Legal =>
  (value) =>
    value <= most;
const oneOf =
  (...values: readonly bigint[]): Legal =>
  (value) =>
    values.includes(value);
const bits =
  (mask: bigint): Legal =>
  (value) =>
    (value & ~mask) === 0n;
/** Instructions lie at even addresses. */
const even: Legal = (value) => (value & 1n) === 0n;

/** Traps in a row that are reported as a storm (assembly/interp/step.ts). */
const STORM = 100_000n;
/** SSIP, STIP and SEIP. */
const SOFTWARE_INTERRUPTS = 0x222n;
/** More instructions than anything retires: a thousand years of them. */
const RETIRED = 2n ** 62n;

/** One hart. Offsets are from the hart's base address; `x` must come first and `xsink` right after it. */
export const hartState: readonly StateRow[] = [
  ["x", "u64", 32, "arch", "integer registers; x[0] is always zero", (value, index) => index > 0 || value === 0n],
  ["xsink", "u64", 1, "derived", "where writes to x0 go (see the record format)"],
  ["pc", "u64", 1, "arch", "address of the next instruction; exact only outside the run loop", even],
  ["f", "u64", 32, "arch", "floating-point registers, NaN-boxed"],
  ["fflags", "u32", 1, "arch", "accrued exception flags: NX UF OF DZ NV from bit 0", upTo(31n)],
  ["frm", "u32", 1, "arch", "dynamic rounding mode, 0 to 7", upTo(7n)],
  ["priv", "u32", 1, "arch", "privilege mode: 0 U, 1 S, 3 M", oneOf(0n, 1n, 3n)],
  ["wfi", "u32", 1, "arch", "1 while stalled in WFI", upTo(1n)],
  ["hartid", "u64", 1, "arch", "mhartid"],
  ["misa", "u64", 1, "arch", "misa", oneOf(0x8000_0000_0014_112dn)],
  [
    "mstatus",
    "u64",
    1,
    "arch",
    "mstatus, all fields (sstatus is a view of it)",
    (value) => ((value >> 11n) & 3n) !== 2n,
  ],
  ["medeleg", "u64", 1, "arch", "medeleg"],
  ["mideleg", "u64", 1, "arch", "mideleg"],
  ["mie", "u64", 1, "arch", "mie (sie is a view of it)"],
  ["mip", "u64", 1, "arch", "the software-writable bits of mip: SSIP STIP SEIP", bits(SOFTWARE_INTERRUPTS)],
  [
    "lines",
    "u64",
    1,
    "driven",
    "interrupt lines driven by devices and by Sstc's timer, in mip's bit positions; mip reads as mip | lines",
  ],
  ["mtvec", "u64", 1, "arch", "mtvec"],
  ["mscratch", "u64", 1, "arch", "mscratch"],
  ["mepc", "u64", 1, "arch", "mepc", even],
  ["mcause", "u64", 1, "arch", "mcause"],
  ["mtval", "u64", 1, "arch", "mtval"],
  ["mcounteren", "u64", 1, "arch", "mcounteren"],
  ["mcountinhibit", "u64", 1, "arch", "mcountinhibit"],
  ["menvcfg", "u64", 1, "arch", "menvcfg"],
  ["stvec", "u64", 1, "arch", "stvec"],
  ["sscratch", "u64", 1, "arch", "sscratch"],
  ["sepc", "u64", 1, "arch", "sepc", even],
  ["scause", "u64", 1, "arch", "scause"],
  ["stval", "u64", 1, "arch", "stval"],
  ["scounteren", "u64", 1, "arch", "scounteren"],
  ["senvcfg", "u64", 1, "arch", "senvcfg"],
  ["satp", "u64", 1, "arch", "satp", (value) => oneOf(0n, 8n, 9n, 10n)(value >> 60n, 0)],
  ["stimecmp", "u64", 1, "arch", "stimecmp (Sstc)"],
  [
    "instret",
    "u64",
    1,
    "arch",
    "instructions retired since reset; never inhibited or written by the guest",
    upTo(RETIRED),
  ],
  ["mcycleOffset", "u64", 1, "arch", "mcycle reads instret + this while running, or this alone while inhibited"],
  ["minstretOffset", "u64", 1, "arch", "minstret reads instret + this while running, or this alone while inhibited"],
  ["mhpmcounter", "u64", 32, "arch", "mhpmcounter3..31; entries 0 to 2 unused"],
  ["mhpmevent", "u64", 32, "arch", "mhpmevent3..31; entries 0 to 2 unused"],
  ["pmpaddr", "u64", 16, "arch", "pmpaddr0..15", bits(0x3f_ffff_ffff_ffffn)],
  ["pmpcfg", "u8", 16, "arch", "pmp0cfg..pmp15cfg", bits(0x9fn)],
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
  ["tlbFills", "u32", 1, "derived", "TLB entries filled since the sets of U and S mode were last emptied"],
  ["tlbLog", "u32", 256, "derived", "where the first of them are, from the hart's address"],
  ["exitReason", "u32", 1, "derived", "an exit an instruction has asked for, or EXIT_NONE"],
  ["largePages", "u64", 1, "derived", "a bit for each GiB, by a hash, in which a superpage is cached"],
  ["stlbGeneration", "u32", 1, "derived", "the generation whose entries of the second-level TLB hold; from 1"],
  ["runPc", "u64", 1, "derived", "pc of the instruction being executed, set before anything that may trap slowly"],
  ["pmpActive", "u32", 1, "derived", "how many PMP entries there are up to the last that is on"],
  ["pmpOpen", "u32", 1, "derived", "bit p: PMP lets privilege mode p do anything to any byte of RAM"],
  ["fuel", "u32", 1, "derived", "steps (retired instructions and traps) left in this run"],
  ["work", "u32", 1, "derived", "slow work left in this run (assembly/hart/pace.ts)"],
  ["slowRecord", "u32", 1, "derived", "address of the record the fast loop left to the slow tail, or 0"],
  [
    "fuelBase",
    "u64",
    1,
    "derived",
    "instret + fuel when translated code was entered; in it, instret = fuelBase - fuel",
  ],
  [
    "stopPc",
    "u64",
    1,
    "derived",
    "where the interpreter stops at a jump: translated code waits there; odd for nowhere",
  ],
  ["enteredFlush", "u64", 1, "derived", "countJumpFlush when the dispatcher last entered a region; all ones: leave"],
  ["enteredFrm", "u32", 1, "derived", "frm then"],
  ["enteredPriv", "u32", 1, "derived", "the privilege mode then"],
  ["wanted", "u64", 1, "derived", "a hot address that is translated as soon as no translated code waits; odd for none"],
  [
    "jumpMode",
    "u32",
    4,
    "derived",
    "what the regions in each mode's jump cache assume together (Mode bits), by privilege",
  ],
  ["jumpFills", "u32", 1, "derived", "entries of the jump caches filled since they were last emptied"],
  ["jumpLog", "u32", 64, "derived", "where the first of them are, from the hart's address"],
  [
    "spanSplit",
    "u32",
    1,
    "derived",
    "1 when translated code has just failed to check bytes in pages that are not adjacent",
  ],
  [
    "splitFrom",
    "u32",
    1,
    "derived",
    "from the first entry of the region in which that was to the instruction, in bytes (signed); bit 0 is none of it",
  ],
  [
    "entryDistance",
    "u32",
    1,
    "derived",
    "from a region's first entry to that by which it is entered, when the depth says so (assembly/dbt/lower/entry.ts)",
  ],
  ["codeFilter", "u64", 8, "derived", "a bit for each hash of a page that regions in the jump caches lie in"],
  ["stormCount", "u32", 1, "run", "traps taken in a row without an instruction retired between them", upTo(STORM - 1n)],
  ["stormInstret", "u64", 1, "run", "instret at the last trap"],
  ["pending", "u64", 1, "derived", "the interrupts that are pending and that mie enables (assembly/hart/interrupt.ts)"],
  ["countTlbMiss", "u64", 1, "counter", "TLB misses: loads, stores and fetches that needed a walk"],
  ["countWalk", "u64", 1, "counter", "page-table walks"],
  ["countJumpFlush", "u64", 1, "counter", "times the jump caches were emptied"],
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
  ["ramMa", "u32", 1, "derived", "machine address of the piece of machine memory that RAM has to itself, or 0"],
  ["window", "u32", 1, "derived", "1 while every page of RAM lies in that piece, in its place, and may be stored to"],
  ["p2m", "u32", 1, "derived", "machine address of the p2m: one u32 for each page of RAM (frame ma | flags)"],
  ["hartCount", "u32", 1, "arch", "1 to 8"],
  ["builtinSbi", "u32", 1, "arch", "1 when an S-mode ECALL leaves to the host's SBI"],
  ["harts", "u32", 8, "derived", "machine addresses of the hart blocks"],
  ["codePages", "u32", 1, "derived", "machine address of the host's pool of decoded code pages"],
  ["codePageCount", "u32", 1, "derived", "how many of them are taken in turn"],
  ["romPa", "u64", 1, "arch", "first physical address of memory that only devices change (flash), or 0"],
  ["romSize", "u64", 1, "arch", "its bytes, a multiple of 4096; its pages come after those of RAM in the p2m"],
  [
    "codeEpoch",
    "u64",
    1,
    "derived",
    "when it last did a fence.i; a decoded page verified before is so again when next entered",
  ],
  ["nextVm", "u32", 1, "derived", "machine address of the next VM of the host, or 0"],
  ["framesTouched", "u32", 1, "derived", "pages of RAM that have a frame, shared ones included"],
  ["frameLimit", "u32", 1, "derived", "how many pages may have one"],
  ["framesPinned", "u32", 1, "derived", "1 while machine addresses are held that no page's move may make stale"],
  ["framesMoved", "u32", 1, "derived", "times that a page got another frame"],
  ["framesShort", "u32", 1, "derived", "1 when a page could not get a frame; the host sets it back"],
  [
    "dirtyStamps",
    "u32",
    1,
    "derived",
    "machine address of a table of epochs, a u32 for each page of RAM; 0 when stores are not tracked",
  ],
  ["dirtyEpoch", "u32", 1, "derived", "the epoch that stores are stamped with"],
  ["engine", "u32", 1, "derived", "the engine's number (Engine in assembly/shared/constants.ts)"],
  ["dbt", "u32", 1, "derived", "machine address of the translator's working memory, or 0"],
  ["code", "u32", 1, "derived", "machine address of the block of its translated code (`CodeSpace`), or 0"],
  ["regionMax", "u32", 1, "derived", "how many descriptors there are"],
  ["enter", "u32", 1, "derived", "index in the core's table of what calls a region: (hart, fuel, depth, index) -> pc"],
  ["hot", "u32", 1, "derived", "machine address of the hotness counters (assembly/dbt/profile/heat.ts)"],
  ["hotThreshold", "u32", 1, "derived", "interpreted steps that make a pc hot"],
  ["warmThreshold", "u32", 1, "derived", "steps with which a pc is translated along with a hot one"],
  ["samplePeriod", "u32", 1, "derived", "steps the interpreter runs at most before they are charged"],
  ["translate", "u32", 1, "derived", "what the translator may do (Translate in assembly/shared/constants.ts)"],
  ["maxInsns", "u32", 1, "derived", "guest instructions in a region at most"],
  ["codeBytesMax", "u32", 1, "derived", "bytes of modules kept at most"],
  ["codeModulesMax", "u32", 1, "derived", "modules kept at most"],
  ["sensitive", "u32", 1, "derived", "who executes translated code's sensitive instructions (Sensitive)"],
  ["translations", "u32", 1, "derived", "regions translated in the present run of a hart"],
  ["translationsMax", "u32", 1, "derived", "after this many of them the run ends with Exit.PAUSE; 0 for never"],
  ["workMax", "u32", 1, "derived", "after this much slow work a run ends with Exit.PAUSE; 0 for never"],
  ["coldSteps", "u32", 1, "derived", "steps that the tiered engine has interpreted the last time that it did"],
  [
    "memoryModel",
    "u32",
    1,
    "derived",
    "how loads and stores are translated (MemoryModel in assembly/shared/constants.ts)",
  ],
  ["svadu", "u32", 1, "arch", "1 when hardware updates A and D may be enabled (menvcfg.ADUE writable)"],
  ["countEntry", "u64", 1, "counter", "regions entered by the dispatcher"],
  ["countTranslated", "u64", 1, "counter", "instructions executed by translated code"],
  ["countExitFuel", "u64", 1, "counter", "returns to the dispatcher because the slice was about to end"],
  ["countExitStep", "u64", 1, "counter", "returns for an instruction that only the interpreter can do"],
  ["countExitTrap", "u64", 1, "counter", "the same, when the instruction trapped"],
  ["countExitCold", "u64", 1, "counter", "returns because nothing was translated there"],
  ["countExitMiss", "u64", 1, "counter", "returns because the next region was not in the jump cache"],
  ["countExitDispatch", "u64", 1, "counter", "returns although it was: a mechanism switched off, or calls too deep"],
  ["countExitAttention", "u64", 1, "counter", "returns because an interrupt or an exit was due"],
  ["countChain", "u64", 1, "counter", "direct jumps between regions in translated code (with Translate.COUNT)"],
  ["countIndirect", "u64", 1, "counter", "indirect jumps that hit the jump cache (with Translate.COUNT)"],
  ["countIndirectMiss", "u64", 1, "counter", "indirect jumps that missed it (with Translate.COUNT)"],
  [
    "countTable",
    "u64",
    1,
    "counter",
    "computed jumps that dispatch tables kept in their region (with Translate.COUNT)",
  ],
  ["countReturn", "u64", 1, "counter", "calls that came back to where they were expected (with Translate.COUNT)"],
  ["countKept", "u64", 1, "counter", "calls that translated code went on after though part of them was interpreted"],
  ["countReturnMiss", "u64", 1, "counter", "calls that came back elsewhere (with Translate.COUNT)"],
  ["countRegion", "u64", 1, "counter", "regions translated"],
  ["countRefused", "u64", 1, "counter", "regions that could not be translated, or that the engine refused"],
  ["countEvicted", "u64", 1, "counter", "regions thrown away"],
  ["countCodeBytes", "u64", 1, "counter", "bytes of WebAssembly emitted"],
  ["translateNs", "u64", 1, "counter", "nanoseconds of the host spent in translating, compiling included"],
  ["compileNs", "u64", 1, "counter", "nanoseconds of them spent in compiling and linking"],
  ["pauseNs", "u64", 1, "counter", "the longest translation, in nanoseconds"],
  ["coldPeriods", "u32", 1, "counter", "how often the tiered engine has interpreted"],
  ["coldNs", "u64", 1, "counter", "nanoseconds of the host that it took, estimated"],
];

/** The translated code of a VM, or of several that are clones of each other. */
export const codeState: readonly StateRow[] = [
  ["regions", "u32", 1, "derived", "machine address of the region descriptors"],
  ["regionCount", "u32", 1, "derived", "how many are in use"],
  ["regionsMade", "u32", 1, "derived", "how many have been made, those thrown away included"],
  ["moduleCount", "u32", 1, "derived", "modules in use"],
  ["codeBytes", "u32", 1, "derived", "bytes of the modules in use"],
  ["heatSteps", "u32", 1, "derived", "steps charged since the counters were last halved"],
  ["overflows", "u32", 1, "derived", "times that all of it was thrown away because the budget was used up"],
];
