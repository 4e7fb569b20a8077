/** What a disk of a machine is opened from: an image, perhaps with an overlay that takes its changes. */

import { diskHost } from "#disk";
import type { BlockBackend } from "../backend/block/block.ts";
import { imageError } from "./error.ts";
import { type DiskFormat, openDisk, placeOf, snapshotOf } from "./open.ts";
import { createQcow2 } from "./qcow2/create.ts";
import { RawDisk } from "./raw.ts";
import { isAddress } from "./source.ts";

/** How the image of a drive is opened. */
export interface DriveImage {
  /** A path (in node), a name in the browser's storage, an address (`openAddress`), or something that holds an image. */
  readonly source: string | BlockBackend;
  /** Default: what the first bytes say; a raw image whose format is not named may not be written a header of another format. */
  readonly format?: DiskFormat;
  /** Refuses to change it. Default: false. */
  readonly readonly?: boolean;
  /** A file that takes what changes, so that the image stays as it is; made when there is none, else gone on with. A qcow2 image. */
  readonly overlay?: string;
  /** Forgets what has changed when the disk is closed. Default: false. */
  readonly snapshot?: boolean;
}

/**
 * Opens the image of a drive.
 * @throws WasmvisorError as `openDisk`; `image-backing` when the overlay is of another image
 */
export async function openDriveImage(image: DriveImage): Promise<BlockBackend> {
  const { snapshot = false } = image;
  if (!snapshot) return openChanging(image);
  const disk = await openChanging({ ...image, readonly: true });
  try {
    return await snapshotOf(disk);
  } catch (error) {
    await disk.close().catch(() => undefined);
    throw error;
  }
}

async function openChanging({ source, format, overlay, readonly = false }: DriveImage): Promise<BlockBackend> {
  const how = { readonly, ...(format === undefined ? {} : { format }) };
  if (overlay === undefined) return openDisk(source, how);
  if (typeof source !== "string") {
    throw imageError(
      "image-backing",
      "An overlay lies over an image that it can name; give the drive's source as a path, a name or an address.",
    );
  }
  const base = placeOf(source);
  if ((await diskHost.allocatedBytes(overlay)) === undefined) await createOverlay(overlay, base, format);
  const above = diskHost.realPath(overlay);
  return openDisk(overlay, {
    readonly,
    format: "qcow2",
    allow: (file, by) => (by === above ? file === base : !isAddress(file) && diskHost.isBeside(file, by)),
  });
}

async function createOverlay(overlay: string, base: string, format: DiskFormat | undefined): Promise<void> {
  const below = await openDisk(base, { readonly: true, ...(format === undefined ? {} : { format }) });
  const { size } = below;
  const backingFormat = below instanceof RawDisk ? "raw" : "qcow2";
  await below.close();
  const file = await diskHost.openFile(overlay, { create: 0 });
  try {
    await createQcow2(file, { size, backingFile: base, backingFormat });
  } finally {
    await file.close();
  }
}
