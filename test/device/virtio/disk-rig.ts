/** A disk with a driver's hands on it. */

import type { BlockBackend } from "../../../src/backend/block/block.ts";
import { MemoryBlock } from "../../../src/backend/block/memory.ts";
import { Blk } from "../../../src/device/virtio/blk/blk.ts";
import { DriveCounters, type DriveError, type DriveMedium } from "../../../src/device/virtio/blk/drive.ts";
import type { IoLimits } from "../../../src/device/virtio/limits.ts";
import type { VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import { Rig } from "./driver.ts";

export const SECTORS = 256;

/** A disk whose answers come later. */
export class LateBlock implements BlockBackend {
  readonly synchronous = false;
  readonly readonly = false;
  readonly info = { description: "a late disk" };
  readonly #below: MemoryBlock;
  /** What every request fails with. */
  failure: Error | undefined;

  constructor(below: MemoryBlock) {
    this.#below = below;
  }

  get size(): number {
    return this.#below.size;
  }

  async #later(act: () => void): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== undefined) throw this.failure;
    act();
  }

  read(at: number, into: Uint8Array): Promise<void> {
    return this.#later(() => this.#below.read(at, into));
  }

  write(at: number, from: Uint8Array): Promise<void> {
    return this.#later(() => this.#below.write(at, from));
  }

  flush(): Promise<void> {
    return this.#later(() => undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

export interface Disk {
  readonly rig: Rig;
  readonly medium: DriveMedium;
  readonly model: Blk;
  readonly memory: MemoryBlock;
  readonly errors: DriveError[];
}

export interface DiskOptions {
  readonly layout?: VirtioLayout;
  readonly late?: boolean;
  readonly limits?: IoLimits;
  readonly backend?: BlockBackend;
}

/** A disk of `SECTORS` that is zeros, with a driver's side of it. */
export function disk({ layout = "modern", late = false, limits, backend }: DiskOptions = {}): Disk {
  const memory = new MemoryBlock(SECTORS * 512);
  const errors: DriveError[] = [];
  const medium: DriveMedium = {
    backend: backend ?? (late ? new LateBlock(memory) : memory),
    serial: "abc",
    blockSize: 512,
    queues: 1,
    limits,
    counters: new DriveCounters(),
    onError: (error) => errors.push(error),
  };
  const model = new Blk(medium);
  return { rig: new Rig(model, layout), medium, model, memory, errors };
}
