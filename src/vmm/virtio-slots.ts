/** Which virtio slot each device of a VM is in. */

import { WasmvisorError } from "../error.ts";
import { VIRTIO_COUNT } from "../machine/memmap.ts";

/**
 * The slots, one for each of `wanted`: those that are asked for, and for the others (undefined) the highest that are free, as QEMU takes
 * them.
 * @throws WasmvisorError `virtio-slot`
 */
export function virtioSlots(wanted: readonly (number | undefined)[]): number[] {
  const taken = new Set<number>();
  for (const slot of wanted) {
    if (slot === undefined) continue;
    if (!Number.isInteger(slot) || slot < 0 || slot >= VIRTIO_COUNT || taken.has(slot)) {
      const sentence = `There is no free virtio slot ${slot}; use one of 0 to ${VIRTIO_COUNT - 1} for each device.`;
      throw new WasmvisorError("virtio-slot", sentence, { slot });
    }
    taken.add(slot);
  }
  const free = Array.from({ length: VIRTIO_COUNT }, (_, slot) => slot).filter((slot) => !taken.has(slot));
  return wanted.map((slot) => {
    const own = slot ?? free.pop();
    if (own !== undefined) return own;
    const sentence = `A VM has ${VIRTIO_COUNT} virtio slots, and ${wanted.length} devices are too many for them; leave some out.`;
    throw new WasmvisorError("virtio-slot", sentence, { devices: wanted.length });
  });
}
