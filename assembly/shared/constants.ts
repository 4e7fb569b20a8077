/** Numbers that the core (asc) and the host side (tsc) must agree on. Plain enums and constants only. */

/** Why `hart_run` returned. */
export enum Exit {
  /** Nothing asked for; only ever seen inside the core. */
  NONE = 0,
  /** The instruction budget is used up. */
  BUDGET = 1,
  /** The hart executed WFI and no enabled interrupt is pending. */
  WFI = 2,
  /** An S-mode ECALL for the host's SBI; pc is already past it. */
  SBI = 3,
  /** A timer compare register or an interrupt line changed: look at timers before going on. */
  TIMER = 4,
  /** The host asked (attention) for a return. */
  ATTENTION = 5,
  /** PAUSE or WRS: let another hart run. */
  YIELD = 6,
  /** EBREAK or a breakpoint with a debugger attached. */
  DEBUG = 7,
  /** The trap vector itself faults again and again without retiring an instruction. */
  TRAP_STORM = 8,
  /** Translated code has come to a sensitive instruction (`Sensitive.EXIT`): `hart_emulate` executes it and goes on. */
  SENSITIVE = 9,
  /** Enough has been translated for now: the host may want to look at its clock. Nothing is due. */
  PAUSE = 10,
  /** No frame is left for a page that the guest stores to. The instruction has done nothing, and pc is still at it. */
  MEMORY = 11,
}

/** Which engine a VM runs on. */
export enum Engine {
  /** Decode, dispatch, execute, each time. */
  INTERPRET = 0,
  /** Decode once into records, then dispatch and execute. */
  PREDECODE = 1,
  /** Translate everything. */
  TRANSLATE = 2,
  /** Interpret cold code, translate hot code. */
  TIERED = 3,
}

/** How interpreted loads and stores find the machine address behind a virtual one. */
export enum MemoryModel {
  /** The TLB holds VA -> MA, as a shadow page table does; all engines can. */
  SHADOW = 0,
  /** The TLB holds VA -> PA, as hardware's does without nested paging; each access goes through the p2m. */
  TLB = 1,
  /** Nothing is kept: each access walks the page table and goes through the p2m. */
  NESTED = 2,
}

/** What the translator may do: one switch for each mechanism, so that each can be studied alone. */
export enum Translate {
  /** Translated regions are kept; without it each is translated when it is reached, run once and thrown away. */
  CACHE = 1,
  /** Direct jumps go from region to region in translated code; without it they return to the dispatcher. */
  CHAINING = 2,
  /** Indirect jumps are looked up in a jump cache by translated code; without it they return to the dispatcher. */
  INDIRECT_CACHE = 4,
  /** A guest call is a Wasm call, its return a Wasm return; without it both are jumps. */
  RETURN_PREDICTION = 8,
  /** A region is a control-flow graph; without it, one basic block. */
  REGIONS = 16,
  /** Small callees become part of the caller's region. */
  INLINING = 32,
  /** One check serves several accesses off the same base register. */
  MERGED_CHECKS = 64,
  /** RAM is one window where loads and stores are untranslated; without it each access looks into the TLB. */
  WINDOW = 128,
  /** Floating-point arithmetic is done by Wasm's where that is provably right; without it by the softfloat. */
  INLINE_FP = 256,
  /** Translated code counts its jumps (chained, looked up, missed). Costs a little, so it is off unless asked for. */
  COUNT = 512,
  /** Computed jumps go to the targets they were seen to have, inside their region; without it they leave it. */
  JUMP_TABLES = 1024,
  /** A small loop's block is repeated, so that several iterations share the checks of fuel and memory. */
  UNROLLING = 2048,
  /** An access looks first at the page that it led to last; without it, into the TLB. */
  MICRO_TLB = 4096,
  /** A region of U-mode serves wherever its pages are mapped; without it, at one address. */
  POSITION_INDEPENDENT = 8192,
  /** Fused multiply-add is the engine's relaxed one, which must be fused; without it, rounded operations show how it rounds. */
  RELAXED_MADD = 16384,
  /** Translated code waits for a callee that has to be interpreted; without it, it is left, and so are all callers. */
  KEEP_CALLERS = 32768,
  /** The engine is told which way branches nearly always go. */
  BRANCH_HINTS = 65536,
  /** Everything but COUNT, and but RELAXED_MADD, which few engines had before 2023. */
  ALL = 114175,
}

/** Who executes a CSR access or a translation fence that translated code comes to. */
export enum Sensitive {
  /** The host: `hart_run` returns and is told to go on. */
  EXIT = 0,
  /** The core, called by translated code. */
  CALLOUT = 1,
  /** Translated code itself where the effect is known beforehand, else the core. */
  INLINE = 2,
}

/** Kind of memory access, as page walks and PMP see it. */
export enum Access {
  FETCH = 0,
  LOAD = 1,
  STORE = 2,
}

/** Privilege modes. */
export enum Priv {
  U = 0,
  S = 1,
  M = 3,
}

/** Exception causes (Privileged ISA, "Machine Cause Register"). */
export enum Cause {
  FETCH_MISALIGNED = 0,
  FETCH_ACCESS = 1,
  ILLEGAL = 2,
  BREAKPOINT = 3,
  LOAD_MISALIGNED = 4,
  LOAD_ACCESS = 5,
  STORE_MISALIGNED = 6,
  STORE_ACCESS = 7,
  ECALL_U = 8,
  ECALL_S = 9,
  ECALL_M = 11,
  FETCH_PAGE = 12,
  LOAD_PAGE = 13,
  STORE_PAGE = 15,
  /** Not a cause: there is no frame for the store, or what the page holds is not here, so the instruction must be done again later. */
  NO_FRAME = 0xfe,
  /** Not a cause: nothing has been raised. */
  NONE = 0xff,
}

/** Interrupt numbers, also bit positions in mip, mie and `lines`. */
export enum Irq {
  SSI = 1,
  MSI = 3,
  STI = 5,
  MTI = 7,
  SEI = 9,
  MEI = 11,
}

/** A TLB entry: u64 tag (va of the page, or all ones when empty), u32 addend (ma - va), u32 number of the page in RAM. */
export enum Tlb {
  ENTRY_SHIFT = 4,
  INDEX_BITS = 9,
  INDEX_MASK = 0x1ff,
  /** Bytes of one set: 512 entries of 16 bytes. */
  SET_BYTES = 0x2000,
  /** Data sets: U, S, S with SUM, M. For each a load set, then (this much above) a store set. */
  DATA_MODES = 4,
  STORE_DELTA = 0x8000,
  /** Fetch sets follow the store sets: U, S, (unused), M. */
  FETCH_DELTA = 0x10000,
  /** Micro-TLBs, one for each data mode, lie this much above its load set. */
  MICRO_DELTA = 0x18000,
  MICRO_MASK = 0x3f,
  /** An entry is one for loads, then one for stores. */
  MICRO_SHIFT = 5,
  MICRO_BYTES = 0x800,
  /** Bytes of all that is above. */
  TOTAL_BYTES = 0x20000,
}

/** The second-level TLB: sets of two entries, by a hash of the page and of the TLB set that it is for. */
export enum Stlb {
  SETS = 2048,
  /** Bytes of a set: two entries of u64 tag, u32 number of the page in RAM, u32 generation. */
  SET_SHIFT = 5,
}

/** Where the parts of a hart's block lie. */
export enum HartBlock {
  /** The TLB sets start here; the generated state (state/layout.ts) must end below. */
  TLB = 0x1000,
  /** The jump caches, one for each privilege mode: 4096 entries of 16 bytes (u64 pc, u32 table index, u32 fuel needed). */
  JUMP = 0x21000,
  JUMP_MODE_BYTES = 0x10000,
  JUMP_MASK = 0xfff0,
  /** The second-level TLB. */
  STLB = 0x61000,
  BYTES = 0x71000,
}

/** Flags in the low bits of a p2m entry; the frame's machine address is the rest. */
export enum P2m {
  /** The page has a frame. Without it, the page is one of zeros, or lies in its place in the VM's own piece of memory. */
  PRESENT = 1,
  /** It may be stored to as it is: the frame is nobody else's, and the store needs no stamp any more. */
  WRITABLE = 2,
  /** What the page holds is not here yet: without PRESENT, and the rest of the entry is 0. */
  ABSENT = 4,
  /** The page has a frame, and nobody has used it since this was set: without WRITABLE, and in no TLB. */
  UNUSED = 8,
  FLAGS = 0xfff,
}

/**
 * The table of frames, one descriptor for each 4 KiB of machine memory. What nobody has looked at is zero.
 *
 *   0        ZERO_MA         TABLE_MA                        the ranges begin
 *   +--------+---------------+------------------------------+- - -
 *   | core's | frame of zeros | descriptor of frame 0, 1, … |
 *   +--------+---------------+------------------------------+- - -
 *
 *   descriptor  +0 u32 pages of RAM that the frame backs    +4 u32 the p2m slot of the only one, or 0 when that is not known
 *               +8 u32 the decoded page of the code in it, or 0
 */
export enum Frame {
  /** A frame that is always zero: backs pages that were read and never stored to, and has no count. */
  ZERO_MA = 0x100000,
  TABLE_MA = 0x110000,
  /** A descriptor is 1 << this many bytes. */
  SHIFT = 4,
  COUNT = 0,
  SLOT = 4,
  CODE = 8,
}

/** One decoded code page: a header, 2048 records of 8 bytes, one guard record, and a copy of the source bytes. */
export enum CodePage {
  /** Where the header has the machine address of the frame that the page was decoded from. */
  FRAME = 0,
  /** And when it was last compared with that (u64). */
  EPOCH = 8,
  HEADER = 64,
  RECORDS = 64,
  GUARD = 0x4040,
  SOURCE = 0x4080,
  BYTES = 0x5080,
}

/** The header of the pool of decoded code pages. */
export enum CodePool {
  /** u32: number of the page that is taken next. */
  NEXT = 0,
  /** u32: machine address of the first VM of the host; each has that of the next (`nextVm`). */
  VMS = 4,
  /** u64: FENCE.Is of all VMs so far. */
  EPOCH = 8,
  /** Where the pages begin. */
  PAGES = 4096,
}

/** Sizes and limits that the translator and the host agree on. */
export enum Translation {
  /** Code pages that a region may lie in. */
  REGION_PAGES = 16,
  /** A region descriptor (assembly/dbt/cache/region.ts). */
  REGION_BYTES = 312,
  /** The hotness counters (assembly/dbt/profile/heat.ts). */
  HEAT_BYTES = 0x10000,
}

/** What the host answers when it is given a module. */
export enum Install {
  /** The engine does not take it. */
  REFUSED = 0,
  /** The functions are in the VM's table. */
  DONE = 1,
  /** It is being compiled. */
  LATER = 2,
}
