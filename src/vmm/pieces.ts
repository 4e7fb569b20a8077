/** Bytes that wait for a reader: what a guest sends in pieces of a byte takes no more room than what comes in large ones. */

/** Smaller pieces are put together. */
const SMALL = 2048;
/** Bytes in which small ones are put together. */
const TAIL_BYTES = 4096;

/** A queue of bytes, in order. */
export class Pieces {
  #whole: Uint8Array[] = [];
  #tail: Uint8Array | undefined;
  #used = 0;

  get isEmpty(): boolean {
    return this.#whole.length === 0 && this.#used === 0;
  }

  /**
   * Puts a copy behind the others.
   * @param isOurs - nobody else writes to the bytes: they are kept as they are if little else hangs on them
   */
  push(bytes: Uint8Array, isOurs = false): void {
    if (bytes.length >= SMALL) {
      this.#seal();
      this.#whole.push(isOurs && 2 * bytes.length >= bytes.buffer.byteLength ? bytes : bytes.slice());
      return;
    }
    if (this.#used + bytes.length > TAIL_BYTES) this.#seal();
    this.#tail ??= new Uint8Array(TAIL_BYTES);
    this.#tail.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Puts bytes back that were first. */
  putBack(bytes: Uint8Array): void {
    this.#whole.unshift(bytes);
  }

  /** The next bytes, which are the caller's from now on; undefined when there are none. */
  shift(): Uint8Array | undefined {
    if (this.#whole.length === 0) this.#seal();
    return this.#whole.shift();
  }

  clear(): void {
    this.#whole = [];
    this.#used = 0;
  }

  /** What has been put together is a piece like others. */
  #seal(): void {
    if (this.#used > 0) this.#whole.push(this.#tail!.slice(0, this.#used));
    this.#used = 0;
  }
}

/** Bytes that become more and more. */
export class Gathered {
  #bytes = new Uint8Array(TAIL_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** All of them. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}
