/** Where the contents of a disk go that its VM does not leave behind (docs/design/migration.md). */

import { diskHost } from "#disk";
import { createDisk } from "../../disk/create.ts";
import type { DiskFormat } from "../../disk/open.ts";
import { isAddress } from "../../disk/source.ts";
import type { BlockBackend } from "../../backend/block/block.ts";
import { writeZeroes } from "../../backend/block/zeroes.ts";
import { migrationError } from "../../migration/format.ts";
import type { DriveDescription } from "../snapshot/description.ts";
import type { RestoredDrive } from "../snapshot/restore.ts";

/** Bytes that are made zeros between two signs of life. */
const ZEROS_AT_ONCE = 2 ** 26;

/** The files that a destination makes for the disks of one VM. */
export class MirrorTargets {
  readonly #files: string[] = [];

  /**
   * Makes the file for a disk, if it is to be in one.
   * @returns what the VM is made with
   * @throws WasmvisorError `migration-drive` when there is no place for it, and as `createDisk` does
   */
  async drive(index: number, described: DriveDescription, given: RestoredDrive | undefined): Promise<RestoredDrive> {
    const { source, format, ...others } = given ?? {};
    const isPlain = Object.values(others).every((value) => value === undefined || value === false);
    const isPlace = source !== undefined && !(source instanceof Blob) && isPlain;
    if (!isPlace || (typeof source === "string" && isAddress(source)))
      throw refused(index, described, "is copied, and needs a place: give a file that is not there yet, or a backend");
    if (typeof source !== "string") return { source, ...(format === undefined ? {} : { format }) };
    if ((await diskHost.allocatedBytes(source)) !== undefined)
      throw refused(index, described, `is copied to a new file, and ${source} is there already; name another one`);
    const made = format ?? formatOf(source);
    await createDisk(source, { size: described.size, format: made });
    this.#files.push(source);
    return { source, format: made };
  }

  /** Deletes what has been made; the VM does not come, and has closed its disks. */
  async discard(): Promise<void> {
    for (const file of this.#files.splice(0)) await diskHost.deleteFile(file);
  }
}

/**
 * Makes zeros of what was there, since zeros are not sent.
 * @param alive - called now and then
 */
export async function clear(backend: BlockBackend, alive: () => Promise<void>): Promise<void> {
  for (let at = 0; at < backend.size; at += ZEROS_AT_ONCE) {
    await writeZeroes(backend, at, Math.min(ZEROS_AT_ONCE, backend.size - at), true);
    await alive();
  }
}

function formatOf(name: string): DiskFormat {
  return /\.qcow2$/i.test(name) ? "qcow2" : "raw";
}

function refused(index: number, { description }: DriveDescription, what: string): Error {
  const sentence = `Disk ${index} of the VM that comes, "${description}", ${what}, at the destination, in drives.`;
  return migrationError("migration-drive", sentence, { index, description });
}
