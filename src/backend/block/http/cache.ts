/** Blocks of a file that were fetched, as many as memory was given for; the ones used last are kept. */

/** A block's bytes, or the promise of them while they are on their way. */
type Entry = Uint8Array | Promise<Uint8Array>;

export class BlockCache {
  readonly #blocks = new Map<number, Entry>();
  readonly #most: number;

  /** Keeps `most` blocks. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Blocks that are kept or on their way. */
  get count(): number {
    return this.#blocks.size;
  }

  has(index: number): boolean {
    return this.#blocks.has(index);
  }

  /** Block `index`, which is now the last one used. */
  get(index: number): Entry | undefined {
    const entry = this.#blocks.get(index);
    if (entry !== undefined) {
      this.#blocks.delete(index);
      this.#blocks.set(index, entry);
    }
    return entry;
  }

  /** Block `index` is on its way. One that does not come is forgotten, and may be asked for again. */
  expect(index: number, bytes: Promise<Uint8Array>): void {
    this.#blocks.set(index, bytes);
    bytes.then(
      (block) => {
        if (this.#blocks.get(index) === bytes) this.#blocks.set(index, block);
        this.#trim();
      },
      () => {
        if (this.#blocks.get(index) === bytes) this.#blocks.delete(index);
      },
    );
  }

  clear(): void {
    this.#blocks.clear();
  }

  #trim(): void {
    for (const [index, entry] of this.#blocks) {
      if (this.#blocks.size <= this.#most) return;
      if (entry instanceof Uint8Array) this.#blocks.delete(index);
    }
  }
}
