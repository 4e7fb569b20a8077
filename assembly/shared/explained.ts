/**
 * How the core tells the host about its regions: offsets of fields, in bytes. Fields are u32 unless they say otherwise; addresses are
 * machine addresses.
 */

/** A region's descriptor (`Region` in assembly/dbt/cache/region.ts). */
export enum RegionField {
  /** u64: the virtual address of its entry. */
  va = 8,
  /** `Mode` bits. */
  mode = 20,
  /** Steps that an entry needs: one more than there are instructions between two checks of the fuel. */
  need = 24,
  /**
   * Address of the entry's record in its decoded page: `Op.REGION` below the address of this descriptor, or of one that leads to it by `next`,
   * while it is in use.
   */
  slot = 32,
  /** i32: where its own code, without inlined callees, begins and ends, from its entry. */
  low = 36,
  high = 40,
  /** Instructions of the guest that it has. */
  insns = 44,
  /** The block of the translated code that it belongs to, and the next region at the same entry, of other code, or 0. */
  code = 48,
  next = 52,
}

/** What `dbt_explain` leaves: a header that leads to tables. */
export enum Explained {
  /** u64: the virtual address of the entry. */
  entry = 0,
  /** `Mode` bits. */
  mode = 8,
  /** Instructions of the guest, those of inlined callees each time. */
  insns = 12,
  /** The module that the region alone would be. */
  module = 16,
  moduleBytes = 20,
  /** Table of `ExplainedBlock`, in the order in which they are emitted from: reverse postorder. */
  blocks = 24,
  blockCount = 28,
  /** Table of `ExplainedNode`, block after block. */
  nodes = 32,
  /** Table of `ExplainedInsn`, block after block. */
  insnTable = 36,
  /** Table of `ExplainedMark`, in order. */
  marks = 40,
  markCount = 44,
  BYTES = 48,
}

/** A basic block. */
export enum ExplainedBlock {
  /** u64 */
  pc = 0,
  /** u64: where a jump or taken branch goes, or an inlined return is expected to. */
  targetPc = 8,
  /** u64: where it goes on; of `Term.INTERPRET`, the instruction that the interpreter does. */
  nextPc = 16,
  /** u64: registers needed when it begins, x in the low half, f in the high. */
  liveIn = 24,
  /** u64: registers that may differ from the hart's memory when it begins. */
  dirtyIn = 32,
  /** `Term` */
  term = 40,
  /** Its successors' positions in the table + 1; 0 leaves the region. */
  succ0 = 44,
  succ1 = 48,
  /** 1 when it is the head of a loop. */
  loop = 52,
  /** How deep it lies in inlined calls. */
  depth = 56,
  /** Instructions that have been executed when it begins and are not charged to the fuel yet. */
  uncharged = 60,
  /** x registers that hold sign-extended words when it begins. */
  words = 64,
  /** Checked spans at its entry: 32 pairs of i32 (lo, hi), the first of them no span (dbt/analysis/spans.ts). */
  spans = 68,
  nodeCount = 72,
  /** Its instructions; of `Term.INTERPRET`, the interpreter's as well when it can be fetched. */
  insnCount = 76,
  /** Of `Term.DISPATCH`: table of `ExplainedTarget`. */
  targets = 80,
  targetCount = 84,
  BYTES = 88,
}

/** A target of a dispatch table. */
export enum ExplainedTarget {
  /** u64 */
  pc = 0,
  /** Its block's position in the table + 1; 0 leaves the region. */
  block = 12,
  BYTES = 16,
}

/** A node of the intermediate representation: the fields of `Node`, and what is known of its memory check. */
export enum ExplainedNode {
  /** i64 */
  imm = 0,
  /** `Ir` */
  op = 8,
  w = 9,
  dst = 10,
  a = 11,
  b = 12,
  size = 13,
  c = 14,
  /** `Step` */
  check = 15,
  /** i32: the span that is checked, or that covers the access. */
  lo = 16,
  hi = 20,
  /** Where its instruction stands in the block. */
  offset = 24,
  /** 1 when the span is to be stored to. */
  stored = 28,
  BYTES = 32,
}

/** An instruction of a block: u32, its bytes; a compressed one is the low half. */
export enum ExplainedInsn {
  BYTES = 4,
}

/** From here on the module's code is for the instruction at a pc. */
export enum ExplainedMark {
  /** Distance from the start of the module. */
  at = 0,
  /** u64 */
  pc = 8,
  BYTES = 16,
}
