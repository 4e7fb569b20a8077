/** Exact numbers of bytes from data that comes in pieces. */

import { WasmvisorError } from "../error.ts";

/** Reads what `chunks` bring, in order. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Bytes read so far. */
  position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /**
   * The next `count` bytes, good until the next call.
   * @throws WasmvisorError `archive` when there are not so many
   */
  async read(count: number): Promise<Uint8Array> {
    if (count <= this.#chunk.length) return this.#take(count);
    const whole = new Uint8Array(count);
    for (let at = 0; at < count;) {
      if (this.#chunk.length === 0) await this.#next();
      const piece = this.#take(Math.min(count - at, this.#chunk.length));
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }

  /** Passes over `count` bytes. */
  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#chunk.length === 0) await this.#next();
      left -= this.#take(Math.min(left, this.#chunk.length)).length;
    }
  }

  /** At most `count` bytes that are there already, or come next; none at the end. */
  async some(count: number): Promise<Uint8Array> {
    if (this.#chunk.length === 0 && !(await this.#more())) return this.#chunk;
    return this.#take(Math.min(count, this.#chunk.length));
  }

  /** The pieces of the next `count` bytes. */
  async *pieces(count: number): AsyncGenerator<Uint8Array, void> {
    for (let left = count; left > 0;) {
      if (this.#chunk.length === 0) await this.#next();
      const piece = this.#take(Math.min(left, this.#chunk.length));
      left -= piece.length;
      yield piece;
    }
  }

  #take(count: number): Uint8Array {
    const piece = this.#chunk.subarray(0, count);
    this.#chunk = this.#chunk.subarray(count);
    this.position += count;
    return piece;
  }

  async #next(): Promise<void> {
    if (!(await this.#more())) throw damaged("is cut short");
  }

  /** False at the end. */
  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const next: IteratorResult<Uint8Array, unknown> = await this.#chunks.next();
      if (next.done) return false;
      this.#chunk = next.value;
    }
    return true;
  }
}

/** What is wrong with a downloaded file. */
export function damaged(what: string): WasmvisorError {
  return new WasmvisorError("archive", `A package from the archive ${what}; try again, or another --mirror.`);
}
