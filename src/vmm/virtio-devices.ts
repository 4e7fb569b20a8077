/** What is in the virtio slots of a VM. */

import type { VirtioModel } from "../device/virtio/model.ts";
import type { VmConfig } from "./config.ts";
import { type Drive, openDrives } from "./drives.ts";
import { checkRng, makeRng } from "./rng-options.ts";
import { virtioSlots } from "./virtio-slots.ts";

/** The devices of one VM. */
export interface VirtioDevices {
  readonly drives: readonly Drive[];
  /** All of them, by slot. */
  readonly models: ReadonlyMap<number, VirtioModel>;
}

/**
 * Makes them, and opens the disks. Where nobody asks for a slot, disks get the highest ones, and then the others.
 * @throws WasmvisorError `virtio-slot`, `option`, and what `openDrives` throws
 */
export async function openVirtioDevices(config: VmConfig): Promise<VirtioDevices> {
  const { drives: wanted = [] } = config;
  const rng = checkRng(config.rng);
  const others: { readonly slot: number | undefined; make(): VirtioModel }[] = [];
  if (rng !== undefined) others.push({ slot: rng.slot, make: () => makeRng(rng) });
  const slots = virtioSlots([...wanted.map(({ slot }) => slot), ...others.map(({ slot }) => slot)]);
  const drives = wanted.length === 0 ? [] : await openDrives(wanted, slots);
  const models = new Map<number, VirtioModel>(drives.map(({ slot, model }) => [slot, model]));
  others.forEach(({ make }, index) => models.set(slots[wanted.length + index]!, make()));
  return { drives, models };
}
