/** The block device: a disk. (Virtual I/O Device Specification, "Block Device"; QEMU `hw/block/virtio-blk.c`) */

import { writeZeroes } from "../../../backend/block/zeroes.ts";
import { type Field, flag, record } from "../../../state/table.ts";
import { LEVELS, Throttle, type BucketLevels } from "../limits.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import type { Queue } from "../queue.ts";
import type { DriveMedium, DriveOperation } from "./drive.ts";
import {
  BLK,
  Config,
  HEADER_BYTES,
  ID_BYTES,
  RANGE_BYTES,
  RANGE_UNMAP,
  RequestStatus,
  RequestType,
  SECTOR_BYTES,
} from "./protocol.ts";
import { BlkRequest } from "./request.ts";

const QUEUE_SIZE = 256;
/** Descriptors of a request, less header and status, as QEMU's. */
const SEG_MAX = QUEUE_SIZE - 2;
/** Bytes that are moved before the machine goes on; the rest follows at the next tick. */
const BYTES_AT_ONCE = 2 ** 20;
const REQUESTS_AT_ONCE = 64;
/** Requests that wait for a backend at once, and the bytes of each that are on their way: together they bound what a guest can make us hold. */
const IN_FLIGHT = 64;
const BYTES_IN_FLIGHT = 2 ** 18;
/** Sectors of one request to discard or to write zeros. */
const RANGE_SECTORS = 2 ** 22;
/** Bytes of a range that are discarded, or made zeros, at once. */
const RANGE_AT_ONCE = 2 ** 24;

const PAST = 2 ** 53;

interface BlkState {
  readonly writeback: boolean;
  readonly levels: BucketLevels;
}

/** A disk, behind any transport. */
export class Blk implements VirtioModel<BlkState> {
  readonly id = 2;
  readonly configBytes = Config.BYTES;
  readonly queueSizes: readonly number[];
  readonly table: Field<BlkState> = record({ writeback: flag(), levels: LEVELS });
  readonly #medium: DriveMedium;
  readonly #throttle: Throttle | undefined;
  #host: VirtioHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #features = 0n;
  #writeback = true;
  /** Counts up when what is in hand is forgotten: what arrives for an earlier life has no effect. */
  #life = 0;
  /** When there is something to do that nobody asks for: at once, or when limits allow. */
  #resumeAt: bigint | undefined;
  /** Requests that have been begun and can go on at once. */
  #ready: BlkRequest[] = [];
  /** Chains that were with the device when its state was saved. */
  #again: { readonly queue: Queue; readonly position: number }[] = [];
  /** Requests that wait for the backend. */
  #waiting = 0;
  readonly #spare: BlkRequest[] = [];
  /** What is left of `BYTES_AT_ONCE`. */
  #left = 0;
  readonly #header = new DataView(new ArrayBuffer(Math.max(HEADER_BYTES, RANGE_BYTES)));
  readonly #status = new Uint8Array(1);

  constructor(medium: DriveMedium) {
    this.#medium = medium;
    this.queueSizes = new Array<number>(medium.queues).fill(QUEUE_SIZE);
    this.#throttle = medium.limits === undefined ? undefined : new Throttle(medium.limits);
  }

  get features(): bigint {
    const { SEG_MAX, BLK_SIZE, FLUSH, TOPOLOGY, CONFIG_WCE, GEOMETRY, DISCARD, WRITE_ZEROES, RO, MQ } = BLK;
    const always = SEG_MAX | GEOMETRY | BLK_SIZE | FLUSH | TOPOLOGY | CONFIG_WCE | DISCARD | WRITE_ZEROES;
    return always | (this.#isReadonly ? RO : 0n) | (this.#medium.queues > 1 ? MQ : 0n);
  }

  /** The disk has another size, or is another one. */
  mediumChanged(): void {
    this.#host?.configChanged();
  }

  begin(host: VirtioHost, features: bigint, queues: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#features = features;
    this.#queues = queues;
    // A driver that never flushes has every write flushed. (QEMU `virtio_blk_set_status`)
    this.#writeback = (features & BLK.FLUSH) !== 0n;
  }

  notify(index: number): void {
    this.#left = BYTES_AT_ONCE;
    this.#serve(index);
  }

  reset(): void {
    this.#life++;
    this.#medium.counters.depth = 0;
    this.#queues = [];
    this.#ready = [];
    this.#again = [];
    this.#waiting = 0;
    this.#resumeAt = undefined;
    this.#writeback = true;
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  /** Goes on with what was too much for one moment, or too much for the limits. */
  update(): void {
    const host = this.#host;
    if (host === undefined || this.#resumeAt === undefined || host.clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    this.#left = BYTES_AT_ONCE;
    for (const { queue, position } of this.#again.splice(0)) this.#redo(queue, position);
    const ready = this.#ready;
    this.#ready = [];
    for (const request of ready) this.#goOn(request);
    for (const queue of new Set(ready.map((request) => request.queue))) host.interrupt(queue);
    this.#queues.forEach((_, index) => this.#serve(index));
  }

  readConfig(into: DataView): void {
    const { blockSize, queues } = this.#medium;
    const sectors = this.#sectors;
    into.setBigUint64(Config.CAPACITY, BigInt(sectors), true);
    into.setUint32(Config.SEG_MAX, SEG_MAX, true);
    into.setUint16(Config.CYLINDERS, Math.min(65_535, Math.floor(sectors / (16 * 63))), true);
    into.setUint8(Config.HEADS, 16);
    into.setUint8(Config.SECTORS, 63);
    into.setUint32(Config.BLK_SIZE, blockSize, true);
    into.setUint8(Config.PHYSICAL_BLOCK_EXP, 0);
    into.setUint16(Config.MIN_IO_SIZE, 0, true);
    into.setUint32(Config.OPT_IO_SIZE, 0, true);
    into.setUint8(Config.WRITEBACK, this.#writeback ? 1 : 0);
    into.setUint16(Config.NUM_QUEUES, queues, true);
    into.setUint32(Config.MAX_DISCARD_SECTORS, RANGE_SECTORS, true);
    into.setUint32(Config.MAX_DISCARD_SEG, 1, true);
    into.setUint32(Config.DISCARD_ALIGNMENT, blockSize / SECTOR_BYTES, true);
    into.setUint32(Config.MAX_WRITE_ZEROES_SECTORS, RANGE_SECTORS, true);
    into.setUint32(Config.MAX_WRITE_ZEROES_SEG, 1, true);
    into.setUint8(Config.WRITE_ZEROES_MAY_UNMAP, 1);
  }

  writeConfig(view: DataView, offset: number, size: number): void {
    if (offset > Config.WRITEBACK || offset + size <= Config.WRITEBACK) return;
    if ((this.#features & BLK.CONFIG_WCE) !== 0n) this.#writeback = view.getUint8(Config.WRITEBACK) !== 0;
  }

  save(): BlkState {
    return { writeback: this.#writeback, levels: this.#throttle?.save() ?? { at: 0n, operations: 0n, bytes: 0n } };
  }

  restore({ writeback, levels }: BlkState): void {
    this.#writeback = writeback;
    this.#throttle?.restore(levels);
    // Nothing is done before the machine runs: what is in the chains now may be answered at once.
    this.#again = this.#queues.flatMap((queue) =>
      (queue?.flying ?? []).map((position) => ({ queue: queue!, position })),
    );
    // Also what had not been taken: a limit may have stood before it.
    if (this.#queues.length > 0) this.#resumeSoon();
  }

  get #isReadonly(): boolean {
    return this.#medium.backend?.readonly ?? false;
  }

  get #sectors(): number {
    return Math.floor((this.#medium.backend?.size ?? 0) / SECTOR_BYTES);
  }

  /** Takes chains from queue `index` while there is time, and room for what waits. */
  #serve(index: number): void {
    const host = this.#host;
    const queue = this.#queues[index];
    if (host === undefined || queue === undefined) return;
    for (let count = 0; ; count++) {
      if (this.#waiting >= IN_FLIGHT) break;
      if (count === REQUESTS_AT_ONCE || this.#left <= 0) {
        this.#resumeSoon();
        break;
      }
      if (this.#mustWait(host)) break;
      const request = this.#spare.pop() ?? new BlkRequest();
      if (!queue.pop(request.chain)) {
        this.#spare.push(request);
        break;
      }
      this.#start(request, queue);
      if (this.#queues.length === 0) return;
    }
    host.interrupt(queue);
  }

  #mustWait(host: VirtioHost): boolean {
    if (this.#throttle === undefined) return false;
    const now = host.clock.ticks();
    const wait = this.#throttle.wait(now);
    if (wait > 0n) this.#resumeBy(now + wait);
    return wait > 0n;
  }

  #resumeSoon(): void {
    this.#resumeBy(this.#host!.clock.ticks() + 1n);
  }

  #resumeBy(tick: bigint): void {
    if (this.#resumeAt === undefined || tick < this.#resumeAt) this.#resumeAt = tick;
  }

  /** Begins a request again that had been begun when the state was saved. */
  #redo(queue: Queue, position: number): void {
    if (!this.#queues.includes(queue)) return;
    const request = this.#spare.pop() ?? new BlkRequest();
    if (!queue.readAgain(position, request.chain)) return;
    if (this.#begin(request, queue)) this.#ready.push(request);
  }

  #start(request: BlkRequest, queue: Queue): void {
    if (this.#begin(request, queue)) this.#goOn(request);
  }

  /** Reads what a new request asks for. False when it is none, or has been answered already. */
  #begin(request: BlkRequest, queue: Queue): boolean {
    const host = this.#host!;
    const { readable, writable } = request.chain;
    request.begin(queue, this.#life, host.clock.ticks());
    this.#medium.counters.begin();
    const header = new Uint8Array(this.#header.buffer, 0, HEADER_BYTES);
    if (writable.bytes < 1 || !readable.read(host.memory, 0, header)) {
      host.needsReset("a request has no header, or no room for a status");
      return false;
    }
    const type = this.#header.getUint32(0, true);
    const sector = this.#header.getUint32(8, true) + this.#header.getUint32(12, true) * 2 ** 32;
    const status = this.#prepare(request, type, sector);
    if (status === undefined) return true;
    this.#finish(request, status);
    return false;
  }

  /** Decides what is to be done; the status of a request that is done, or cannot be. */
  #prepare(request: BlkRequest, type: number, sector: number): RequestStatus | undefined {
    const { readable, writable } = request.chain;
    switch (type) {
      case RequestType.IN:
        return this.#prepareData(request, "read", sector, writable.bytes - 1);
      case RequestType.OUT:
        return this.#prepareData(request, "write", sector, readable.bytes - HEADER_BYTES);
      case RequestType.FLUSH:
        request.set("flush", 0, 0);
        this.#throttle?.charge(0);
        return undefined;
      case RequestType.GET_ID:
        return this.#giveId(request);
      case RequestType.DISCARD:
        return this.#prepareRange(request, "discard");
      case RequestType.WRITE_ZEROES:
        return this.#prepareRange(request, "write-zeroes");
      default:
        return RequestStatus.UNSUPP;
    }
  }

  #prepareData(
    request: BlkRequest,
    operation: DriveOperation,
    sector: number,
    length: number,
  ): RequestStatus | undefined {
    request.set(operation, this.#byte(sector), length);
    this.#throttle?.charge(length);
    return this.#fits(request, this.#medium.blockSize) ? undefined : RequestStatus.IOERR;
  }

  #prepareRange(request: BlkRequest, operation: DriveOperation): RequestStatus | undefined {
    const { readable } = request.chain;
    if (readable.bytes !== HEADER_BYTES + RANGE_BYTES) return RequestStatus.IOERR;
    readable.read(this.#host!.memory, HEADER_BYTES, new Uint8Array(this.#header.buffer, 0, RANGE_BYTES));
    const sector = this.#header.getUint32(0, true) + this.#header.getUint32(4, true) * 2 ** 32;
    const [sectors, flags] = [this.#header.getUint32(8, true), this.#header.getUint32(12, true)];
    if ((flags & ~(operation === "discard" ? 0 : RANGE_UNMAP)) !== 0) return RequestStatus.UNSUPP;
    request.set(operation, this.#byte(sector), sectors * SECTOR_BYTES);
    request.mayUnmap = (flags & RANGE_UNMAP) !== 0;
    this.#throttle?.charge(0);
    return sectors <= RANGE_SECTORS && this.#fits(request, SECTOR_BYTES) ? undefined : RequestStatus.IOERR;
  }

  #byte(sector: number): number {
    return Math.min(PAST, sector * SECTOR_BYTES);
  }

  /** Whether a request keeps to the disk, in whole blocks, and may do what it does. */
  #fits({ at, length, operation }: BlkRequest, block: number): boolean {
    const size = this.#sectors * SECTOR_BYTES;
    const isPlace = at % block === 0 && length % SECTOR_BYTES === 0 && at <= size && length <= size - at;
    return isPlace && (operation === "read" || !this.#isReadonly);
  }

  #giveId(request: BlkRequest): RequestStatus {
    const id = new Uint8Array(ID_BYTES);
    new TextEncoder().encodeInto(this.#medium.serial, id);
    const { writable } = request.chain;
    const length = Math.min(ID_BYTES, writable.bytes - 1);
    request.written = length;
    return writable.write(this.#host!.memory, 0, id.subarray(0, length)) ? RequestStatus.OK : RequestStatus.IOERR;
  }

  /** Does as much of a request as can be done now. */
  #goOn(request: BlkRequest): void {
    if (request.life !== this.#life) return;
    while (!request.isDone) {
      if (this.#left <= 0) {
        this.#ready.push(request);
        this.#resumeSoon();
        return;
      }
      try {
        const waits = this.#step(request);
        if (waits !== undefined) {
          this.#waitFor(request, waits);
          return;
        }
      } catch (error) {
        this.#fail(request, error);
        return;
      }
    }
    this.#finish(request, RequestStatus.OK);
  }

  /** One step of a request; what it waits for, if it does. */
  #step(request: BlkRequest): Promise<void> | undefined {
    const { backend } = this.#medium;
    if (backend === undefined) throw new Error("there is no disk in the drive");
    const { operation, at, done, length } = request;
    this.#left -= REQUEST_COST;
    const rest = length - done;
    switch (operation) {
      case "read":
      case "write": {
        if (rest === 0) break;
        const most = Math.min(rest, this.#left > 4096 ? this.#left : 4096, BYTES_AT_ONCE);
        return backend.synchronous
          ? this.#moveNow(request, most)
          : this.#move(request, Math.min(most, BYTES_IN_FLIGHT));
      }
      case "discard":
      case "write-zeroes": {
        if (rest === 0) break;
        const count = Math.min(rest, RANGE_AT_ONCE);
        this.#left -= count / 16;
        request.step = count;
        const act =
          operation === "discard"
            ? backend.discard?.(at + done, count)
            : writeZeroes(backend, at + done, count, request.mayUnmap);
        return later(act) ?? request.advance();
      }
      case "flush":
        break;
    }
    // What is left is to make it last.
    request.flushes = true;
    const must = operation === "flush" || (!this.#writeback && operation !== "read" && operation !== "discard");
    return (must ? later(backend.flush()) : undefined) ?? request.advance();
  }

  /** Moves bytes between the disk and the guest's memory itself, where that does not take very many calls. */
  #moveNow(request: BlkRequest, most: number): Promise<void> | undefined {
    const { memory } = this.#host!;
    const { at, done } = request;
    const view = request.view(memory, most);
    const backend = this.#medium.backend!;
    if (view.length < most && backend.prefersLarge) return this.#move(request, Math.min(most, BYTES_IN_FLIGHT));
    if (request.operation === "read") void backend.read(at + done, view);
    else void backend.write(at + done, view);
    this.#left -= view.length;
    request.step = view.length;
    request.advance();
  }

  /** Moves bytes through a buffer of the request's: they are the guest's only while the machine is at rest. */
  #move(request: BlkRequest, count: number): Promise<void> | undefined {
    const { at, done, operation } = request;
    const bytes = request.buffer(count);
    const backend = this.#medium.backend!;
    request.step = count;
    this.#left -= count;
    if (operation === "write") request.take(this.#host!.memory, bytes);
    const act = operation === "read" ? backend.read(at + done, bytes) : backend.write(at + done, bytes);
    return later(act) ?? this.#moved(request);
  }

  #moved(request: BlkRequest): undefined {
    if (request.operation === "read") request.give(this.#host!.memory);
    request.advance();
  }

  #waitFor(request: BlkRequest, promise: Promise<void>): void {
    this.#waiting++;
    const host = this.#host!;
    host.arrivals.expect(promise, (error) => {
      if (request.life !== this.#life) return;
      this.#waiting--;
      this.#left = BYTES_AT_ONCE;
      this.#arrived(request, error);
      if (request.life !== this.#life) return;
      host.interrupt(request.queue);
      this.#queues.forEach((_, index) => this.#serve(index));
    });
  }

  #arrived(request: BlkRequest, error: unknown): void {
    if (error !== undefined) return this.#fail(request, error);
    try {
      if (request.operation === "read" && !request.flushes) this.#moved(request);
      else request.advance();
    } catch (failure) {
      return this.#fail(request, failure);
    }
    this.#goOn(request);
  }

  #fail(request: BlkRequest, error: unknown): void {
    const { operation, at, length } = request;
    this.#medium.counters.errors++;
    this.#finish(request, RequestStatus.IOERR);
    this.#medium.onError({ operation, at, length, error });
  }

  #finish(request: BlkRequest, status: RequestStatus): void {
    const host = this.#host!;
    const { chain, queue } = request;
    this.#count(request, status, Number(host.clock.ticks() - request.startedAt) / 10);
    this.#status[0] = status;
    chain.writable.write(host.memory, chain.writable.bytes - 1, this.#status);
    queue.push(chain, request.written + 1);
    if (this.#spare.length < IN_FLIGHT) this.#spare.push(request);
  }

  #count({ operation, length }: BlkRequest, status: RequestStatus, microseconds: number): void {
    const { counters } = this.#medium;
    counters.end(microseconds);
    if (status !== RequestStatus.OK) return;
    if (operation === "read") [counters.reads, counters.bytesRead] = [counters.reads + 1, counters.bytesRead + length];
    else if (operation === "write")
      [counters.writes, counters.bytesWritten] = [counters.writes + 1, counters.bytesWritten + length];
    else if (operation === "flush") counters.flushes++;
    else counters.discards++;
  }
}

/** What a request costs beside its bytes, in bytes. */
const REQUEST_COST = 1024;

/** The promise, if it is one. */
function later(done: void | Promise<void>): Promise<void> | undefined {
  return done ?? undefined;
}
