/** What a VM needs to be made again in another worker: what its owner has given once. */

import { defined } from "../defined.ts";
import type { VmConfig } from "../vmm/config.ts";
import type { ImageSource } from "../vmm/image-source.ts";
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";

/** What a VM is made from, or restored by. */
type Given = Omit<RestoreOptions, "lazy" | "key" | "track" | "parents"> & Pick<VmConfig, "drives" | "networks">;

/** What of it `Host.receive` takes. A stream has been read, and what it was is not known any more. */
export function againOf(given: VmConfig | RestoreOptions): RestoreOptions {
  const { engine, translator, memoryModel, memoryLimit, memoryReservation, memoryShares, cpu } = given;
  const { onFailure, watchdog, checkpoints, shares, append, stallTimeout, drives, networks } = given as Given;
  const { kernel, initrd, bios, dtb } = given;
  return defined({
    ...{ engine, translator, memoryModel, memoryLimit, memoryReservation, memoryShares, cpu },
    ...{ onFailure, watchdog, checkpoints, shares, append, stallTimeout, drives, networks },
    ...{ kernel: kept(kernel), initrd: kept(initrd), bios: kept(bios), dtb: kept(dtb) },
  });
}

function kept(image: ImageSource | undefined): ImageSource | undefined {
  return image instanceof ReadableStream ? undefined : image;
}
