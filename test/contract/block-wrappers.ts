/** Backends around others, for tests. */

import type { BlockBackend, Done } from "../../src/backend/block/block.ts";

/** A backend whose content outlives `close`. */
export class Kept implements BlockBackend {
  readonly #inner: BlockBackend;
  readonly readonly = false;
  readonly synchronous = true;
  #open = true;

  constructor(inner: BlockBackend) {
    this.#inner = inner;
  }

  /** The same content, open again. */
  again(): Kept {
    return new Kept(this.#inner);
  }

  get size(): number {
    return this.#inner.size;
  }
  get info() {
    return this.#inner.info;
  }
  read(at: number, into: Uint8Array): Done {
    return this.#opened.read(at, into);
  }
  write(at: number, from: Uint8Array): Done {
    return this.#opened.write(at, from);
  }
  flush(): Done {
    return this.#opened.flush();
  }
  flushNow(): void {
    void this.#opened.flush();
  }
  discard(at: number, length: number): Done {
    return this.#opened.discard!(at, length);
  }
  writeZeroes(at: number, length: number, mayUnmap: boolean): Done {
    return this.#opened.writeZeroes!(at, length, mayUnmap);
  }
  resize(size: number): Done {
    return this.#opened.resize!(size);
  }
  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }

  get #opened(): BlockBackend {
    if (!this.#open) throw new Error("used after it was closed");
    return this.#inner;
  }
}

/** A backend that answers later, in an order of its own, and reads and writes when it answers. */
export class Slow implements BlockBackend {
  readonly #inner: BlockBackend;
  readonly synchronous = false;
  #state = 12_345;

  constructor(inner: BlockBackend) {
    this.#inner = inner;
  }

  get readonly(): boolean {
    return this.#inner.readonly;
  }
  get size(): number {
    return this.#inner.size;
  }
  get info() {
    return this.#inner.info;
  }
  async read(at: number, into: Uint8Array): Promise<void> {
    await this.#while();
    await this.#inner.read(at, into);
    await this.#while();
  }
  async write(at: number, from: Uint8Array): Promise<void> {
    await this.#while();
    await this.#inner.write(at, from);
    await this.#while();
  }
  async flush(): Promise<void> {
    await this.#while();
    await this.#inner.flush();
  }
  async resize(size: number): Promise<void> {
    await this.#while();
    await this.#inner.resize!(size);
  }
  close(): Promise<void> {
    return this.#inner.close();
  }

  /** None to seven turns of the event loop's queue of microtasks. */
  async #while(): Promise<void> {
    this.#state = (this.#state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    for (let turn = (this.#state >> 8) % 8; turn > 0; turn--) await Promise.resolve();
  }
}
