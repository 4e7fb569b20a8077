/** How much a device may do in a second: leaky buckets, as QEMU's `throttling.*`. (QEMU `util/throttle.c`) */

import { TICKS_PER_SECOND } from "../../backend/clock/clock.ts";
import { record, u64, type Field } from "../../state/table.ts";

/** Limits of one device; what is left out is not limited. */
export interface IoLimits {
  /** Requests in a second. */
  readonly operations?: number;
  /** Requests that may be made at once, after idling. Default: a tenth of a second's. */
  readonly operationsBurst?: number;
  /** Bytes in a second. */
  readonly bytes?: number;
  /** Bytes that may be moved at once, after idling. Default: a tenth of a second's. */
  readonly bytesBurst?: number;
}

/** What is saved of the buckets: their levels, and when those were right. */
export interface BucketLevels {
  readonly at: bigint;
  readonly operations: bigint;
  readonly bytes: bigint;
}

export const LEVELS: Field<BucketLevels> = record({ at: u64(), operations: u64(), bytes: u64() });

const TICKS = BigInt(TICKS_PER_SECOND);

/** A bucket that leaks `rate` units in a second. Levels are units times ticks in a second, so that they are exact. */
class Bucket {
  level = 0n;
  readonly #rate: bigint;
  readonly #most: bigint;

  constructor(rate: number, burst: number | undefined) {
    this.#rate = BigInt(Math.max(1, Math.floor(rate)));
    this.#most = BigInt(Math.max(1, Math.floor(burst ?? rate / 10))) * TICKS;
  }

  leak(ticks: bigint): void {
    const leaked = ticks * this.#rate;
    this.level = leaked < this.level ? this.level - leaked : 0n;
  }

  /** Ticks until more may come in. */
  get wait(): bigint {
    const over = this.level - this.#most;
    return over < 0n ? 0n : over / this.#rate + 1n;
  }

  add(units: number): void {
    this.level += BigInt(units) * TICKS;
  }
}

/** The limits of one device as they stand. A request may begin while its buckets are not full, however large it is. */
export class Throttle {
  readonly #operations: Bucket | undefined;
  readonly #bytes: Bucket | undefined;
  #at = 0n;

  constructor({ operations, operationsBurst, bytes, bytesBurst }: IoLimits) {
    this.#operations = operations === undefined ? undefined : new Bucket(operations, operationsBurst);
    this.#bytes = bytes === undefined ? undefined : new Bucket(bytes, bytesBurst);
  }

  /** Ticks until the next request may begin. */
  wait(now: bigint): bigint {
    const ticks = now > this.#at ? now - this.#at : 0n;
    this.#at = now;
    this.#operations?.leak(ticks);
    this.#bytes?.leak(ticks);
    const waits = [this.#operations?.wait ?? 0n, this.#bytes?.wait ?? 0n] as const;
    return waits[0] > waits[1] ? waits[0] : waits[1];
  }

  /** A request of `bytes` has begun. */
  charge(bytes: number): void {
    this.#operations?.add(1);
    this.#bytes?.add(bytes);
  }

  save(): BucketLevels {
    return { at: this.#at, operations: this.#operations?.level ?? 0n, bytes: this.#bytes?.level ?? 0n };
  }

  restore({ at, operations, bytes }: BucketLevels): void {
    this.#at = at;
    if (this.#operations !== undefined) this.#operations.level = operations;
    if (this.#bytes !== undefined) this.#bytes.level = bytes;
  }
}
