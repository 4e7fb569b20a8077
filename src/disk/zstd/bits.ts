/** Bits of zstd's streams (RFC 8878). */

/** A stream that cannot be what it says it is. */
export class ZstdError extends Error {
  override readonly name = "ZstdError";
}

export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new ZstdError(what);
}

/** Bits in the order of the bytes, low bits first. */
export class ForwardBits {
  readonly #bytes: Uint8Array;
  #at: number;
  #bit = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next bits, at most 16; behind the end they are zeros. */
  peek(count: number): number {
    const { length } = this.#bytes;
    let value = 0;
    for (let index = 0; index < 3 && this.#at + index < length; index++)
      value |= this.#bytes[this.#at + index]! << (8 * index);
    return (value >>> this.#bit) & ((1 << count) - 1);
  }

  skip(count: number): void {
    this.#bit += count;
    this.#at += this.#bit >> 3;
    this.#bit &= 7;
  }

  /** The first byte of which nothing has been used. */
  get end(): number {
    return this.#at + (this.#bit > 0 ? 1 : 0);
  }
}

/** Bits from the end of some bytes to their beginning; the highest bit that is set marks the end. */
export class BackwardBits {
  readonly #bytes: Uint8Array;
  readonly #from: number;
  /** Bits that are left. Negative when more have been read than there were, which read as zeros. */
  left: number;

  constructor(bytes: Uint8Array, from: number, to: number) {
    expect(to > from && to <= bytes.length, "a bit stream is empty");
    const last = bytes[to - 1]!;
    expect(last !== 0, "a bit stream has no end mark");
    this.#bytes = bytes;
    this.#from = from;
    this.left = (to - from - 1) * 8 + (31 - Math.clz32(last));
  }

  /** Takes the next bits, at most 24. */
  read(count: number): number {
    this.left -= count;
    return this.#at(this.left, count);
  }

  /** Takes as many bits as an offset may have, up to 31. */
  readLong(count: number): number {
    if (count <= 24) return this.read(count);
    const high = this.read(count - 16);
    return high * 65_536 + this.read(16);
  }

  /** Looks at the next bits without taking them. */
  peek(count: number): number {
    return this.#at(this.left - count, count);
  }

  #at(position: number, count: number): number {
    if (count === 0) return 0;
    if (position < 0) {
      const there = count + position;
      return there <= 0 ? 0 : this.#at(0, there) << -position;
    }
    const first = this.#from + (position >> 3);
    const bytes = this.#bytes;
    const word = bytes[first]! | (bytes[first + 1]! << 8) | (bytes[first + 2]! << 16) | (bytes[first + 3]! << 24);
    return (word >>> (position & 7)) & ((1 << count) - 1);
  }
}
