/** The entropy device. (Virtual I/O Device Specification, "Entropy Device"; QEMU `hw/virtio/virtio-rng.c`) */

import { TICKS_PER_SECOND } from "../../../backend/clock/clock.ts";
import { type Field, flag, record, u64 } from "../../../state/table.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";

const QUEUE_SIZE = 8;
/** Bytes that one chain gets at most. A driver that wants more asks again. */
const BYTES_PER_CHAIN = 2 ** 16;
const TICKS_PER_MILLISECOND = BigInt(TICKS_PER_SECOND / 1000);

/** How many random bytes a guest may take. */
export interface RngLimits {
  /** Bytes in one period. Default: no limit. */
  readonly maxBytes?: number;
  /** Milliseconds. It begins with the first request after the end of the last one. Default 65,536. */
  readonly period?: number;
}

interface RngState {
  /** Bytes that are left in the period. */
  readonly left: bigint;
  /** The tick at which it ends; 0 when none has begun. */
  readonly endsAt: bigint;
  /** Chains wait for its end. */
  readonly waits: boolean;
}

/** Random bytes from the machine's entropy. */
export class Rng implements VirtioModel<RngState> {
  readonly id = 4;
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly configBytes = 0;
  readonly table: Field<RngState> = record({ left: u64(), endsAt: u64(), waits: flag() });
  readonly #maxBytes: bigint | undefined;
  readonly #period: bigint;
  readonly #chain = new Chain();
  readonly #bytes = new Uint8Array(BYTES_PER_CHAIN);
  #host: VirtioHost | undefined;
  #queue: Queue | undefined;
  #left: bigint;
  #endsAt = 0n;
  #waits = false;

  constructor({ maxBytes, period = 65_536 }: RngLimits = {}) {
    this.#maxBytes = maxBytes === undefined ? undefined : BigInt(maxBytes);
    this.#period = BigInt(period) * TICKS_PER_MILLISECOND;
    this.#left = this.#maxBytes ?? 0n;
  }

  begin(host: VirtioHost, _features: bigint, [queue]: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#queue = queue;
  }

  notify(): void {
    this.#serve();
  }

  /** The limit holds on: a guest gets no more by resetting the device. */
  reset(): void {
    this.#queue = undefined;
    this.#waits = false;
  }

  nextDeadline(): bigint | undefined {
    return this.#waits ? this.#endsAt : undefined;
  }

  update(): void {
    if (this.#waits && this.#now >= this.#endsAt) this.#serve();
  }

  readConfig(): void {}

  save(): RngState {
    return { left: this.#left, endsAt: this.#endsAt, waits: this.#waits };
  }

  restore({ left, endsAt, waits }: RngState): void {
    this.#endsAt = endsAt;
    this.#waits = waits && this.#queue !== undefined;
    // The limit is this machine's.
    this.#left = this.#maxBytes !== undefined && left > this.#maxBytes ? this.#maxBytes : left;
  }

  get #now(): bigint {
    return this.#host?.clock.ticks() ?? 0n;
  }

  /** Fills chains as far as the limit allows. At most as many as the queue has entries: the driver sees them before it adds others. */
  #serve(): void {
    const [host, queue] = [this.#host, this.#queue];
    if (host === undefined || queue === undefined) return;
    this.#waits = false;
    for (let count = 0; count < queue.setup.size; count++) {
      if (this.#allowed() === 0) {
        this.#waits = true;
        break;
      }
      if (!queue.pop(this.#chain)) break;
      this.#fill(host, queue);
    }
    host.interrupt(queue);
  }

  /** Bytes that the guest may have now. */
  #allowed(): number {
    if (this.#maxBytes === undefined) return BYTES_PER_CHAIN;
    if (this.#endsAt !== 0n && this.#now >= this.#endsAt) [this.#left, this.#endsAt] = [this.#maxBytes, 0n];
    return this.#left < BYTES_PER_CHAIN ? Number(this.#left) : BYTES_PER_CHAIN;
  }

  #fill(host: VirtioHost, queue: Queue): void {
    const { writable } = this.#chain;
    const bytes = this.#bytes.subarray(0, Math.min(this.#allowed(), writable.bytes));
    host.entropy.fill(bytes);
    const written = writable.write(host.memory, 0, bytes) ? bytes.length : 0;
    bytes.fill(0);
    if (this.#maxBytes !== undefined) {
      if (this.#endsAt === 0n) this.#endsAt = this.#now + this.#period;
      this.#left -= BigInt(written);
    }
    queue.push(this.#chain, written);
  }
}
