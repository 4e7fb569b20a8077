/** Where each field of the machine state lies. Generated from src/isa by `npm run generate`; do not edit. */

/** Offsets from a hart's base address. */
export enum HartField {
  /** integer registers; x[0] is always zero (32 of u64) */
  x = 0,
  /** where writes to x0 go (see the record format) (u64) */
  xsink = 256,
  /** address of the next instruction; exact only outside the run loop (u64) */
  pc = 264,
  /** floating-point registers, NaN-boxed (32 of u64) */
  f = 272,
  /** accrued exception flags: NX UF OF DZ NV from bit 0 (u32) */
  fflags = 528,
  /** dynamic rounding mode, 0 to 7 (u32) */
  frm = 532,
  /** privilege mode: 0 U, 1 S, 3 M (u32) */
  priv = 536,
  /** 1 while stalled in WFI (u32) */
  wfi = 540,
  /** mhartid (u64) */
  hartid = 544,
  /** misa (u64) */
  misa = 552,
  /** mstatus, all fields (sstatus is a view of it) (u64) */
  mstatus = 560,
  /** medeleg (u64) */
  medeleg = 568,
  /** mideleg (u64) */
  mideleg = 576,
  /** mie (sie is a view of it) (u64) */
  mie = 584,
  /** the software-writable bits of mip: SSIP STIP SEIP (u64) */
  mip = 592,
  /** interrupt lines driven by devices and by Sstc's timer, in mip's bit positions; mip reads as mip | lines (u64) */
  lines = 600,
  /** mtvec (u64) */
  mtvec = 608,
  /** mscratch (u64) */
  mscratch = 616,
  /** mepc (u64) */
  mepc = 624,
  /** mcause (u64) */
  mcause = 632,
  /** mtval (u64) */
  mtval = 640,
  /** mcounteren (u64) */
  mcounteren = 648,
  /** mcountinhibit (u64) */
  mcountinhibit = 656,
  /** menvcfg (u64) */
  menvcfg = 664,
  /** stvec (u64) */
  stvec = 672,
  /** sscratch (u64) */
  sscratch = 680,
  /** sepc (u64) */
  sepc = 688,
  /** scause (u64) */
  scause = 696,
  /** stval (u64) */
  stval = 704,
  /** scounteren (u64) */
  scounteren = 712,
  /** senvcfg (u64) */
  senvcfg = 720,
  /** satp (u64) */
  satp = 728,
  /** stimecmp (Sstc) (u64) */
  stimecmp = 736,
  /** instructions retired since reset; never inhibited or written by the guest (u64) */
  instret = 744,
  /** mcycle reads instret + this while running, or this alone while inhibited (u64) */
  mcycleOffset = 752,
  /** minstret reads instret + this while running, or this alone while inhibited (u64) */
  minstretOffset = 760,
  /** mhpmcounter3..31; entries 0 to 2 unused (32 of u64) */
  mhpmcounter = 768,
  /** mhpmevent3..31; entries 0 to 2 unused (32 of u64) */
  mhpmevent = 1024,
  /** pmpaddr0..15 (16 of u64) */
  pmpaddr = 1280,
  /** pmp0cfg..pmp15cfg (16 of u8) */
  pmpcfg = 1408,
  /** physical address of the LR reservation, or all ones when there is none (u64) */
  reservationPa = 1424,
  /** what LR read there; SC succeeds only while memory still holds it (u64) */
  reservationValue = 1432,
  /** cause of the trap an instruction has just raised, or TRAP_NONE (u32) */
  trapCause = 1440,
  /** non-zero asks the run loop to leave fast code and look at interrupts and exits (u32) */
  attention = 1444,
  /** tval of that trap (u64) */
  trapTval = 1448,
  /** the value on its way to or from a device (u64) */
  mmioData = 1456,
  /** address of the VM block (u32) */
  vm = 1464,
  /** address of the load TLB set of the present data mode; the store set lies TLB_STORE_DELTA above (u32) */
  tlbLoad = 1468,
  /** address of the fetch TLB set of the present mode (u32) */
  tlbFetch = 1472,
  /** TLB entries filled since the sets of U and S mode were last emptied (u32) */
  tlbFills = 1476,
  /** where the first of them are, from the hart's address (256 of u32) */
  tlbLog = 1480,
  /** an exit an instruction has asked for, or EXIT_NONE (u32) */
  exitReason = 2504,
  /** a bit for each GiB, by a hash, in which a superpage is cached (u64) */
  largePages = 2512,
  /** the generation whose entries of the second-level TLB hold; from 1 (u32) */
  stlbGeneration = 2520,
  /** pc of the instruction being executed, set before anything that may trap slowly (u64) */
  runPc = 2528,
  /** how many PMP entries there are up to the last that is on (u32) */
  pmpActive = 2536,
  /** bit p: PMP lets privilege mode p do anything to any byte of RAM (u32) */
  pmpOpen = 2540,
  /** steps (retired instructions and traps) left in this run (u32) */
  fuel = 2544,
  /** slow work left in this run (assembly/hart/pace.ts) (u32) */
  work = 2548,
  /** address of the record the fast loop left to the slow tail, or 0 (u32) */
  slowRecord = 2552,
  /** instret + fuel when translated code was entered; in it, instret = fuelBase - fuel (u64) */
  fuelBase = 2560,
  /** where the interpreter stops at a jump: translated code waits there; odd for nowhere (u64) */
  stopPc = 2568,
  /** countJumpFlush when the dispatcher last entered a region; all ones: leave (u64) */
  enteredFlush = 2576,
  /** frm then (u32) */
  enteredFrm = 2584,
  /** the privilege mode then (u32) */
  enteredPriv = 2588,
  /** a hot address that is translated as soon as no translated code waits; odd for none (u64) */
  wanted = 2592,
  /** what the regions in each mode's jump cache assume together (Mode bits), by privilege (4 of u32) */
  jumpMode = 2600,
  /** entries of the jump caches filled since they were last emptied (u32) */
  jumpFills = 2616,
  /** where the first of them are, from the hart's address (64 of u32) */
  jumpLog = 2620,
  /** 1 when translated code has just failed to check bytes in pages that are not adjacent (u32) */
  spanSplit = 2876,
  /** from the first entry of the region in which that was to the instruction, in bytes (signed); bit 0 is none of it (u32) */
  splitFrom = 2880,
  /** from a region's first entry to that by which it is entered, when the depth says so (assembly/dbt/lower/entry.ts) (u32) */
  entryDistance = 2884,
  /** a bit for each hash of a page that regions in the jump caches lie in (8 of u64) */
  codeFilter = 2888,
  /** traps taken in a row without an instruction retired between them (u32) */
  stormCount = 2952,
  /** instret at the last trap (u64) */
  stormInstret = 2960,
  /** the interrupts that are pending and that mie enables (assembly/hart/interrupt.ts) (u64) */
  pending = 2968,
  /** TLB misses: loads, stores and fetches that needed a walk (u64) */
  countTlbMiss = 2976,
  /** page-table walks (u64) */
  countWalk = 2984,
  /** times the jump caches were emptied (u64) */
  countJumpFlush = 2992,
  /** exceptions taken (u64) */
  countTrap = 3000,
  /** interrupts taken (u64) */
  countInterrupt = 3008,
  /** device accesses (u64) */
  countMmio = 3016,
  /** instructions decoded into records (u64) */
  countDecode = 3024,
  /** fence.i executed (u64) */
  countFenceI = 3032,
  /** sfence.vma and sinval.vma executed (u64) */
  countSfence = 3040,
}

/** Offsets from a VM block's base address. */
export enum VmField {
  /** first physical address of RAM (u64) */
  ramPa = 0,
  /** bytes of RAM, a multiple of 4096 (u64) */
  ramSize = 8,
  /** machine address of the piece of machine memory that RAM has to itself, or 0 (u32) */
  ramMa = 16,
  /** 1 while every page of RAM lies in that piece, in its place, and may be stored to (u32) */
  window = 20,
  /** machine address of the p2m: one u32 for each page of RAM (frame ma | flags) (u32) */
  p2m = 24,
  /** 1 to 8 (u32) */
  hartCount = 28,
  /** 1 when an S-mode ECALL leaves to the host's SBI (u32) */
  builtinSbi = 32,
  /** machine addresses of the hart blocks (8 of u32) */
  harts = 36,
  /** machine address of the host's pool of decoded code pages (u32) */
  codePages = 68,
  /** how many of them are taken in turn (u32) */
  codePageCount = 72,
  /** first physical address of memory that only devices change (flash), or 0 (u64) */
  romPa = 80,
  /** its bytes, a multiple of 4096; its pages come after those of RAM in the p2m (u64) */
  romSize = 88,
  /** when it last did a fence.i; a decoded page verified before is so again when next entered (u64) */
  codeEpoch = 96,
  /** machine address of the next VM of the host, or 0 (u32) */
  nextVm = 104,
  /** pages of RAM that have a frame, shared ones included (u32) */
  framesTouched = 108,
  /** how many pages may have one (u32) */
  frameLimit = 112,
  /** 1 while machine addresses are held that no page's move may make stale (u32) */
  framesPinned = 116,
  /** times that a page got another frame (u32) */
  framesMoved = 120,
  /** 1 when a page could not get a frame; the host sets it back (u32) */
  framesShort = 124,
  /** machine address of a table of epochs, a u32 for each page of RAM; 0 when stores are not tracked (u32) */
  dirtyStamps = 128,
  /** the epoch that stores are stamped with (u32) */
  dirtyEpoch = 132,
  /** the engine's number (Engine in assembly/shared/constants.ts) (u32) */
  engine = 136,
  /** machine address of the translator's working memory, or 0 (u32) */
  dbt = 140,
  /** machine address of the block of its translated code (`CodeSpace`), or 0 (u32) */
  code = 144,
  /** how many descriptors there are (u32) */
  regionMax = 148,
  /** index in the core's table of what calls a region: (hart, fuel, depth, index) -> pc (u32) */
  enter = 152,
  /** machine address of the hotness counters (assembly/dbt/profile/heat.ts) (u32) */
  hot = 156,
  /** interpreted steps that make a pc hot (u32) */
  hotThreshold = 160,
  /** steps with which a pc is translated along with a hot one (u32) */
  warmThreshold = 164,
  /** steps the interpreter runs at most before they are charged (u32) */
  samplePeriod = 168,
  /** what the translator may do (Translate in assembly/shared/constants.ts) (u32) */
  translate = 172,
  /** guest instructions in a region at most (u32) */
  maxInsns = 176,
  /** bytes of modules kept at most (u32) */
  codeBytesMax = 180,
  /** modules kept at most (u32) */
  codeModulesMax = 184,
  /** who executes translated code's sensitive instructions (Sensitive) (u32) */
  sensitive = 188,
  /** regions translated in the present run of a hart (u32) */
  translations = 192,
  /** after this many of them the run ends with Exit.PAUSE; 0 for never (u32) */
  translationsMax = 196,
  /** after this much slow work a run ends with Exit.PAUSE; 0 for never (u32) */
  workMax = 200,
  /** steps that the tiered engine has interpreted the last time that it did (u32) */
  coldSteps = 204,
  /** how loads and stores are translated (MemoryModel in assembly/shared/constants.ts) (u32) */
  memoryModel = 208,
  /** 1 when hardware updates A and D may be enabled (menvcfg.ADUE writable) (u32) */
  svadu = 212,
  /** regions entered by the dispatcher (u64) */
  countEntry = 216,
  /** instructions executed by translated code (u64) */
  countTranslated = 224,
  /** returns to the dispatcher because the slice was about to end (u64) */
  countExitFuel = 232,
  /** returns for an instruction that only the interpreter can do (u64) */
  countExitStep = 240,
  /** the same, when the instruction trapped (u64) */
  countExitTrap = 248,
  /** returns because nothing was translated there (u64) */
  countExitCold = 256,
  /** returns because the next region was not in the jump cache (u64) */
  countExitMiss = 264,
  /** returns although it was: a mechanism switched off, or calls too deep (u64) */
  countExitDispatch = 272,
  /** returns because an interrupt or an exit was due (u64) */
  countExitAttention = 280,
  /** direct jumps between regions in translated code (with Translate.COUNT) (u64) */
  countChain = 288,
  /** indirect jumps that hit the jump cache (with Translate.COUNT) (u64) */
  countIndirect = 296,
  /** indirect jumps that missed it (with Translate.COUNT) (u64) */
  countIndirectMiss = 304,
  /** computed jumps that dispatch tables kept in their region (with Translate.COUNT) (u64) */
  countTable = 312,
  /** calls that came back to where they were expected (with Translate.COUNT) (u64) */
  countReturn = 320,
  /** calls that translated code went on after though part of them was interpreted (u64) */
  countKept = 328,
  /** calls that came back elsewhere (with Translate.COUNT) (u64) */
  countReturnMiss = 336,
  /** regions translated (u64) */
  countRegion = 344,
  /** regions that could not be translated, or that the engine refused (u64) */
  countRefused = 352,
  /** regions thrown away (u64) */
  countEvicted = 360,
  /** bytes of WebAssembly emitted (u64) */
  countCodeBytes = 368,
  /** nanoseconds of the host spent in translating, compiling included (u64) */
  translateNs = 376,
  /** nanoseconds of them spent in compiling and linking (u64) */
  compileNs = 384,
  /** the longest translation, in nanoseconds (u64) */
  pauseNs = 392,
  /** how often the tiered engine has interpreted (u32) */
  coldPeriods = 400,
  /** nanoseconds of the host that it took, estimated (u64) */
  coldNs = 408,
}

/** Offsets in the block of translated code. */
export enum CodeField {
  /** machine address of the region descriptors (u32) */
  regions = 0,
  /** how many are in use (u32) */
  regionCount = 4,
  /** how many have been made, those thrown away included (u32) */
  regionsMade = 8,
  /** modules in use (u32) */
  moduleCount = 12,
  /** bytes of the modules in use (u32) */
  codeBytes = 16,
  /** steps charged since the counters were last halved (u32) */
  heatSteps = 20,
  /** times that all of it was thrown away because the budget was used up (u32) */
  overflows = 24,
}

/** Sizes of the blocks. */
export enum StateBytes {
  HART = 3048,
  VM = 416,
  CODE = 32,
}
