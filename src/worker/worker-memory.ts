/** RAM of a VM in a worker. */

import type { Address } from "../memory/address.ts";
import type { DirtyFrames, RamStatistics } from "../memory/ram.ts";
import type { PhysicalMemory } from "../vmm/physical-memory.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** A `PhysicalMemory` that answers by promise. */
export class WorkerMemory {
  /** First physical address of RAM. */
  readonly start: number;
  /** Bytes of RAM. */
  readonly size: number;
  readonly #memory: Remote<PhysicalMemory>;

  /** @internal */
  constructor(seat: Seat, { start, size }: { readonly start: number; readonly size: number }) {
    this.start = start;
    this.size = size;
    this.#memory = new Remote<PhysicalMemory>(seat, "memory");
  }

  /** As `PhysicalMemory.contains`. */
  contains(pa: Address, length: number): Promise<boolean> {
    return this.#memory.call("contains", pa, length);
  }

  /** As `PhysicalMemory.read`. */
  read(pa: Address, length: number): Promise<Uint8Array> {
    return this.#memory.call("read", pa, length);
  }

  /** As `PhysicalMemory.pages`. */
  pages(): Promise<Uint8Array> {
    return this.#memory.call("pages");
  }

  /** As `PhysicalMemory.statistics`. */
  statistics(): Promise<RamStatistics> {
    return this.#memory.call("statistics");
  }

  /** As `PhysicalMemory.breakSharing`. */
  breakSharing(): Promise<void> {
    return this.#memory.call("breakSharing");
  }

  /** As `PhysicalMemory.trackStores`. */
  trackStores(): Promise<number> {
    return this.#memory.call("trackStores");
  }

  /** As `PhysicalMemory.dirtyFrames`. */
  dirtyFrames(since: number): Promise<DirtyFrames> {
    return this.#memory.call("dirtyFrames", since);
  }

  /** As `PhysicalMemory.stopTracking`. */
  stopTracking(): Promise<void> {
    return this.#memory.call("stopTracking");
  }

  /** As `PhysicalMemory.write`. */
  write(pa: Address, bytes: Uint8Array): Promise<void> {
    return this.#memory.call("write", pa, bytes);
  }
}
