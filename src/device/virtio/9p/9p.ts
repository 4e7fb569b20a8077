/** The file system device that Linux mounts as 9p. (Virtual I/O Device Specification, "9P Transport"; QEMU `hw/9pfs`) */

import type { Share } from "../../../backend/share/share.ts";
import { bytes, type Field, flag, list, record, u32 } from "../../../state/table.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";
import { HEADER_BYTES, Message, MSIZE_MOST, READ_HEADER_BYTES, WRITE_HEADER_BYTES } from "./protocol.ts";
import { type DataSpan, Server } from "./server.ts";

const QUEUE_SIZE = 128;
/** Bytes, also those that the share moves by itself, and requests that are served before the machine goes on; the rest follows at the next tick. */
const BYTES_AT_ONCE = 2 ** 20;
const REQUESTS_AT_ONCE = 64;
/** Bytes of a request but for what WRITE writes: sixteen names are the most that any has. */
const REQUEST_MOST = 2 ** 14;
const TAG_MOST = 255;
const FIDS_MOST = 2 ** 16;
/** Bytes of a path from the root. */
const PATH_MOST = 2 ** 16;

/** The configuration space has the tag that the driver mounts. */
const MOUNT_TAG = 1n << 0n;

interface SavedFidBytes {
  readonly fid: number;
  readonly path: Uint8Array;
  readonly isOpen: boolean;
  readonly flags: number;
}

interface ShareState {
  readonly msize: number;
  readonly fids: SavedFidBytes[];
}

const FID: Field<SavedFidBytes> = record({ fid: u32(), path: bytes(PATH_MOST), isOpen: flag(), flags: u32() });

/** A shared folder, behind any transport. */
export class Virtio9p implements VirtioModel<ShareState> {
  readonly id = 9;
  readonly features = MOUNT_TAG;
  readonly queueSizes = [QUEUE_SIZE];
  readonly configBytes: number;
  readonly table: Field<ShareState> = record({ msize: u32(MSIZE_MOST), fids: list(FID, FIDS_MOST) });
  readonly #tag: Uint8Array;
  readonly #server: Server;
  readonly #chain = new Chain();
  readonly #request = new Uint8Array(REQUEST_MOST);
  #host: VirtioHost | undefined;
  #queue: Queue | undefined;
  #resumeAt: bigint | undefined;
  /** Chains that were with the device when its state was saved. */
  #again: number[] = [];

  /** @param tag - up to 255 bytes */
  constructor(share: Share, tag: string, readonly: boolean) {
    this.#tag = new TextEncoder().encode(tag).subarray(0, TAG_MOST);
    this.configBytes = 2 + this.#tag.length;
    this.#server = new Server(share, readonly);
  }

  begin(host: VirtioHost, _features: bigint, [queue]: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#queue = queue;
  }

  notify(): void {
    this.#serve();
  }

  reset(): void {
    this.#queue = undefined;
    this.#resumeAt = undefined;
    this.#again = [];
    this.#server.reset();
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  update(): void {
    const host = this.#host;
    if (host === undefined || this.#resumeAt === undefined || host.clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    const queue = this.#queue;
    for (const position of this.#again.splice(0)) {
      if (queue?.readAgain(position, this.#chain) === true) this.#answer(host, queue);
    }
    this.#serve();
  }

  readConfig(into: DataView): void {
    into.setUint16(0, this.#tag.length, true);
    this.#tag.forEach((byte, index) => into.setUint8(2 + index, byte));
  }

  save(): ShareState {
    const { msize, fids } = this.#server.save();
    return {
      msize,
      fids: fids.map((fid) => ({ ...fid, path: new TextEncoder().encode(fid.path).subarray(0, PATH_MOST) })),
    };
  }

  restore({ msize, fids }: ShareState): void {
    const decoder = new TextDecoder();
    this.#server.restore(
      msize,
      fids.map((fid) => ({ ...fid, path: decoder.decode(fid.path) })),
    );
    this.#again = [...(this.#queue?.flying ?? [])];
    if (this.#queue !== undefined) this.#resumeSoon();
  }

  #resumeSoon(): void {
    this.#resumeAt ??= this.#host!.clock.ticks() + 1n;
  }

  #serve(): void {
    const [host, queue] = [this.#host, this.#queue];
    if (host === undefined || queue === undefined) return;
    let left = BYTES_AT_ONCE;
    for (let count = 0; ; count++) {
      if (left <= 0 || count === REQUESTS_AT_ONCE) {
        this.#resumeSoon();
        break;
      }
      if (!queue.pop(this.#chain)) break;
      left -= this.#answer(host, queue) + this.#server.takeWork();
    }
    host.interrupt(queue);
  }

  /** Serves the request in hand; how many bytes were moved. */
  #answer(host: VirtioHost, queue: Queue): number {
    const { readable, writable } = this.#chain;
    const written = this.#written(host);
    queue.push(this.#chain, written);
    return readable.bytes + Math.min(written, writable.bytes);
  }

  #written({ memory }: VirtioHost): number {
    const { readable, writable } = this.#chain;
    const header = this.#request.subarray(0, HEADER_BYTES);
    if (writable.bytes < READ_HEADER_BYTES || !readable.read(memory, 0, header)) return 0;
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
    const [size, type] = [view.getUint32(0, true), view.getUint8(4)];
    const isWrite = type === Message.WRITE;
    const length = isWrite ? WRITE_HEADER_BYTES : size;
    // What makes no sense is shorter than any request, and is answered as such.
    const fits = size >= HEADER_BYTES && size <= readable.bytes && length <= Math.min(size, REQUEST_MOST);
    const message = this.#request.subarray(0, fits ? length : HEADER_BYTES);
    if (!readable.read(memory, 0, message)) return 0;
    const data: DataSpan = isWrite
      ? {
          view: (offset, most) => {
            const left = size - WRITE_HEADER_BYTES - offset;
            return left <= 0
              ? undefined
              : readable.view(memory, WRITE_HEADER_BYTES + offset, Math.min(most, left), false);
          },
        }
      : { view: (offset, most) => writable.view(memory, READ_HEADER_BYTES + offset, most, true) };
    const answer = this.#server.serve(message, data);
    const total = new DataView(answer.buffer, answer.byteOffset).getUint32(0, true);
    return total <= writable.bytes && writable.write(memory, 0, answer) ? total : 0;
  }
}
