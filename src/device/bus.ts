/** The address decoder: which device answers at a physical address. */

import { WasmvisorError } from "../error.ts";
import type { Device, Word64 } from "./device.ts";

/** A device and where it lies. */
export interface Region {
  readonly pa: number;
  readonly end: number;
  readonly device: Device;
  /** Whether it has deadlines. */
  readonly keepsTime: boolean;
  /** Whether stores to it may end a slice. */
  readonly endsSlices: boolean;
}

/**
 * Loads and stores by physical address. The 64-bit value travels in `data.low` and `data.high` (both unsigned 32 bits),
 * so that the core's imports need no bigint:
 *
 * ```ts
 * if (!bus.load(pa, 4)) return 0; // access fault
 * value = bus.data.low;
 * ```
 *
 * Nothing here throws: an address without a device, a size or alignment the device does not take, and a device that
 * throws all return false, which is the guest's access fault.
 */
export class Bus {
  /** What `load` has read, and what `store` is to write. A load clears the bytes above its size. */
  readonly data: Word64 = { low: 0, high: 0 };
  /** Accesses that no device answered. */
  faults = 0;
  /** Exceptions out of devices: always a bug, never the guest's fault. */
  deviceErrors = 0;
  /** The last of them, for people. */
  lastDeviceError: unknown;

  /** Told of each of them. */
  onDeviceError: (device: Device, error: unknown) => void = () => {};

  private readonly sorted: Region[] = [];
  private last: Region | undefined;

  /** The region that has answered last. */
  get answered(): Region | undefined {
    return this.last;
  }

  /** All regions, by ascending address. */
  get regions(): readonly Region[] {
    return this.sorted;
  }

  /**
   * Puts `device` at `pa`.
   * @throws WasmvisorError `bus-overlap` when something lies there already.
   */
  attach(pa: number, device: Device): void {
    const keepsTime = device.nextDeadline !== undefined;
    const endsSlices = device.endsSlice !== undefined;
    const region = { pa, end: pa + device.size, device, keepsTime, endsSlices };
    const other = this.sorted.find((present) => present.pa < region.end && pa < present.end);
    if (other !== undefined) {
      throw new WasmvisorError(
        "bus-overlap",
        `${device.name} at 0x${pa.toString(16)} overlaps ${other.device.name}; give it an address of its own.`,
        { pa, size: device.size },
      );
    }
    this.sorted.push(region);
    this.sorted.sort((a, b) => a.pa - b.pa);
  }

  /** Reads `size` (1, 2, 4 or 8) bytes at `pa` into `data`. */
  load(pa: number, size: number): boolean {
    const region = this.find(pa, size);
    if (region === undefined) return this.fault();
    const { device } = region;
    const offset = pa - region.pa;
    const { data } = this;
    try {
      if (size !== 8) {
        data.low = device.load(offset, size) >>> 0;
        data.high = 0;
      } else if (device.load64 !== undefined) {
        device.load64(offset, data);
      } else {
        data.low = device.load(offset, 4) >>> 0;
        data.high = device.load(offset + 4, 4) >>> 0;
      }
      return true;
    } catch (error) {
      return this.broken(device, error);
    }
  }

  /** Writes the low `size` (1, 2, 4 or 8) bytes of `data` at `pa`. */
  store(pa: number, size: number): boolean {
    const region = this.find(pa, size);
    if (region === undefined) return this.fault();
    const { device } = region;
    const offset = pa - region.pa;
    const { low, high } = this.data;
    try {
      if (size === 4) device.store(offset, low >>> 0, 4);
      else if (size < 4) device.store(offset, low & (size === 1 ? 0xff : 0xffff), size);
      else if (device.store64 !== undefined) device.store64(offset, low >>> 0, high >>> 0);
      else {
        device.store(offset, low >>> 0, 4);
        device.store(offset + 4, high >>> 0, 4);
      }
      return true;
    } catch (error) {
      return this.broken(device, error);
    }
  }

  /** The region that takes an access of `size` bytes at `pa`: inside it, aligned, of a permitted size. */
  private find(pa: number, size: number): Region | undefined {
    let region = this.last;
    if (region === undefined || pa < region.pa || pa >= region.end) {
      region = this.search(pa);
      if (region === undefined) return undefined;
      this.last = region;
    }
    const { access } = region.device;
    const fits = size >= access.min && size <= access.max && pa % size === 0 && pa + size <= region.end;
    return fits ? region : undefined;
  }

  private search(pa: number): Region | undefined {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const region = this.sorted[middle]!;
      if (pa < region.pa) high = middle;
      else if (pa >= region.end) low = middle + 1;
      else return region;
    }
    return undefined;
  }

  private fault(): false {
    this.faults++;
    return false;
  }

  /** Notes an exception out of `device`; false, for a fault. */
  broken(device: Device, error: unknown): false {
    this.deviceErrors++;
    this.lastDeviceError = error;
    this.onDeviceError(device, error);
    return false;
  }
}
