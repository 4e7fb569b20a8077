/** What is in the virtio slots of a VM. */

import type { Console } from "../device/virtio/console/console.ts";
import type { PortBackend } from "../backend/port/port.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import type { CheckedConfig, VmConfig } from "./config.ts";
import { type Drive, openDrives } from "./drives.ts";
import type { NetworkOptions, VmNetwork } from "./networks.ts";
import { type SerialOptions, VmPort } from "./ports.ts";
import { virtioSlots } from "./virtio-slots.ts";

/** A console device before it has its console, which is the VM's. */
export interface SerialDevice {
  readonly slot: number;
  readonly hasConsole: boolean;
  make(console: PortBackend | undefined): Console;
}

/** The devices of one VM. */
export interface VirtioDevices {
  readonly drives: readonly Drive[];
  readonly networks: readonly VmNetwork[];
  readonly ports: readonly VmPort[];
  /** What has ports, and its slot. */
  readonly serial: SerialDevice | undefined;
  /** The others, by slot. */
  readonly models: ReadonlyMap<number, VirtioModel>;
}

/**
 * Makes them, by code that only VMs with such devices need, and opens the disks. Where nobody asks for a slot, disks get the highest ones,
 * then networks, and then the others.
 * @throws WasmvisorError `virtio-slot`, and what `openDrives` and `openNetworks` throw
 */
export async function openVirtioDevices(config: VmConfig, { rng }: CheckedConfig): Promise<VirtioDevices> {
  const { drives: wanted = [], networks: cables = [], virtioSerial } = config;
  const slots = virtioSlots(
    [...wanted, ...cables, rng, virtioSerial].flatMap((device) => (device ? [device.slot] : [])),
  );
  const ports = (virtioSerial?.ports ?? []).map((port) => new VmPort(port));
  const serial = virtioSerial && (await serialDevice(virtioSerial, slots.at(-1)!, ports));
  const entropy = rng && new (await import("../device/virtio/rng/rng.ts")).Rng(rng);
  const drives = wanted.length === 0 ? [] : await openDrives(wanted, slots);
  const networks = await networksBeside(drives, cables, slots.slice(wanted.length));
  const models = new Map<number, VirtioModel>([...drives, ...networks].map(({ slot, model }) => [slot, model]));
  if (entropy !== undefined) models.set(slots[wanted.length + cables.length]!, entropy);
  return { drives, networks, ports, models, serial };
}

/** The networks of a VM whose disks are open. */
async function networksBeside(
  drives: readonly Drive[],
  wanted: readonly NetworkOptions[],
  slots: readonly number[],
): Promise<VmNetwork[]> {
  if (wanted.length === 0) return [];
  try {
    const { openNetworks } = await import("./networks.ts");
    return await openNetworks(wanted, slots);
  } catch (error) {
    await Promise.allSettled(drives.map((drive) => drive.close()));
    throw error;
  }
}

/** Closes what has been opened. */
export async function closeVirtioDevices({ drives, networks }: VirtioDevices): Promise<void> {
  await Promise.all([...drives, ...networks].map((device) => device.close()));
}

async function serialDevice(
  { console: hasConsole = false }: SerialOptions,
  slot: number,
  ports: readonly VmPort[],
): Promise<SerialDevice> {
  const { Console } = await import("../device/virtio/console/console.ts");
  return { slot, hasConsole, make: (console) => new Console(ports, console) };
}
