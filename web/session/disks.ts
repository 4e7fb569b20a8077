/** What the page's worker does with disks besides running machines on them. */

import { createDisk, deleteOpfs, listOpfs, openDisk, RawDisk } from "../../src/disk/index.ts";
import type { Vm } from "../../src/index.ts";
import { type DriveView, PageError } from "./protocol.ts";

/** Cells of the picture of a disk. */
const CELLS = 4096;

/** Makes an image in the browser's storage, where there is none of that name. */
export async function createStored(
  name: string,
  what: { readonly size: number } | { readonly base: string },
): Promise<void> {
  if ((await listOpfs()).some((disk) => disk.name === name))
    throw new PageError("disk-name", `There is a disk ${name} already; choose another name.`);
  const layout = "size" in what ? what : await layoutOver(what.base);
  try {
    await createDisk(name, layout);
  } catch (error) {
    await deleteOpfs(name).catch(() => undefined);
    throw error;
  }
}

async function layoutOver(base: string) {
  const disk = await openDisk(base, { readonly: true });
  const { size } = disk;
  await disk.close();
  return { size, backingFile: base, backingFormat: disk instanceof RawDisk ? "raw" : "qcow2" };
}

/** The disks of a machine as they are now. */
export async function drivesOf(vm: Vm, names: readonly string[], maps: boolean): Promise<DriveView[]> {
  return Promise.all(
    vm.drives.map(async (drive, index) => ({
      name: names[index] ?? drive.description,
      slot: drive.slot,
      description: drive.description,
      size: drive.size,
      readonly: drive.readonly,
      statistics: drive.statistics(),
      // One that cannot be read has no map; its errors are told of otherwise.
      ...(maps
        ? await drive.map(CELLS).then(
            (map) => ({ map }),
            () => ({}),
          )
        : {}),
    })),
  );
}
