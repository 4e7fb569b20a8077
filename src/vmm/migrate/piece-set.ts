/** A set of numbers that lie close together: one bit each, in chunks that are there as they are needed. */

const CHUNK_BITS = 2 ** 15;

/** Numbers from 0 to 2^53. */
export class PieceSet {
  readonly #chunks = new Map<number, Uint8Array>();
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** All from `first` to `last`. */
  add(first: number, last = first): void {
    for (let number = first; number <= last; number++) this.#set(number, true);
  }

  delete(number: number): void {
    this.#set(number, false);
  }

  /** In order, chunk by chunk in the order in which these came to be. */
  *[Symbol.iterator](): Generator<number> {
    for (const [chunk, bytes] of this.#chunks)
      for (let at = 0; at < CHUNK_BITS; at++)
        if ((bytes[at >> 3]! & (1 << (at & 7))) !== 0) yield chunk * CHUNK_BITS + at;
  }

  #set(number: number, isThere: boolean): void {
    const chunk = Math.floor(number / CHUNK_BITS);
    const at = number % CHUNK_BITS;
    let bytes = this.#chunks.get(chunk);
    if (bytes === undefined) {
      if (!isThere) return;
      bytes = new Uint8Array(CHUNK_BITS / 8);
      this.#chunks.set(chunk, bytes);
    }
    const mask = 1 << (at & 7);
    if (((bytes[at >> 3]! & mask) !== 0) === isThere) return;
    bytes[at >> 3]! ^= mask;
    this.#size += isThere ? 1 : -1;
  }
}
