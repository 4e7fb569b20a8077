/** What a block device stands on: bytes, and what is counted and told of their use. */

import type { BlockBackend } from "../../../backend/block/block.ts";
import type { IoLimits } from "../limits.ts";

/** What a request did. */
export type DriveOperation = "read" | "write" | "flush" | "discard" | "write-zeroes";

/** An I/O error that the guest has been told of. */
export interface DriveError {
  readonly operation: DriveOperation;
  /** First byte and number of bytes. */
  readonly at: number;
  readonly length: number;
  readonly error: unknown;
}

/** What is behind one disk. */
export interface DriveMedium {
  /** Undefined: there is nothing in the drive; it has no sectors. */
  backend: BlockBackend | undefined;
  /** Up to 20 characters by which the guest knows the disk. */
  readonly serial: string;
  /** Bytes of a logical block, 512 to 4096. */
  readonly blockSize: number;
  /** Request queues, 1 to 16. */
  readonly queues: number;
  readonly limits: IoLimits | undefined;
  readonly counters: DriveCounters;
  onError(error: DriveError): void;
}

/** Powers of two of microseconds in the histogram of latencies. */
export const LATENCY_BINS = 24;

/** What a drive has done since it was made. */
export class DriveCounters {
  reads = 0;
  writes = 0;
  flushes = 0;
  discards = 0;
  bytesRead = 0;
  bytesWritten = 0;
  errors = 0;
  /** Requests that are with the device now, and the most there have been. */
  depth = 0;
  depthMost = 0;
  /** Requests that took less than 2^i microseconds of the guest's time, and not less than half of that. */
  readonly latency: number[] = new Array<number>(LATENCY_BINS).fill(0);

  begin(): void {
    this.depth++;
    if (this.depth > this.depthMost) this.depthMost = this.depth;
  }

  end(microseconds: number): void {
    this.depth--;
    const bin = Math.min(LATENCY_BINS - 1, 32 - Math.clz32(Math.max(0, Math.floor(microseconds))));
    this.latency[bin]!++;
  }
}
