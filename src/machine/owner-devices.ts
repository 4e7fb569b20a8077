/**
 * Devices that the VM's owner adds to the board. They lie one after another in the region that QEMU keeps for such
 * things (its platform bus), and each has an interrupt of its own there.
 */

import type { Clock } from "../backend/clock/clock.ts";
import type { Device, IrqLine } from "../device/device.ts";
import { WasmvisorError } from "../error.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import { MEMMAP, PLIC_IRQ } from "./memmap.ts";
import type { Placed } from "./virt-fdt.ts";

/** What a device may ask of the machine. */
export interface DeviceDeps {
  /** Its interrupt at the PLIC; may be driven at any time. */
  readonly irq: IrqLine;
  /** RAM, for DMA. The guest executes FENCE.I before it runs what a device has written. */
  readonly memory: GuestMemory;
  /** The VM's time. */
  readonly clock: Clock;
}

/** Makes a device for one VM. */
export type DeviceMaker = (deps: DeviceDeps) => Device;

/** Owner's devices at most: interrupts that the board has for them. */
export const MAX_OWNER_DEVICES = 32;

const PAGE = 4096;

/**
 * Makes the devices and gives them their places: the first at 0x4000000 with interrupt 64, each next one at the next page
 * that is free, with the next interrupt.
 *
 * @throws WasmvisorError `devices` when there are too many, or one has no usable size
 */
export function placeOwnerDevices(
  makers: readonly DeviceMaker[],
  deps: Omit<DeviceDeps, "irq">,
  line: (irq: number) => IrqLine,
): Placed[] {
  if (makers.length > MAX_OWNER_DEVICES) {
    throw fault(`The board has room for ${MAX_OWNER_DEVICES} devices of yours, not ${makers.length}`, {});
  }
  const { pa: start, size: room } = MEMMAP.platformBus;
  let pa: number = start;
  return makers.map((make, index) => {
    const irq = PLIC_IRQ.platformBus + index;
    const device = make({ ...deps, irq: line(irq) });
    const { name, size } = device;
    if (!Number.isInteger(size) || size <= 0 || pa + size > start + room) {
      throw fault(`The device ${name} has ${size} bytes, but ${start + room - pa} are left`, { name, size });
    }
    const placed = { device, pa, size, irq };
    pa += Math.ceil(size / PAGE) * PAGE;
    return placed;
  });
}

/** @throws WasmvisorError `devices` when two have the same name */
export function checkNames(devices: readonly { readonly device: Device }[]): void {
  const seen = new Set<string>();
  for (const { device } of devices) {
    if (seen.has(device.name)) throw fault(`There are two devices named ${device.name}`, { name: device.name });
    seen.add(device.name);
  }
}

function fault(what: string, data: Readonly<Record<string, unknown>>): WasmvisorError {
  return new WasmvisorError("devices", `${what}; change what you give as devices.`, data);
}
