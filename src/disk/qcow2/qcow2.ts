/** Images in QEMU's format qcow2, of version 2 and 3, as disks. */

import type { BlockBackend, BlockInfo, Done, Extent } from "../../backend/block/block.ts";
import { expectChange, expectInside, expectOpen, expectSize, expectWritable } from "../../backend/block/range.ts";
import { damaged, imageError } from "../error.ts";
import { settle, type Steps, wait } from "../steps.ts";
import type { Codec } from "./codec.ts";
import {
  Compatible,
  type Compression,
  encodeHeader,
  type Header,
  HeaderOffset,
  Incompatible,
  l1EntriesFor,
  MOST_HEADER_BYTES,
  mostBytes,
  parseHeader,
  printable,
  setLarge,
  viewOf,
} from "./header.ts";
import { Image, Kind, offsetIn } from "./image.ts";
import { barrier, Refcounts } from "./refcounts.ts";
import { checkImage, type CheckResult, type Repair } from "./check.ts";
import { readSnapshots, type Snapshot } from "./snapshots.ts";
import { Table } from "./tables.ts";
import { WriteBack } from "./write-back.ts";
import { type ClearMode, Writing } from "./writing.ts";

/** How an image is opened. */
export interface Qcow2Options {
  /** What lies below; the image names it, but does not open it. It is closed with the image. */
  readonly backing?: BlockBackend;
  readonly codec: Codec;
  /** Refuses everything that would change it. Default: as the file. */
  readonly readonly?: boolean;
  /** Opens an image for writing that is marked as corrupt, to repair it. */
  readonly repairing?: boolean;
  /** The id, or else the name, of the internal snapshot that is read in place of the disk; nothing can be written then. */
  readonly snapshot?: string;
}

/** What `info` says of an image. */
export interface Qcow2Info extends BlockInfo {
  readonly format: "qcow2";
  readonly version: 2 | 3;
  readonly clusterBytes: number;
  readonly compression: Compression;
  readonly lazyRefcounts: boolean;
  readonly refcountBits: number;
  readonly isDirty: boolean;
  readonly isCorrupt: boolean;
  readonly backingFile?: string;
  readonly backingFormat?: string;
}

/** A header that leads to the disk as it was when a snapshot was taken. */
function* headerAsOf(file: BlockBackend, header: Header, wanted: string): Steps<Header> {
  const { snapshots } = yield* readSnapshots(file, header);
  const found = snapshots.find(({ id }) => id === wanted) ?? snapshots.find(({ name }) => name === wanted);
  if (found === undefined)
    throw imageError("option", `The disk image has no snapshot "${printable(wanted)}"; see wasmvisor img info.`, {
      wanted,
    });
  const { diskBytes: size, l1Offset, l1Size } = found;
  if (!Number.isSafeInteger(size) || size % 512 !== 0 || l1Size < l1EntriesFor(size, header.clusterBits))
    throw damaged("the L1 table of a snapshot is too small for its disk", { wanted });
  return { ...header, size, l1Offset, l1Size };
}

/** An image in a file, as a disk. It is made by `Qcow2.open`. */
export class Qcow2 implements BlockBackend {
  readonly readonly: boolean;
  readonly synchronous: boolean;
  readonly prefersLarge: boolean;
  readonly #image: Image;
  readonly #writing: Writing | undefined;
  readonly #writeBack: WriteBack | undefined;
  /** The file's size before it grew, to cut off what was not needed. */
  readonly #initialFileBytes: number;
  #open = true;

  private constructor(image: Image) {
    const { file, backing, refcounts } = image;
    this.#image = image;
    this.readonly = refcounts === undefined;
    this.synchronous =
      file.synchronous && (backing?.synchronous ?? true) && (refcounts === undefined || file.flushNow !== undefined);
    this.prefersLarge = (file.prefersLarge ?? false) || (backing?.prefersLarge ?? false);
    this.#initialFileBytes = file.size;
    if (refcounts === undefined) return;
    this.#writeBack = new WriteBack(image, refcounts);
    this.#writing = new Writing(image, refcounts, this.#writeBack);
  }

  /**
   * Opens an image; the file belongs to it from then on.
   *
   * @throws WasmvisorError `image-format` when it is none, `image-damaged`, `image-feature` when it needs what there is not, or `option` when
   * it has no such snapshot
   */
  static open(file: BlockBackend, options: Qcow2Options): Done<Qcow2> {
    return settle(Qcow2.openSteps(file, options));
  }

  /** `open`, in steps. @internal */
  static *openSteps(file: BlockBackend, options: Qcow2Options): Steps<Qcow2> {
    const current = yield* readHeader(file);
    const header = options.snapshot === undefined ? current : yield* headerAsOf(file, current, options.snapshot);
    const readonly = options.snapshot !== undefined || (options.readonly ?? file.readonly);
    if (!readonly) expectWritable(file);
    const isCorrupt = (header.incompatible & Incompatible.CORRUPT) !== 0;
    if (!readonly && isCorrupt && !options.repairing)
      throw imageError(
        "image-damaged",
        "The disk image is marked as corrupt; repair it with wasmvisor img check -r all, or open it to be read only.",
      );
    const l1 = new Table(header.l1Offset, new Uint8Array(header.l1Size * 8));
    if (header.l1Offset + header.l1Size * 8 > file.size) throw damaged("its L1 table lies behind its end");
    yield* wait(file.read(header.l1Offset, l1.bytes));
    const refcounts = readonly
      ? undefined
      : yield* Refcounts.open(file, header, options.repairing ?? (header.incompatible & Incompatible.DIRTY) !== 0);
    const image = new Image({ file, header, backing: options.backing, codec: options.codec, l1, refcounts });
    const disk = new Qcow2(image);
    if (refcounts !== undefined) yield* disk.#prepareForWriting(refcounts, options.repairing ?? false);
    return disk;
  }

  *#prepareForWriting(refcounts: Refcounts, repairing: boolean): Steps {
    const { file, header, clusterBytes } = this.#image;
    refcounts.reserve(header.l1Offset / clusterBytes, Math.ceil((header.l1Size * 8) / clusterBytes));
    for (let index = 0; index < header.l1Size; index++) {
      // What leads nowhere is found when it is used, or by a check.
      const offset = offsetIn(this.#image.l1.view, index);
      if (offset !== 0 && offset % clusterBytes === 0) refcounts.reserve(offset / clusterBytes, 1);
    }
    const { snapshots, bytes } = yield* readSnapshots(file, header);
    if (bytes > 0) refcounts.reserve(header.snapshotsOffset / clusterBytes, Math.ceil(bytes / clusterBytes));
    for (const { l1Offset, l1Size } of snapshots)
      refcounts.reserve(l1Offset / clusterBytes, Math.ceil((l1Size * 8) / clusterBytes));
    // What others keep beside the disk, such as bitmaps, is out of date with the first write.
    if (header.autoclear !== 0) {
      yield* wait(file.write(HeaderOffset.AUTOCLEAR, new Uint8Array(8)));
      this.#image.header = { ...header, autoclear: 0 };
    }
    if (!repairing && (header.incompatible & Incompatible.DIRTY) !== 0) yield* this.#repair("all");
  }

  get size(): number {
    return this.#image.size;
  }

  get info(): Qcow2Info {
    const { header, file, clusterBytes } = this.#image;
    return {
      description: `qcow2 image in ${file.info.description}`,
      format: "qcow2",
      version: header.version,
      clusterBytes,
      compression: header.compression,
      lazyRefcounts: (header.compatible & Compatible.LAZY_REFCOUNTS) !== 0,
      refcountBits: 2 ** header.refcountOrder,
      isDirty: (header.incompatible & Incompatible.DIRTY) !== 0,
      isCorrupt: (header.incompatible & Incompatible.CORRUPT) !== 0,
      ...(header.backingFile === undefined ? {} : { backingFile: header.backingFile }),
      ...(header.backingFormat === undefined ? {} : { backingFormat: header.backingFormat }),
    };
  }

  /** The file that it is in. */
  get file(): BlockBackend {
    return this.#image.file;
  }

  /** What lies below. */
  get backing(): BlockBackend | undefined {
    return this.#image.backing;
  }

  read(at: number, into: Uint8Array): Done {
    this.#expect(at, into.length);
    return this.#image.read(at, into);
  }

  write(at: number, from: Uint8Array): Done {
    const writing = this.#expectChange(at, from.length);
    const host = from.length === 0 ? -1 : this.#image.hostOffset(at, from.length, true);
    if (host >= 0) return this.#image.inFlight(this.#image.file.write(host, from));
    return settle(writing.write(at, from));
  }

  flush(): Done {
    expectOpen(this, this.#open);
    return this.#writeBack?.flush();
  }

  flushNow(): void {
    expectOpen(this, this.#open);
    if (this.#writeBack !== undefined) void settle(this.#writeBack.now());
  }

  discard(at: number, length: number): Done {
    this.#expectChange(at, length);
    // In version 2, the only other thing to be than data is what lies below.
    if (this.#image.header.version === 2 && this.#image.hasBacking(at)) return;
    const { from, to } = this.#wholeClusters(at, length);
    if (from < to) return settle(this.#writing!.clear(from, to - from, "drop"));
  }

  writeZeroes(at: number, length: number, mayUnmap: boolean): Done {
    this.#expectChange(at, length);
    return settle(this.#writeZeroes(at, length, mayUnmap ? "drop" : "keep"));
  }

  *#writeZeroes(at: number, length: number, wanted: ClearMode): Steps {
    const isOld = this.#image.header.version === 2;
    if (isOld && this.#image.hasBacking(at)) return yield* this.#writeZeroBytes(at, at + length);
    const { from, to } = this.#wholeClusters(at, length);
    if (from >= to) return yield* this.#writeZeroBytes(at, at + length);
    yield* this.#writeZeroBytes(at, from);
    yield* this.#writing!.clear(from, to - from, isOld ? "drop" : wanted);
    yield* this.#writeZeroBytes(Math.min(to, at + length), at + length);
  }

  /** Writes zeros where there are none yet. */
  *#writeZeroBytes(from: number, to: number): Steps {
    const { clusterBytes } = this.#image;
    for (let at = from; at < to;) {
      const end = Math.min(to, at - (at % clusterBytes) + clusterBytes);
      if (!(yield* this.#writing!.isBare(at))) yield* this.#writing!.write(at, new Uint8Array(end - at));
      at = end;
    }
  }

  /** The whole clusters within a range; the last one of the disk may end with it. */
  #wholeClusters(at: number, length: number): { from: number; to: number } {
    const { clusterBytes } = this.#image;
    const end =
      at + length === this.size ? Math.ceil(this.size / clusterBytes) : Math.floor((at + length) / clusterBytes);
    return { from: Math.ceil(at / clusterBytes) * clusterBytes, to: end * clusterBytes };
  }

  resize(size: number): Done {
    this.#expectChange(0, 0);
    expectSize(size);
    if (size > mostBytes(this.#image.clusterBits))
      throw imageError(
        "block-size",
        `A qcow2 image with clusters of ${this.#image.clusterBytes} bytes has at most ${mostBytes(this.#image.clusterBits)} bytes; use larger clusters.`,
        { size },
      );
    return settle(this.#resize(size));
  }

  *#resize(size: number): Steps {
    const image = this.#image;
    const old = image.size;
    if (size < old) yield* this.#cutOff(size);
    yield* this.#writeBack!.now();
    if (size > old) yield* image.gate.pass(() => this.#growL1(l1EntriesFor(size, image.clusterBits)));
    const field = new Uint8Array(8);
    setLarge(viewOf(field), 0, size);
    yield* wait(image.file.write(HeaderOffset.SIZE, field));
    image.size = size;
    image.header = { ...image.header, size };
    // What lies below may be longer, and has been out of sight.
    const covered = Math.min(size, image.backing?.size ?? 0);
    if (covered > old) yield* this.#writeZeroes(old, covered - old, "drop");
  }

  /** Leaves nothing behind `size` that could be seen when the disk grows again. */
  *#cutOff(size: number): Steps {
    const { clusterBytes } = this.#image;
    const end = Math.min(this.size, Math.ceil(size / clusterBytes) * clusterBytes);
    if (end > size) yield* this.#writeZeroBytes(size, end);
    const last = Math.ceil(this.size / clusterBytes) * clusterBytes;
    const first = Math.ceil(size / clusterBytes) * clusterBytes;
    if (last > first) yield* this.#writing!.clear(first, last - first, "forget");
  }

  /** Moves the L1 table to where it has more room. Everything that it leads to is on the disk already. */
  *#growL1(entries: number): Steps {
    const image = this.#image;
    const refcounts = image.refcounts!;
    const old = image.l1;
    if (entries * 8 <= old.bytes.length) return;
    const clusters = Math.ceil((entries * 8) / image.clusterBytes);
    const first = yield* refcounts.allocateTable(clusters);
    const table = new Table(first * image.clusterBytes, new Uint8Array(clusters * image.clusterBytes));
    table.bytes.set(old.bytes);
    yield* refcounts.writeBlocks();
    yield* wait(image.file.write(table.offset, table.bytes));
    if (refcounts.table.dirty) yield* this.#writeRefcountTable(refcounts.table);
    yield* barrier(image.file);
    const field = new Uint8Array(12);
    viewOf(field).setUint32(0, table.bytes.length / 8);
    setLarge(viewOf(field), 4, table.offset);
    yield* wait(image.file.write(HeaderOffset.L1_SIZE, field));
    yield* barrier(image.file);
    old.dropped = true;
    image.l1 = table;
    image.header = { ...image.header, l1Size: table.bytes.length / 8, l1Offset: table.offset };
    if (old.bytes.length > 0)
      refcounts.free(old.offset / image.clusterBytes, Math.ceil(old.bytes.length / image.clusterBytes));
  }

  *#writeRefcountTable(table: Table): Steps {
    yield* barrier(this.#image.file);
    yield* wait(this.#image.file.write(table.offset, table.bytes));
    table.written = table.version;
    table.clean();
  }

  extent(at: number): Done<Extent> {
    this.#expect(at, 1);
    return settle(this.#extent(at));
  }

  *#extent(at: number): Steps<Extent> {
    const image = this.#image;
    const table = yield* image.table(at);
    const length = image.runLength(table, at, this.size - at);
    const index = image.entryIndex(at);
    const kind = table === undefined ? Kind.UNALLOCATED : image.kind(table, index);
    switch (kind) {
      case Kind.UNALLOCATED:
        return { length, kind: "hole" };
      case Kind.ZERO:
        return { length, kind: "zero" };
      case Kind.ZERO_ALLOCATED:
        return { length, kind: "zero", fileOffset: image.dataOffset(table!, index) + (at % image.clusterBytes) };
      case Kind.COMPRESSED:
        return { length, kind: "data" };
      case Kind.DATA:
        return { length, kind: "data", fileOffset: image.dataOffset(table!, index) + (at % image.clusterBytes) };
    }
  }

  /**
   * Writes a cluster compressed, if that makes it smaller. `at` is a multiple of a cluster's size; bytes behind the end of the disk are
   * left away.
   */
  writeCompressed(at: number, from: Uint8Array): Done {
    const writing = this.#expectChange(at, from.length);
    const { clusterBytes } = this.#image;
    if (at % clusterBytes !== 0 || (from.length !== clusterBytes && at + from.length !== this.size))
      throw imageError("block-range", `Compressed are whole clusters of ${clusterBytes} bytes; give one.`, { at });
    if (from.length === clusterBytes) return settle(writing.writeCompressed(at, from));
    const whole = new Uint8Array(clusterBytes);
    whole.set(from);
    return settle(writing.writeCompressed(at, whole));
  }

  /** Takes away all that is in this image itself, so that what lies below is to be seen. */
  empty(): Done {
    this.#expectChange(0, 0);
    const { clusterBytes } = this.#image;
    return settle(this.#writing!.clear(0, Math.ceil(this.size / clusterBytes) * clusterBytes, "forget"));
  }

  /**
   * Names something else as what lies below, or nothing. It takes effect when the image is opened again; what the disk reads as then is up
   * to the caller.
   *
   * @throws WasmvisorError `option` when the name is too long
   */
  setBacking(backingFile: string | undefined, backingFormat: string | undefined): Done {
    this.#expectChange(0, 0);
    const { backingFile: _file, backingFormat: _format, ...rest } = this.#image.header;
    const header: Header = {
      ...rest,
      ...(backingFile === undefined ? {} : { backingFile }),
      ...(backingFormat === undefined ? {} : { backingFormat }),
    };
    return settle(this.#setHeader(header));
  }

  *#setHeader(header: Header): Steps {
    const { file } = this.#image;
    const bytes = encodeHeader(header);
    const name = bytes.slice(HeaderOffset.BACKING_FILE, HeaderOffset.BACKING_FILE_END);
    // Fields that this program does not know stay as they are.
    yield* wait(file.read(0, bytes.subarray(0, header.headerLength)));
    bytes.set(name, HeaderOffset.BACKING_FILE);
    yield* wait(file.write(0, bytes));
    this.#image.header = header;
  }

  /** The internal snapshots. */
  snapshots(): Done<readonly Snapshot[]> {
    expectOpen(this, this.#open);
    return settle(this.#snapshots());
  }

  *#snapshots(): Steps<readonly Snapshot[]> {
    return (yield* readSnapshots(this.#image.file, this.#image.header)).snapshots;
  }

  /** Looks for contradictions between tables and reference counts, and repairs them when it may be written. */
  check(repair?: Repair): Done<CheckResult> {
    expectOpen(this, this.#open);
    if (repair !== undefined) expectWritable(this);
    return settle(repair === undefined ? this.#check() : this.#repair(repair));
  }

  *#check(): Steps<CheckResult> {
    if (this.#writeBack !== undefined) yield* this.#writeBack.now();
    return yield* checkImage(this.#image);
  }

  *#repair(repair: Repair): Steps<CheckResult> {
    const image = this.#image;
    const result = yield* checkImage(image, repair);
    yield* this.#writeBack!.now();
    const marks = Incompatible.DIRTY | Incompatible.CORRUPT;
    if (repair === "all" && (image.header.incompatible & marks) !== 0) {
      const incompatible = image.header.incompatible & ~marks;
      const field = new Uint8Array(8);
      viewOf(field).setUint32(4, incompatible);
      yield* wait(image.file.write(HeaderOffset.INCOMPATIBLE, field));
      image.header = { ...image.header, incompatible };
    }
    return result;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    try {
      await this.flush();
      // What was freed by it is written, too.
      await this.flush();
      await this.#trim();
    } finally {
      this.#open = false;
      await Promise.all([this.#image.file.close(), this.#image.backing?.close()]);
    }
  }

  /** Cuts off what the file was made larger by and did not need. */
  async #trim(): Promise<void> {
    const { file, refcounts, clusterBytes } = this.#image;
    if (refcounts === undefined || file.resize === undefined) return;
    const end = Math.max(this.#initialFileBytes, refcounts.end * clusterBytes);
    if (file.size > end) await file.resize(end);
  }

  #expect(at: number, length: number): void {
    expectOpen(this, this.#open);
    expectInside(this, at, length);
  }

  #expectChange(at: number, length: number): Writing {
    expectChange(this, this.#open, at, length);
    return this.#writing!;
  }
}

/** Reads the header of an image. */
export function* readHeader(file: BlockBackend): Steps<Header> {
  const first = new Uint8Array(Math.min(file.size, 65_536));
  yield* wait(file.read(0, first));
  const clusterBytes = first.length < 24 ? 0 : 2 ** Math.min(21, viewOf(first).getUint32(20));
  if (clusterBytes <= first.length || file.size <= first.length) return parseHeader(first);
  const whole = new Uint8Array(Math.min(file.size, clusterBytes, MOST_HEADER_BYTES));
  yield* wait(file.read(0, whole));
  return parseHeader(whole);
}
