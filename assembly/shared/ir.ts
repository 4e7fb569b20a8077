/** What the translator calls things, for itself and for those who print its work. Plain enums only. */

/** The operation of a node of the intermediate representation; the fields of nodes are those of `Node` in assembly/dbt/ir/node.ts. */
export enum Ir {
  /** dst = imm */
  CONST = 1,
  /** dst = a */
  MOVE = 2,
  /** dst = a w b */
  BINARY = 3,
  /** dst = a w imm */
  BINARY_I = 4,
  /** dst = sign-extended (low32 a w low32 b) */
  WORD = 5,
  /** dst = sign-extended (low32 a w imm) */
  WORD_I = 6,
  /** dst = a w b ? 1 : 0 */
  COMPARE = 7,
  /** dst = a w imm ? 1 : 0 */
  COMPARE_I = 8,
  /** dst = w a */
  UNARY = 9,
  /** dst = zero-extended (w low32 a) */
  UNARY_W = 10,
  /** dst = a w b with RISC-V's results for division by zero and overflow; size 4 or 8 */
  DIVIDE = 11,
  /** dst = high half of a * b; size: 0 unsigned, 1 signed by unsigned, 2 signed */
  MULTIPLY_HIGH = 12,
  /** dst = memory[a + imm], `size` bytes */
  LOAD = 13,
  /** memory[a + imm] = b, `size` bytes */
  STORE = 14,
  /** The core executes record imm; it may read a, b and the third operand, and write dst */
  CALLOUT = 15,
  /** dst = select(imm == 0 ? b == 0 : b != 0, 0, a): Zicond */
  SELECT_ZERO = 16,
  /** dst = a w b, rounded to nearest; of this and all FLOAT nodes: `size` 4 singles, 8 doubles, imm the record */
  FLOAT = 17,
  /** dst = square root of a */
  FLOAT_ROOT = 18,
  /** dst = a * b + c, rounded once; w: bit 0 negates the product, bit 1 the addend */
  FLOAT_FMA = 19,
  /** dst (x) = a w b ? 1 : 0 */
  FLOAT_COMPARE = 20,
  /** dst = a w b, w being Wasm's minimum or maximum */
  FLOAT_SELECT = 21,
  /** dst = a with the sign of b: w 0 as is, 1 inverted, 2 xor */
  FLOAT_SIGN = 22,
  /** dst (f) = raw bits of a (x), or the other way round */
  FLOAT_MOVE = 23,
  /** dst (f) = a (x) converted by w; c: bytes of the integer type, + 16 when it is signed */
  FLOAT_FROM_INT = 24,
  /** dst (x) = a rounded by w (a Wasm operator on f64) and converted; c as above */
  FLOAT_TO_INT = 25,
  /** dst = a, which is of the other format */
  FLOAT_CONVERT = 26,
  /** dst (x) = FCLASS of a */
  FLOAT_CLASS = 27,
  /** The core executes the system instruction of record imm, and says whether the region may go on */
  SYSTEM = 40,
  /** dst = CSR, CSR = …: the Zicsr record imm, in place; falls back to SYSTEM */
  CSR = 41,
  /** dst = memory[a], memory[a] = dst w b, `size` bytes: an AMO; otherwise the core executes record imm */
  ATOMIC = 42,
  /** dst = memory[a], reserved; otherwise the core executes record imm */
  LOAD_RESERVED = 43,
  /** memory[a] = b if still reserved, dst = 0, else dst = 1; otherwise the core executes record imm */
  STORE_CONDITIONAL = 44,
  /** dst = address of the region's entry + imm */
  ENTRY = 45,
}

/** What a region assumes of the hart; checked whenever it is found by its address. Those of U-mode run wherever their pages are mapped. */
export enum Mode {
  /** Loads and stores are untranslated and PMP leaves all of RAM open: it is one window. */
  FLAT = 1,
  /** mstatus.FS is dirty. */
  FLOAT = 2,
  /** The privilege mode, shifted left by this. */
  PRIV_SHIFT = 8,
}

/** How a block ends. */
export enum Term {
  /** Goes on to succ0 (or leaves to `nextPc`). */
  NEXT = 0,
  /** Conditional: succ0 when taken, else succ1. */
  BRANCH = 1,
  /** To succ0, or leaves to `targetPc`. */
  JUMP = 2,
  /** An inlined call returns: to succ0 when the target is `targetPc`, else leaves. */
  RETURN = 3,
  /** A computed jump: to the dispatch table at succ0, or leaves. */
  INDIRECT = 4,
  /** The interpreter executes the instruction at `nextPc`. */
  INTERPRET = 5,
  /** A call that is not inlined: Wasm call of the region at `targetPc`, then succ0 at `nextPc`. */
  CALL = 6,
  /** A call with a computed target. */
  CALL_INDIRECT = 7,
  /** A return from the region itself. */
  RETURN_UP = 8,
  /** A dispatch table, a block without instructions: to the target that the jump-target temp names, or leaves. */
  DISPATCH = 9,
  /** A computed call: to the inlined callee at succ0 when the target is `targetPc`, else to the block at succ1 that makes the call. */
  GUESS = 10,
}

/** What `step` found about a node. */
export enum Step {
  NOTHING = 0,
  /** An access whose base has no span that covers it: `state` holds the span to check. */
  CHECK = 1,
  /** An access that is covered. */
  COVERED = 2,
  /** dst has taken a's span over. */
  CARRY = 3,
  /** An access that is checked by itself, and leaves no span. */
  ALONE = 4,
  /** dst is a constant with a span. */
  KNOWN = 5,
}
