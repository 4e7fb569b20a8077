/** The pages of a snapshot's file, read block by block in any order, by its index (docs/design/lazy-restore.md). */

import type { Done } from "../backend/block/block.ts";
import { settle, type Steps, wait } from "../disk/steps.ts";
import { crc32, crc32Before } from "../machine/loader/crc32.ts";
import { Misfit, PAGE_BYTES } from "../state/section.ts";
import { Reader, Writer } from "../state/table.ts";
import { decodeHeader, pagesIn, readRuns, writeRuns } from "./bytes.ts";
import { type Cipher, TAG_BYTES } from "./cipher.ts";
import { BlockKind, damaged, HEADER_BYTES, PAGES_MOST, PROLOGUE_BYTES, type Run, STORED_MOST } from "./format.ts";
import { opened } from "./read.ts";

/** Bytes that can be read from anywhere. */
export interface RangeSource {
  readonly size: number;
  read(at: number, into: Uint8Array): Done;
  close(): Promise<void>;
}

/** What a block of pages holds. */
export interface PageBlock {
  readonly runs: readonly Run[];
  /** The pages of the runs, one after another; undefined when all of them are zeros. */
  readonly bytes: Uint8Array | undefined;
}

/** A block that the index names. */
interface Entry {
  readonly offset: number;
  readonly number: number;
  /** CRC-32 of its runs as they are written, so that they need not be kept. */
  readonly runs: number;
}

/** Bytes of END. */
const END_BYTES = 16;

/** The page blocks of one file. */
export class PageFile {
  readonly #source: RangeSource;
  readonly #cipher: Cipher | undefined;
  readonly #entries: readonly Entry[];
  /** Where the last of them ends. */
  readonly #end: number;

  private constructor(source: RangeSource, cipher: Cipher | undefined, entries: readonly Entry[], end: number) {
    this.#source = source;
    this.#cipher = cipher;
    this.#entries = entries;
    this.#end = end;
  }

  /**
   * Reads the index. `see` is told of each run of pages, with the number of its block in the index, from 0.
   * @param pages - how many the machine has
   * @throws WasmvisorError `snapshot-damaged`, `snapshot-key`, and what the source throws
   */
  static async open(
    source: RangeSource,
    cipher: Cipher | undefined,
    pages: number,
    see: (run: Run, block: number) => void,
  ): Promise<PageFile> {
    const end = await endOf(source, cipher);
    const entries: Entry[] = [];
    const seen = new Uint8Array(pages);
    let { offset, number } = end;
    for (; number < end.last; number++) {
      const block = await settle(blockAt(source, cipher, { offset, number, kinds: [BlockKind.INDEX] }));
      offset += block.length;
      if (offset > end.at) throw damaged("its index is longer than it says");
      await settle(inBlock(() => readEntries(new Reader(block.bytes), end, entries, seen, see)));
    }
    if (offset !== end.at) throw damaged("its index is shorter than it says");
    return new PageFile(source, cipher, entries, end.offset);
  }

  /**
   * A block of pages, by its number in the index.
   * @throws WasmvisorError `snapshot-damaged`, `snapshot-key`, and what the source throws
   */
  *block(index: number): Steps<PageBlock> {
    const { offset, number, runs: sum } = this.#entries[index]!;
    const length = (this.#entries[index + 1]?.offset ?? this.#end) - offset;
    const kinds = [BlockKind.PAGES, BlockKind.ZEROS];
    const { kind, bytes } = yield* blockAt(this.#source, this.#cipher, { offset, number, length, kinds });
    return yield* inBlock(() => pagesOf(kind, bytes, sum));
  }

  /** Gives its source up. */
  close(): Promise<void> {
    return this.#source.close();
  }
}

/** Where a block is. */
interface Place {
  readonly offset: number;
  readonly number: number;
  /** Of all of it, when that is known. */
  readonly length?: number;
  readonly kinds: readonly BlockKind[];
}

function* bytesAt(source: RangeSource, at: number, length: number): Steps<Uint8Array> {
  if (at < PROLOGUE_BYTES || length > source.size - at) throw damaged("a block lies outside of it");
  const bytes = new Uint8Array(length);
  yield* wait(source.read(at, bytes));
  return bytes;
}

function* blockAt(
  source: RangeSource,
  cipher: Cipher | undefined,
  { offset, number, length, kinds }: Place,
): Steps<{ readonly kind: BlockKind; readonly bytes: Uint8Array; readonly length: number }> {
  if (length !== undefined && length > HEADER_BYTES + STORED_MOST) throw damaged("a block is too long");
  const first = yield* bytesAt(source, offset, length ?? HEADER_BYTES);
  if (first.length < HEADER_BYTES) throw damaged("a block is too short");
  const header = decodeHeader(first.subarray(0, HEADER_BYTES), number);
  const whole = HEADER_BYTES + header.stored;
  if (!kinds.includes(header.kind) || (length ?? whole) !== whole) throw damaged("its index is not of this snapshot");
  const stored =
    length === undefined ? yield* bytesAt(source, offset + HEADER_BYTES, header.stored) : first.subarray(HEADER_BYTES);
  const bytes = yield* opened(header, stored, number, cipher);
  return { kind: header.kind, bytes, length: whole };
}

/** What the last block says. */
interface End {
  /** Where it lies itself, and its number. */
  readonly at: number;
  readonly last: number;
  /** Where the index begins, and the number of its first block. */
  readonly offset: number;
  readonly number: number;
}

async function endOf(source: RangeSource, cipher: Cipher | undefined): Promise<End> {
  const at = source.size - HEADER_BYTES - END_BYTES - (cipher === undefined ? 0 : TAG_BYTES);
  const header = await settle(bytesAt(source, at, HEADER_BYTES));
  const view = new DataView(header.buffer);
  // The number of the last block is only known from the sum of its header, which was begun with it.
  const last = crc32Before(header.subarray(0, HEADER_BYTES - 4), view.getUint32(HEADER_BYTES - 4, true));
  const length = source.size - at;
  const { bytes } = await settle(blockAt(source, cipher, { offset: at, number: last, length, kinds: [BlockKind.END] }));
  const from = new Reader(bytes);
  const [offset, number, blocks] = [Number(from.u64()), from.u32(), from.u32()];
  const isEnd = blocks === last + 1 && number < last && offset >= PROLOGUE_BYTES && offset < at;
  if (!isEnd) throw damaged("its end is not of this snapshot");
  return { at, last, offset, number };
}

/** Each page comes once in an index, so that it is no longer than RAM has pages, whatever it says. */
function readEntries(
  from: Reader,
  end: End,
  entries: Entry[],
  seen: Uint8Array,
  see: (run: Run, block: number) => void,
): void {
  while (from.left > 0) {
    const entry = { offset: Number(from.u64()), number: from.u32() };
    const runs = readRuns(from);
    const last = entries.at(-1);
    const isNext = last === undefined || (entry.number === last.number + 1 && entry.offset > last.offset);
    const isThere = entry.offset >= PROLOGUE_BYTES && entry.offset < end.offset && entry.number < end.number;
    if (!isNext || !isThere || runs.length === 0) throw damaged("its index is out of order");
    for (const run of runs) {
      claim(run, seen);
      see(run, entries.length);
    }
    entries.push({ ...entry, runs: sumOf(runs) });
  }
}

function claim({ first, count }: Run, seen: Uint8Array): void {
  if (count > seen.length - first) throw damaged("a page is outside of its RAM");
  for (let page = first; page < first + count; page++) {
    if (seen[page] !== 0) throw damaged("a page is in it twice");
    seen[page] = 1;
  }
}

function sumOf(runs: readonly Run[]): number {
  const to = new Writer();
  writeRuns(to, runs);
  return crc32(to.finish());
}

function pagesOf(kind: BlockKind, plain: Uint8Array, sum: number): PageBlock {
  const from = new Reader(plain);
  const runs = readRuns(from);
  if (sumOf(runs) !== sum) throw damaged("its index is not of this snapshot");
  if (kind === BlockKind.ZEROS) {
    if (from.left > 0) throw damaged("a block is longer than it says");
    return { runs, bytes: undefined };
  }
  const pages = pagesIn(runs);
  if (pages > PAGES_MOST || from.left !== pages * PAGE_BYTES) throw damaged("a block has not as many pages as it says");
  return { runs, bytes: plain.subarray(plain.length - from.left) };
}

/** What a block holds may end too early. */
// eslint-disable-next-line require-yield -- it is done at once
function* inBlock<Value>(read: () => Value): Steps<Value> {
  try {
    return read();
  } catch (cause) {
    throw cause instanceof Misfit ? damaged("a block ends too early", cause) : cause;
  }
}
