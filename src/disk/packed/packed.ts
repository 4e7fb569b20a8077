/** Images that are compressed in pieces: each piece can be had alone, so any place can be read. */

import type { BlockBackend, BlockInfo, Done } from "../../backend/block/block.ts";
import { expectChange, expectInside, expectOpen } from "../../backend/block/range.ts";
import { damaged, lacking } from "../error.ts";
import { settle, type Steps, wait } from "../steps.ts";

/** Where the pieces of a compressed image are, in order. */
export class Pieces {
  /** Where each begins in the file, and where it ends. */
  readonly #at: number[] = [];
  readonly #end: number[] = [];
  /** Where each begins in the image; one more than there are pieces. */
  readonly #start: number[] = [0];

  /** Bytes of the image. */
  get size(): number {
    return this.#start.at(-1)!;
  }

  /**
   * The piece from `at` to `end` of the file has the next `bytes` of the image.
   * @throws WasmvisorError `image-feature` when it is too large to be decompressed for a few bytes of it, or there are too many
   */
  add(at: number, end: number, bytes: number): void {
    if (bytes > MOST_PIECE_BYTES || end - at > 2 * MOST_PIECE_BYTES) throw inOnePiece();
    if (this.#at.length === MOST_PIECES) throw lacking("more than two million compressed pieces", CONVERT);
    if (bytes === 0) return;
    this.#at.push(at);
    this.#end.push(end);
    this.#start.push(this.size + bytes);
  }

  /** The number of the piece that has byte `at` of the image. */
  find(at: number): number {
    let low = 0;
    for (let high = this.#at.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (this.#start[middle]! <= at) low = middle;
      else high = middle;
    }
    return low;
  }

  /** Where a piece is: in the file, and in the image. */
  piece(index: number): { readonly at: number; readonly end: number; readonly start: number; readonly bytes: number } {
    const start = this.#start[index]!;
    return { at: this.#at[index]!, end: this.#end[index]!, start, bytes: this.#start[index + 1]! - start };
  }
}

const MOST_PIECES = 2 ** 21;
const MOST_PIECE_BYTES = 2 ** 25;

/** Bytes of decompressed pieces that are kept. */
const KEPT_BYTES = 2 ** 26;

const CONVERT = "make a compressed qcow2 of it: wasmvisor img convert -c -O qcow2";

/** An image that can only be read from its beginning on. */
export function inOnePiece(): Error {
  return lacking(
    "compression in one piece, of which nothing can be read alone",
    "decompress it, or compress it in pieces (bgzip, or zstd in its seekable format)",
  );
}

/** Decompresses a piece to so many bytes. */
export type Unpack = (bytes: Uint8Array, length: number) => Done<Uint8Array>;

/** An image compressed in pieces, to be read only. */
export class PackedDisk implements BlockBackend {
  readonly size: number;
  readonly readonly = true;
  readonly synchronous = false;
  readonly info: BlockInfo;
  readonly #file: BlockBackend;
  readonly #pieces: Pieces;
  readonly #unpack: Unpack;
  /** Pieces by number, those used last at the end. */
  readonly #kept = new Map<number, Done<Uint8Array>>();
  #keptBytes = 0;
  #open = true;

  constructor(file: BlockBackend, compression: string, pieces: Pieces, unpack: Unpack) {
    this.#file = file;
    this.#pieces = pieces;
    this.#unpack = unpack;
    this.size = pieces.size;
    this.info = { description: `${compression} image in ${file.info.description}` };
  }

  read(at: number, into: Uint8Array): Done {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    return settle(this.#read(at, into));
  }

  /** Never: it cannot be changed. */
  write(at: number, from: Uint8Array): void {
    expectChange(this, this.#open, at, from.length);
  }

  flush(): void {
    expectOpen(this, this.#open);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#kept.clear();
    await this.#file.close();
  }

  *#read(at: number, into: Uint8Array): Steps {
    for (let done = 0; done < into.length;) {
      const index = this.#pieces.find(at + done);
      const bytes = yield* wait(this.#piece(index));
      const from = at + done - this.#pieces.piece(index).start;
      const part = bytes.subarray(from, from + into.length - done);
      into.set(part, done);
      done += part.length;
    }
  }

  /** A piece, decompressed. */
  #piece(index: number): Done<Uint8Array> {
    const kept = this.#kept.get(index);
    if (kept !== undefined) {
      this.#kept.delete(index);
      this.#kept.set(index, kept);
      return kept;
    }
    const bytes = settle(this.#decompressed(index));
    this.#keptBytes += this.#pieces.piece(index).bytes;
    this.#kept.set(index, bytes);
    if (bytes instanceof Promise) bytes.catch(() => this.#forget(index, bytes));
    for (const [oldest, entry] of this.#kept) {
      if (this.#keptBytes <= KEPT_BYTES || oldest === index) break;
      this.#forget(oldest, entry);
    }
    return bytes;
  }

  #forget(index: number, entry: Done<Uint8Array>): void {
    if (this.#kept.get(index) !== entry) return;
    this.#kept.delete(index);
    this.#keptBytes -= this.#pieces.piece(index).bytes;
  }

  *#decompressed(index: number): Steps<Uint8Array> {
    const { at, end, bytes } = this.#pieces.piece(index);
    const packed = new Uint8Array(end - at);
    yield* wait(this.#file.read(at, packed));
    const unpacked = yield* this.#unpacked(packed, bytes);
    if (unpacked?.length !== bytes) throw damaged("a compressed piece of it cannot be decompressed", { at });
    return unpacked;
  }

  *#unpacked(packed: Uint8Array, bytes: number): Steps<Uint8Array | undefined> {
    try {
      return yield* wait(this.#unpack(packed, bytes));
    } catch {
      return undefined;
    }
  }
}
