/**
 * Who called whom, from the registers and the stack of a hart that stands still.
 *
 * Compilers leave no chain of frames unless asked to, but where a function's code begins is known from its symbol, and what
 * its prologue has done up to some instruction says where the return address is and how large the frame. (RISC-V calling
 * conventions: ra is x1, sp is x2; `addi sp, sp, -N` and `sd ra, M(sp)`.)
 */

/** What a function has done to the stack when it is at some instruction. */
export interface FrameShape {
  /** Bytes by which sp lies below its value at the function's entry. */
  readonly bytes: number;
  /** Where the return address is, in bytes above sp; undefined while it is in ra. */
  readonly ra: number | undefined;
}

const NO_FRAME: FrameShape = { bytes: 0, ra: undefined };

/** Sign-extends the low `bits` of `value`. */
function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** The immediate of `addi sp, sp, imm` in any of its forms; undefined for other instructions. */
function stackAdjustment(word: number): number | undefined {
  if ((word & 3) === 3) return (word & 0xfffff) === 0x10113 ? word >> 20 : undefined;
  if ((word & 0xef83) === 0x6101) {
    const high = (((word >> 12) & 1) << 9) | (((word >> 3) & 3) << 7);
    return signed(high | (((word >> 5) & 1) << 6) | (((word >> 2) & 1) << 5) | (((word >> 6) & 1) << 4), 10);
  }
  if ((word & 0xef83) === 0x0101) return signed((((word >> 12) & 1) << 5) | ((word >> 2) & 31), 6);
  return undefined;
}

/** The offset of `sd ra, offset(sp)`; undefined for other instructions. */
function raSlot(word: number): number | undefined {
  if ((word & 3) === 3) {
    return (word & 0x01fff07f) === 0x00113023 ? signed(((word >>> 25) << 5) | ((word >> 7) & 31), 12) : undefined;
  }
  return (word & 0xe07f) === 0xe006 ? (((word >> 10) & 7) << 3) | (((word >> 7) & 7) << 6) : undefined;
}

/** `ret`, or a jump that does not link: what follows is reached from elsewhere. */
function endsPath(word: number): boolean {
  if ((word & 3) === 3) return (word & 0xfff) === 0x067 || (word & 0xfff) === 0x06f;
  return (word & 0xf07f) === 0x8002 || (word & 0xe003) === 0xa001;
}

/** What the instructions from a function's entry (`code`, little-endian) have done to the stack after `length` bytes. */
export function frameShape(code: Uint8Array, length: number): FrameShape {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  let shape = NO_FRAME;
  /** What it was before an epilogue, which the code behind it has not been through. */
  let body: FrameShape | undefined;
  for (let at = 0; at + 2 <= length && at + 2 <= code.length;) {
    const half = view.getUint16(at, true);
    const long = (half & 3) === 3;
    if (long && at + 4 > code.length) break;
    const word = long ? view.getInt32(at, true) : half;
    const change = stackAdjustment(word);
    const slot = raSlot(word);
    if (change !== undefined) {
      if (change > 0) body ??= shape;
      shape = { bytes: shape.bytes - change, ra: shape.ra === undefined ? undefined : shape.ra - change };
    } else if (slot !== undefined && shape.bytes > 0) shape = { ...shape, ra: slot };
    at += long ? 4 : 2;
    if (endsPath(word) && body !== undefined) {
      shape = body;
      body = undefined;
    }
  }
  return shape.bytes > 0 ? shape : NO_FRAME;
}

/** What unwinding needs to know of a guest. */
export interface UnwindSource {
  /** Where the function that `va` lies in begins; undefined when it is not known. */
  functionStart(va: bigint): bigint | undefined;
  /** Code or stack; undefined when it cannot be read. */
  read(va: bigint, length: number): Uint8Array | undefined;
}

/** Registers from which unwinding starts. */
export interface UnwindRegisters {
  readonly pc: bigint;
  readonly ra: bigint;
  readonly sp: bigint;
}

/** Functions are looked through that far from their entries. */
const FAR = 1 << 16;

/** Addresses of which is kept what was found out; then all is forgotten. */
export const KNOWN = 1 << 16;

/** Unwinds stacks of one guest, whose code does not change much. */
export class Unwinder {
  readonly #source: UnwindSource;
  readonly #shapes = new Map<bigint, FrameShape | undefined>();

  constructor(source: UnwindSource) {
    this.#source = source;
  }

  /**
   * Addresses within the functions that are being executed, the innermost first: `pc`, then where calls return to. Ends
   * where it is not sure any more, or after `depth`.
   */
  stack({ pc, ra, sp }: UnwindRegisters, depth: number): bigint[] {
    const stack = [pc];
    let inner: { pc: bigint; ra: bigint | undefined } = { pc, ra };
    for (let here = sp; stack.length < depth;) {
      const shape = this.#shape(inner.pc);
      // Without symbols ra alone is left: where the code was called from, or where it last called from.
      const next = shape === undefined ? inner.ra : this.#caller(shape, here, inner.ra);
      if (next === undefined || next === 0n) break;
      if (shape !== undefined && this.#source.functionStart(next) === undefined) break;
      stack.push(next);
      if (shape === undefined) break;
      here = BigInt.asUintN(64, here + BigInt(shape.bytes));
      inner = { pc: next, ra: undefined };
    }
    return stack;
  }

  #caller(shape: FrameShape, sp: bigint, ra: bigint | undefined): bigint | undefined {
    if (shape.ra === undefined) return ra;
    const bytes = this.#source.read(BigInt.asUintN(64, sp + BigInt(shape.ra)), 8);
    return bytes === undefined ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  }

  /** What the function around `pc` has done to the stack there; undefined when the function is not known. */
  #shape(pc: bigint): FrameShape | undefined {
    if (this.#shapes.has(pc)) return this.#shapes.get(pc);
    const start = this.#source.functionStart(pc);
    const length = start === undefined ? 0 : Number(pc - start);
    const known = start !== undefined && length < FAR;
    const code = known ? this.#source.read(start, length + 2) : undefined;
    const shape = code === undefined ? undefined : frameShape(code, length);
    // A guest decides how many addresses there are.
    if (this.#shapes.size >= KNOWN) this.#shapes.clear();
    this.#shapes.set(pc, shape);
    return shape;
  }
}
