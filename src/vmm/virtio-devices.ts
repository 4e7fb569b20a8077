/** What is in the virtio slots of a VM. */

import { Console } from "../device/virtio/console/console.ts";
import type { PortBackend } from "../backend/port/port.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import type { VmConfig } from "./config.ts";
import { type Drive, openDrives } from "./drives.ts";
import { checkSerial, type SerialOptions, VmPort } from "./ports.ts";
import { checkRng, makeRng } from "./rng-options.ts";
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
  readonly ports: readonly VmPort[];
  /** What has ports, and its slot. */
  readonly serial: SerialDevice | undefined;
  /** The others, by slot. */
  readonly models: ReadonlyMap<number, VirtioModel>;
}

/**
 * Makes them, and opens the disks. Where nobody asks for a slot, disks get the highest ones, and then the others.
 * @throws WasmvisorError `virtio-slot`, `option`, and what `openDrives` throws
 */
export async function openVirtioDevices(config: VmConfig): Promise<VirtioDevices> {
  const { drives: wanted = [] } = config;
  const rng = checkRng(config.rng);
  checkSerial(config.virtioSerial);
  const serial = config.virtioSerial;
  const slots = virtioSlots(
    [...wanted, ...(rng === undefined ? [] : [rng]), ...(serial === undefined ? [] : [serial])].map(({ slot }) => slot),
  );
  const drives = wanted.length === 0 ? [] : await openDrives(wanted, slots);
  const models = new Map<number, VirtioModel>(drives.map(({ slot, model }) => [slot, model]));
  if (rng !== undefined) models.set(slots[wanted.length]!, makeRng(rng));
  const ports = (serial?.ports ?? []).map((port) => new VmPort(port));
  return { drives, ports, models, serial: serial && serialDevice(serial, slots.at(-1)!, ports) };
}

function serialDevice(
  { console: hasConsole = false }: SerialOptions,
  slot: number,
  ports: readonly VmPort[],
): SerialDevice {
  return { slot, hasConsole, make: (console) => new Console(ports, console) };
}
