/** Reads a snapshot's file from its beginning to its end, one block at a time. Whatever it holds, no more than a block is kept. */

import { settle, type Steps, wait } from "../disk/steps.ts";
import { PAGE_BYTES, Misfit, type Section } from "../state/section.ts";
import { Reader } from "../state/table.ts";
import { crc32 } from "../machine/loader/crc32.ts";
import { boundBytes, decodeHeader, decodePrologue, pagesIn, readRuns } from "./bytes.ts";
import { Cipher, type SnapshotKey } from "./cipher.ts";
import { unpack } from "./codec.ts";
import {
  BlockKind,
  type BlockHeader,
  damaged,
  DISKS_MOST,
  HEADER_BYTES,
  PAGES_MOST,
  type Prologue,
  PROLOGUE_BYTES,
  type Run,
  SECTION_BLOCKS_MOST,
  SECTION_COUNT_MOST,
  SECTIONS_MOST,
  snapshotError,
} from "./format.ts";
import type { DiskPiece } from "./write.ts";

/** A block that has been checked. */
export interface Block {
  readonly kind: BlockKind;
  readonly bytes: Uint8Array;
  /** From 0. */
  readonly number: number;
  /** Where it begins in the file. */
  readonly offset: number;
}

/** What takes the parts of a snapshot, in the order in which they come. */
export interface SnapshotSink {
  disk(piece: DiskPiece): void | Promise<void>;
  /** Pages of runs, one after another. */
  pages(runs: readonly Run[], bytes: Uint8Array): void;
  /** Pages that hold nothing. */
  zeros(runs: readonly Run[]): void;
}

/** Bytes as they come, and given out in the pieces that are asked for. */
export class Bytes {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next `length` bytes, fewer at the end. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      if (this.#at === this.#chunk.length && !(await this.#next())) return bytes.subarray(0, done);
      const part = this.#chunk.subarray(this.#at, this.#at + length - done);
      bytes.set(part, done);
      this.#at += part.length;
      done += part.length;
    }
    return bytes;
  }

  async #next(): Promise<boolean> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return false;
      if (!(value instanceof Uint8Array)) throw damaged("its stream is not one of bytes");
      this.#chunk = value;
      this.#at = 0;
      if (value.length > 0) return true;
    }
  }

  async close(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => undefined);
  }
}

/** A snapshot that is being read. */
export class SnapshotReader {
  readonly prologue: Prologue;
  readonly #bytes: Bytes;
  readonly cipher: Cipher | undefined;
  #number = 0;
  #kept: Block | undefined;
  #offset = PROLOGUE_BYTES;

  private constructor(bytes: Bytes, prologue: Prologue, cipher: Cipher | undefined) {
    this.#bytes = bytes;
    this.prologue = prologue;
    this.cipher = cipher;
  }

  /** @throws WasmvisorError `snapshot-format`, `snapshot-version`, `snapshot-damaged`, `snapshot-key` */
  static async open(stream: ReadableStream<Uint8Array>, key?: SnapshotKey): Promise<SnapshotReader> {
    const bytes = new Bytes(stream);
    try {
      const prologue = decodePrologue(await bytes.take(PROLOGUE_BYTES));
      return new SnapshotReader(bytes, prologue, await cipherFor(prologue, key));
    } catch (error) {
      await bytes.close(error);
      throw error;
    }
  }

  /** The object that the first block holds. @throws WasmvisorError `snapshot-damaged`, `snapshot-key` */
  async description(): Promise<unknown> {
    const { kind, bytes } = await this.next();
    if (kind !== BlockKind.DESCRIPTION) throw damaged("it does not begin with its description");
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    } catch (cause) {
      throw damaged("its description is no JSON", cause);
    }
  }

  /** The parts of its state, which come after its description. @throws WasmvisorError `snapshot-damaged`, `snapshot-key` */
  async sections(): Promise<Section[]> {
    const sections = new Sections();
    for (;;) {
      const block = await this.next();
      if (block.kind === BlockKind.SECTION) await inBlock(() => sections.add(new Reader(block.bytes)));
      else if (block.kind === BlockKind.MORE) sections.more(block.bytes);
      else {
        this.#kept = block;
        return sections.finish();
      }
    }
  }

  /**
   * Reads the rest, after `sections`, up to its end.
   * @throws WasmvisorError `snapshot-damaged`, `snapshot-key`, and what `sink` throws
   */
  async readInto(sink: SnapshotSink): Promise<void> {
    let phase = BlockKind.DISK;
    let index: Block | undefined;
    const order = new Order();
    for (;;) {
      const block = await this.#take();
      const from = new Reader(block.bytes);
      // Blocks come in the order of their kinds.
      if (block.kind < phase) throw damaged("its blocks are out of order");
      phase = block.kind;
      if (phase === BlockKind.INDEX) index ??= block;
      else if (phase === BlockKind.END) return await this.#end(from, index);
      else await inBlock(() => take(block, from, sink, order));
    }
  }

  /**
   * Reads the disks, after `sections`, and stops where pages begin.
   * @throws WasmvisorError `snapshot-damaged`, `snapshot-key`, and what `sink` throws
   */
  async readDisks(sink: Pick<SnapshotSink, "disk">): Promise<void> {
    const order = new Order();
    for (;;) {
      const block = await this.#take();
      if (block.kind !== BlockKind.DISK) {
        this.#kept = block;
        return;
      }
      const from = new Reader(block.bytes);
      await inBlock(() => takeDisk(from, sink, order));
    }
  }

  /** The next block. @throws WasmvisorError `snapshot-damaged`, `snapshot-key` */
  async next(): Promise<Block> {
    const [number, offset] = [this.#number, this.#offset];
    const head = await this.#bytes.take(HEADER_BYTES);
    if (head.length < HEADER_BYTES) throw damaged("it ends too early");
    const header = decodeHeader(head, number);
    const stored = await this.#bytes.take(header.stored);
    if (stored.length < header.stored) throw damaged("it ends too early");
    const bytes = await settle(opened(header, stored, number, this.cipher));
    this.#number++;
    this.#offset += HEADER_BYTES + header.stored;
    return { kind: header.kind, bytes, number, offset };
  }

  /** The block that was read too early, or the next. */
  async #take(): Promise<Block> {
    const block = this.#kept ?? (await this.next());
    this.#kept = undefined;
    return block;
  }

  /** Reads no more. */
  close(reason?: unknown): Promise<void> {
    return this.#bytes.close(reason);
  }

  async #end(from: Reader, index: Block | undefined): Promise<void> {
    const isEnd = await inBlock(
      () => Number(from.u64()) === index?.offset && from.u32() === index.number && from.u32() === this.#number,
    );
    if (!isEnd || from.left > 0) throw damaged("its end is not of this snapshot");
    if ((await this.#bytes.take(1)).length > 0) throw damaged("something follows its end");
  }
}

/**
 * The plain bytes of a block.
 * @throws WasmvisorError `snapshot-damaged`, `snapshot-key`
 */
export function* opened(
  header: BlockHeader,
  stored: Uint8Array,
  number: number,
  cipher: Cipher | undefined,
): Steps<Uint8Array> {
  if (crc32(stored) !== header.sum) throw damaged(`block ${number} is not as it was written`);
  const packed =
    cipher === undefined
      ? stored
      : yield* wait(cipher.decrypt(stored as Uint8Array<ArrayBuffer>, number, boundBytes(header)));
  try {
    return yield* unpack({ codec: header.codec, bytes: packed }, header.plain);
  } catch (cause) {
    throw damaged(`block ${number} cannot be decompressed`, cause);
  }
}

async function cipherFor(prologue: Prologue, key: SnapshotKey | undefined): Promise<Cipher | undefined> {
  if (prologue.encrypted && key === undefined)
    throw snapshotError("snapshot-key", "The snapshot is encrypted; give the key that it was made with.");
  if (!prologue.encrypted && key !== undefined)
    throw snapshotError(
      "snapshot-key",
      "The snapshot is not encrypted, so nobody can say who made it; leave the key out to take it anyway.",
    );
  return key === undefined ? undefined : Cipher.open(key, prologue.id);
}

/** What a block holds may end too early. @throws WasmvisorError `snapshot-damaged` */
export async function inBlock<Value>(read: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (cause) {
    throw cause instanceof Misfit ? damaged("a block ends too early", cause) : cause;
  }
}

/** Bytes that a disk in memory takes at once. */
const DISK_ROOM = 2 ** 16;

/** How far it has come, so that a small file cannot make much work. */
export class Order {
  /** Sizes of the disks that are copied to others while their VM runs, by number. */
  readonly #copied: ReadonlyMap<number, number>;
  /** What copies may bring in one round: all of each, and what has changed meanwhile. */
  readonly #copyMost: number;
  #kind = BlockKind.DISK;
  #nextPage = 0;
  #diskBytes = 0;
  #copyBytes = 0;
  #disk = -1;
  #lastRoom = -1;

  constructor(copied: ReadonlyMap<number, number> = new Map()) {
    this.#copied = copied;
    this.#copyMost = [...copied.values()].reduce((sum, size) => sum + size, DISKS_MOST);
  }

  /** Pages of a kind come in their order, each once. */
  expectAhead(kind: BlockKind, runs: readonly Run[]): void {
    if (kind !== this.#kind) this.#nextPage = 0;
    this.#kind = kind;
    for (const { first, count } of runs) {
      if (first < this.#nextPage) throw damaged("its pages are out of order");
      this.#nextPage = first + count;
    }
  }

  /** Pages come anew, as in the next round of a migration, and copies of disks; of other disks there is no more than there was. */
  again(): void {
    this.#nextPage = 0;
    this.#copyBytes = 0;
  }

  addDisk(disk: number, at: number, bytes: number): void {
    if (this.#copied.has(disk)) this.#copyBytes += bytes;
    else this.#diskBytes += this.#roomFor(disk, at, bytes);
    if (this.#diskBytes > DISKS_MOST || this.#copyBytes > this.#copyMost) throw damaged("its disks are too large");
  }

  /** What a disk in memory takes for the piece, however small it is. */
  #roomFor(disk: number, at: number, bytes: number): number {
    if (bytes === 0) return 0;
    const [first, last] = [Math.floor(at / DISK_ROOM), Math.floor((at + bytes - 1) / DISK_ROOM)];
    const isBehind = disk === this.#disk && first === this.#lastRoom;
    [this.#disk, this.#lastRoom] = [disk, last];
    return (last - first + (isBehind ? 0 : 1)) * DISK_ROOM;
  }
}

function takeDisk(from: Reader, sink: Pick<SnapshotSink, "disk">, order: Order): void | Promise<void> {
  const [disk, at] = [from.u32(), Number(from.u64())];
  order.addDisk(disk, at, from.left);
  return sink.disk({ disk, at, bytes: from.bytes(from.left) });
}

/** Gives a block of a disk or of pages to `sink`. @throws WasmvisorError `snapshot-damaged`, Misfit, and what `sink` throws */
export async function take(
  { kind, bytes }: Pick<Block, "kind" | "bytes">,
  from: Reader,
  sink: SnapshotSink,
  order: Order,
): Promise<void> {
  switch (kind) {
    case BlockKind.DISK:
      return takeDisk(from, sink, order);
    case BlockKind.PAGES: {
      const runs = readRuns(from);
      const pages = pagesIn(runs);
      if (pages > PAGES_MOST || from.left !== pages * PAGE_BYTES)
        throw damaged("a block has not as many pages as it says");
      order.expectAhead(kind, runs);
      return sink.pages(runs, bytes.subarray(bytes.length - from.left));
    }
    default: {
      const runs = readRuns(from);
      if (from.left > 0) throw damaged("a block is longer than it says");
      order.expectAhead(kind, runs);
      return sink.zeros(runs);
    }
  }
}

/** Sections, put together of their blocks. */
export class Sections {
  readonly #done: Section[] = [];
  #name = "";
  #version = 0;
  #parts: Uint8Array[] = [];
  #blocks = 0;
  #bytes = 0;

  add(from: Reader): void {
    this.#close();
    if (this.#done.length >= SECTION_COUNT_MOST) throw damaged("it has too many parts");
    const name = from.bytes(from.u16());
    this.#name = new TextDecoder().decode(name);
    this.#version = from.u32();
    this.more(from.bytes(from.left));
  }

  more(bytes: Uint8Array): void {
    if (this.#version === 0) throw damaged("a part has no beginning");
    this.#bytes += bytes.length;
    // Each takes room of its own, however small it is.
    if (this.#bytes > SECTIONS_MOST || ++this.#blocks > SECTION_BLOCKS_MOST) throw damaged("its parts are too large");
    this.#parts.push(bytes);
  }

  finish(): Section[] {
    this.#close();
    return this.#done;
  }

  #close(): void {
    if (this.#version === 0) return;
    const length = this.#parts.reduce((sum, part) => sum + part.length, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const part of this.#parts.splice(0)) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#done.push({ name: this.#name, version: this.#version, bytes });
    this.#version = 0;
  }
}
