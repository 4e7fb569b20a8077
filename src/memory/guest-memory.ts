/**
 * Guest RAM as devices and loaders see it: by physical address, bounds-checked, split at page boundaries.
 */

/** Direct access to a VM's RAM by `pa`. Nothing here throws: what lies outside RAM is refused. */
export interface GuestMemory {
  /** First physical address of RAM. */
  readonly ramPa: number;
  /** Bytes of RAM. */
  readonly ramSize: number;
  /** Whether all of `[pa, pa + length)` is RAM. */
  contains(pa: number, length: number): boolean;
  /** Fills `into` from `pa` on. False (and `into` undefined) unless all of it is RAM. */
  read(pa: number, into: Uint8Array): boolean;
  /** Writes all of `from` at `pa`. False, and nothing written, unless all of it is RAM. */
  write(pa: number, from: Uint8Array): boolean;
  /** Sets `length` bytes to `value`. False, and nothing written, unless all of it is RAM. */
  fill(pa: number, length: number, value: number): boolean;
  /**
   * The bytes at `pa` themselves: as many of `length` (at least one) as lie in one piece in the host's memory. Good until the machine runs
   * on; with `write`, they may be written. Undefined unless all of `length` is RAM, or when there is no memory for a page to be written.
   */
  view(pa: number, length: number, write: boolean): Uint8Array | undefined;
  /** Little-endian loads, at any alignment; undefined outside RAM. */
  load8(pa: number): number | undefined;
  load16(pa: number): number | undefined;
  load32(pa: number): number | undefined;
  load64(pa: number): bigint | undefined;
  /** Little-endian stores, at any alignment; false outside RAM. */
  store8(pa: number, value: number): boolean;
  store16(pa: number, value: number): boolean;
  store32(pa: number, value: number): boolean;
  store64(pa: number, value: bigint): boolean;
}

const PAGE = 4096;

/** What `createGuestMemory` stands on. */
export interface GuestMemoryBacking {
  readonly ramPa: number;
  readonly ramSize: number;
  /** The Wasm memory; views are made anew whenever its buffer has changed (growth). */
  readonly memory: { readonly buffer: ArrayBufferLike };
  /**
   * Machine address of the byte at `pa`, good to the end of its 4 KiB page; called with addresses in RAM only.
   * `write` says that the page is about to change (first-touch allocation, copy on write). Undefined refuses the access.
   */
  translate(pa: number, write: boolean): number | undefined;
}

/** Guest memory over a Wasm memory and a page function. */
export function createGuestMemory(backing: GuestMemoryBacking): GuestMemory {
  return new PagedGuestMemory(backing);
}

class PagedGuestMemory implements GuestMemory {
  readonly ramPa: number;
  readonly ramSize: number;
  private readonly backing: GuestMemoryBacking;
  private bytes: Uint8Array;
  private words: DataView;
  /** Through which values pass that lie across pages. */
  private readonly word = new DataView(new ArrayBuffer(8));

  constructor(backing: GuestMemoryBacking) {
    this.backing = backing;
    this.ramPa = backing.ramPa;
    this.ramSize = backing.ramSize;
    this.bytes = new Uint8Array(backing.memory.buffer);
    this.words = new DataView(backing.memory.buffer);
  }

  contains(pa: number, length: number): boolean {
    const offset = pa - this.ramPa;
    return Number.isSafeInteger(pa) && length >= 0 && offset >= 0 && length <= this.ramSize - offset;
  }

  read(pa: number, into: Uint8Array): boolean {
    return this.pages(pa, into.length, false, (ma, at, length) => into.set(this.bytes.subarray(ma, ma + length), at));
  }

  write(pa: number, from: Uint8Array): boolean {
    return this.pages(pa, from.length, true, (ma, at, length) => this.bytes.set(from.subarray(at, at + length), ma));
  }

  fill(pa: number, length: number, value: number): boolean {
    return this.pages(pa, length, true, (ma, _at, count) => this.bytes.fill(value, ma, ma + count));
  }

  view(pa: number, length: number, write: boolean): Uint8Array | undefined {
    if (!this.contains(pa, length)) return undefined;
    const start = this.translate(pa, write);
    if (start === undefined) return undefined;
    let count = Math.min(length, PAGE - (pa % PAGE));
    while (count < length) {
      if (this.translate(pa + count, write) !== start + count) break;
      count = Math.min(length, count + PAGE);
    }
    return this.bytes.subarray(start, start + count);
  }

  load8(pa: number): number | undefined {
    const ma = this.whole(pa, 1, false);
    return ma === undefined ? undefined : this.words.getUint8(ma);
  }

  load16(pa: number): number | undefined {
    const ma = this.whole(pa, 2, false);
    if (ma !== undefined) return this.words.getUint16(ma, true);
    return this.gather(pa, 2) ? this.word.getUint16(0, true) : undefined;
  }

  load32(pa: number): number | undefined {
    const ma = this.whole(pa, 4, false);
    if (ma !== undefined) return this.words.getUint32(ma, true);
    return this.gather(pa, 4) ? this.word.getUint32(0, true) : undefined;
  }

  load64(pa: number): bigint | undefined {
    const ma = this.whole(pa, 8, false);
    if (ma !== undefined) return this.words.getBigUint64(ma, true);
    return this.gather(pa, 8) ? this.word.getBigUint64(0, true) : undefined;
  }

  store8(pa: number, value: number): boolean {
    const ma = this.whole(pa, 1, true);
    if (ma !== undefined) this.words.setUint8(ma, value);
    return ma !== undefined;
  }

  store16(pa: number, value: number): boolean {
    const ma = this.whole(pa, 2, true);
    if (ma === undefined) return this.scatter(pa, 2, BigInt(value));
    this.words.setUint16(ma, value, true);
    return true;
  }

  store32(pa: number, value: number): boolean {
    const ma = this.whole(pa, 4, true);
    if (ma === undefined) return this.scatter(pa, 4, BigInt(value));
    this.words.setUint32(ma, value, true);
    return true;
  }

  store64(pa: number, value: bigint): boolean {
    const ma = this.whole(pa, 8, true);
    if (ma === undefined) return this.scatter(pa, 8, value);
    this.words.setBigUint64(ma, value, true);
    return true;
  }

  /** Machine address of `size` bytes that lie in one page of RAM. */
  private whole(pa: number, size: number, write: boolean): number | undefined {
    if (!this.contains(pa, size) || (pa % PAGE) + size > PAGE) return undefined;
    return this.translate(pa, write);
  }

  private gather(pa: number, size: number): boolean {
    return this.read(pa, new Uint8Array(this.word.buffer, 0, size));
  }

  private scatter(pa: number, size: number, value: bigint): boolean {
    this.word.setBigUint64(0, BigInt.asUintN(64, value), true);
    return this.write(pa, new Uint8Array(this.word.buffer, 0, size));
  }

  /** Calls `each` for every piece of `[pa, pa + length)` that lies in one page. */
  private pages(
    pa: number,
    length: number,
    write: boolean,
    each: (ma: number, at: number, length: number) => void,
  ): boolean {
    if (!this.contains(pa, length)) return false;
    if (write && !this.writable(pa, length)) return false;
    for (let at = 0; at < length;) {
      const ma = this.translate(pa + at, write);
      if (ma === undefined) return false;
      const count = Math.min(length - at, PAGE - ((pa + at) % PAGE));
      each(ma, at, count);
      at += count;
    }
    return true;
  }

  /** Has every page made writable before the first byte changes, so that a refused write writes nothing. */
  private writable(pa: number, length: number): boolean {
    if ((pa % PAGE) + length <= PAGE) return true;
    for (let page = pa - (pa % PAGE); page < pa + length; page += PAGE) {
      if (this.backing.translate(page, true) === undefined) return false;
    }
    return true;
  }

  /** The page function may have the memory grow, which detaches the old buffer: the views are looked at afterwards. */
  private translate(pa: number, write: boolean): number | undefined {
    const ma = this.backing.translate(pa, write);
    const { buffer } = this.backing.memory;
    if (this.bytes.buffer !== buffer) {
      this.bytes = new Uint8Array(buffer);
      this.words = new DataView(buffer);
    }
    return ma;
  }
}
