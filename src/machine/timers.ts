/** The devices that have deadlines: when the next one comes, and bringing their interrupts up to date. */

import type { Bus } from "../device/bus.ts";
import type { Device } from "../device/device.ts";

/** Asks devices, some of which are an owner's: what they throw is told like an exception out of an access, and goes no further. */
export class Timers {
  private readonly bus: Bus;
  private readonly devices: readonly Device[];

  constructor(bus: Bus, devices: readonly Device[]) {
    this.bus = bus;
    this.devices = devices.filter(({ nextDeadline }) => nextDeadline !== undefined);
  }

  /** The earliest deadline of all, in ticks of the clock; undefined for none. */
  next(): bigint | undefined {
    let next: bigint | undefined;
    for (const device of this.devices) {
      const deadline = this.deadlineOf(device);
      if (deadline !== undefined && (next === undefined || deadline < next)) next = deadline;
    }
    return next;
  }

  /** The deadline of one device. */
  deadlineOf(device: Device): bigint | undefined {
    try {
      const deadline = device.nextDeadline?.();
      if (deadline === undefined || typeof deadline === "bigint") return deadline;
      throw new TypeError("nextDeadline gives a bigint or undefined");
    } catch (error) {
      this.bus.broken(device, error);
      return undefined;
    }
  }

  /** Calls `update` of each. */
  update(): void {
    for (const device of this.devices) {
      try {
        device.update?.();
      } catch (error) {
        this.bus.broken(device, error);
      }
    }
  }
}
