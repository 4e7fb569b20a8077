/** One request to a disk, from the chain that holds it to its status. */

import type { GuestMemory } from "../../../memory/guest-memory.ts";
import { Chain, type Queue } from "../queue.ts";
import type { DriveOperation } from "./drive.ts";
import { HEADER_BYTES } from "./protocol.ts";

/** Made once, and used again for later requests. */
export class BlkRequest {
  readonly chain = new Chain();
  queue!: Queue;
  /** Which life of the device it belongs to. */
  life = 0;
  /** Tick of its beginning. */
  startedAt = 0n;
  operation: DriveOperation = "read";
  /** First byte on the disk, bytes, and how many of them are done. */
  at = 0;
  length = 0;
  done = 0;
  /** Bytes that the step under way is about. */
  step = 0;
  mayUnmap = false;
  /** Its last step, after all bytes, is under way. */
  flushes = false;
  isDone = false;
  /** Bytes of the guest's that have been written, from the first on, without the status. */
  written = 0;
  #buffer = new Uint8Array(0);
  #bytes = this.#buffer;

  begin(queue: Queue, life: number, startedAt: bigint): void {
    this.queue = queue;
    this.life = life;
    this.startedAt = startedAt;
    this.set("read", 0, 0);
    this.mayUnmap = false;
    this.written = 0;
  }

  set(operation: DriveOperation, at: number, length: number): void {
    this.operation = operation;
    this.at = at;
    this.length = length;
    this.done = 0;
    this.step = 0;
    this.flushes = false;
    this.isDone = false;
  }

  /** The step under way is done. */
  advance(): undefined {
    if (this.flushes) this.isDone = true;
    this.done += this.step;
    if (this.operation === "read") this.written += this.step;
    this.step = 0;
  }

  /** `count` bytes to move through. */
  buffer(count: number): Uint8Array {
    if (this.#buffer.length < count) this.#buffer = new Uint8Array(count);
    this.#bytes = this.#buffer.subarray(0, count);
    return this.#bytes;
  }

  /** The guest's bytes at the present place, as far as they lie in one piece, and no more than `most`. */
  view(memory: GuestMemory, most: number): Uint8Array {
    const { operation, chain, done } = this;
    const view =
      operation === "read"
        ? chain.writable.view(memory, done, most, true)
        : chain.readable.view(memory, HEADER_BYTES + done, most, false);
    if (view === undefined) throw new Error("the guest has no memory for what was read");
    return view;
  }

  /** Fills `bytes` with what the guest has to write. */
  take(memory: GuestMemory, bytes: Uint8Array): void {
    if (!this.chain.readable.read(memory, HEADER_BYTES + this.done, bytes)) throw new Error("the request has changed");
  }

  /** Hands over what has been read. */
  give(memory: GuestMemory): void {
    if (this.chain.writable.write(memory, this.done, this.#bytes)) return;
    throw new Error("the guest has no memory for what was read");
  }
}
