/** A disk of a VM in a worker. */

import type { DiskMap, Drive, DriveSource, DriveStatistics } from "../vmm/drives.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** A `Drive` that answers by promise. */
export class WorkerDrive {
  /** The virtio slot it is in. */
  readonly slot: number;
  readonly #drive: Remote<Drive>;

  /** @internal */
  constructor(seat: Seat, index: number, slot: number) {
    this.slot = slot;
    this.#drive = new Remote<Drive>(seat, "drive", index);
  }

  /** As `Drive.size`. */
  get size(): Promise<number> {
    return this.#drive.get("size");
  }

  /** As `Drive.readonly`. */
  get readonly(): Promise<boolean> {
    return this.#drive.get("readonly");
  }

  /** As `Drive.description`. */
  get description(): Promise<string> {
    return this.#drive.get("description");
  }

  /** As `Drive.statistics`. */
  statistics(): Promise<DriveStatistics> {
    return this.#drive.call("statistics");
  }

  /** As `Drive.map`. */
  map(cells?: number): Promise<DiskMap> {
    return this.#drive.call("map", cells);
  }

  /** As `Drive.flush`. */
  flush(): Promise<void> {
    return this.#drive.call("flush");
  }

  /** As `Drive.eject`. */
  eject(): Promise<void> {
    return this.#drive.call("eject");
  }

  /** As `Drive.insert`; a `BlockBackend` cannot be sent to a worker. */
  insert(source: DriveSource): Promise<void> {
    return this.#drive.call("insert", source);
  }
}
