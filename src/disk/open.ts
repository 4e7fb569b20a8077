/** Opening a disk: its file, its format, and the images that lie below it. */

import { diskHost } from "#disk";
import type { BlockBackend, Done } from "../backend/block/block.ts";
import { MemoryBlock } from "../backend/block/memory.ts";
import type { OpenFile } from "../host/disk.ts";
import type { WasmvisorError } from "../error.ts";
import { hostCodec } from "./codec.ts";
import { imageError } from "./error.ts";
import { isPacked, openPacked } from "./packed/open.ts";
import { createQcow2 } from "./qcow2/create.ts";
import { isQcow2, printable } from "./qcow2/header.ts";
import { Qcow2, readHeader } from "./qcow2/qcow2.ts";
import { RawDisk } from "./raw.ts";
import { type AddressOptions, isAddress, openAddress } from "./source.ts";
import { settle, type Steps, wait } from "./steps.ts";

/** The formats of images. */
export const DISK_FORMATS = ["raw", "qcow2"] as const;
export type DiskFormat = (typeof DISK_FORMATS)[number];

/** Opens what an image names as lying below it: a path to open, or the backend itself. */
export type OpenBacking = (name: string, format: string | undefined) => Done<BlockBackend | string>;

/** How a disk is opened. */
export interface OpenDiskOptions {
  /**
   * Default: what the first bytes say; then the image may also be compressed by gzip or zstd, in pieces that can be had alone (bgzip, the
   * seekable format of zstd, frames that say how long they are). Name it where a guest may write the first bytes.
   */
  readonly format?: DiskFormat;
  /** Refuses everything that would change it. Default: false. */
  readonly readonly?: boolean;
  /**
   * Whether an image may have a file below it, which is given by its path without links, or a server's disk, by its address. Default: only
   * files in the folder of the image that names it, or in a folder of that; in browsers, any disk of the browser's storage. The image is given
   * in the same way; by nothing when it has neither path nor address.
   */
  readonly allow?: (file: string, image: string) => boolean;
  /** Opens what lies below in place of `allow`; for disks that are not in files. */
  readonly openBacking?: OpenBacking;
  /** Opens the image alone, without what lies below. Default: false. */
  readonly alone?: boolean;
  /** Does not mind who else uses the files. Default: false. */
  readonly shared?: boolean;
  /** The id, or else the name, of the internal snapshot of a qcow2 image that is read in its place; nothing can be written then. */
  readonly snapshot?: string;
  /** Opens a damaged image for writing, to repair it. Default: false. */
  readonly repairing?: boolean;
}

/** A disk in some format. */
export type Disk = RawDisk | Qcow2;

/** As many images as may lie over each other. */
const MOST_LEVELS = 64;

/**
 * Opens an image by its path (in node), its name in the browser's storage (in a worker) or its address (`openAddress`), or over a backend, which
 * belongs to it from then on.
 *
 * ```ts
 * const disk = await openDisk("debian.qcow2");
 * ```
 *
 * @throws WasmvisorError `source-unreadable`, `file-unwritable`, `image-locked`; `image-format` when it is not in the format named;
 * `image-damaged`; `image-feature` when it needs what there is not; `option` when there is no such snapshot; `image-backing` when what lies below may not be opened
 */
export async function openDisk(source: string | BlockBackend, options: OpenDiskOptions = {}): Promise<Disk> {
  return await openLevel(source, options, []);
}

async function openLevel(
  source: string | BlockBackend,
  options: OpenDiskOptions,
  above: readonly string[],
): Promise<Disk> {
  const { snapshot, readonly = snapshot !== undefined, shared = false } = options;
  const place = typeof source === "string" ? placeOf(source) : undefined;
  const file = await opened(source, { readonly, shared });
  try {
    return await settle(openFormat(file, place, options, above));
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** What a name stands for, whoever says it: the path without links, or the address as it is. */
export const placeOf = (name: string): string => (isAddress(name) ? name : diskHost.realPath(name));

async function opened(source: string | BlockBackend, how: OpenFile & AddressOptions): Promise<BlockBackend> {
  if (typeof source !== "string") return source;
  return isAddress(source) ? openAddress(source, how) : diskHost.openFile(source, how);
}

function* openFormat(
  outer: BlockBackend,
  place: string | undefined,
  options: OpenDiskOptions,
  above: readonly string[],
): Steps<Disk> {
  const { file, format } =
    options.format === undefined ? yield* recognised(outer) : { file: outer, format: options.format };
  const readonly = (options.readonly ?? false) || file.readonly;
  if (format === "raw") {
    if (options.snapshot !== undefined)
      throw imageError("option", "A raw disk has no snapshots; leave the snapshot out, or give a qcow2 image.");
    if (options.format === undefined && !readonly) return new RawDisk(file, { readonly, guard: guardOf(file) });
    return new RawDisk(file, { readonly });
  }
  const header = yield* readHeader(file);
  const { backingFile, backingFormat } = header;
  const backing =
    backingFile === undefined || options.alone
      ? undefined
      : yield* wait(openBelow(backingFile, backingFormat, place, options, above));
  try {
    return yield* Qcow2.openSteps(file, {
      codec: hostCodec,
      readonly,
      repairing: options.repairing ?? false,
      ...(options.snapshot === undefined ? {} : { snapshot: options.snapshot }),
      ...(backing === undefined ? {} : { backing }),
    });
  } catch (error) {
    if (backing !== undefined) yield backing.close().catch(() => undefined);
    throw error;
  }
}

/** What the first bytes say. */
export function* probe(file: BlockBackend): Steps<DiskFormat> {
  return isQcow2(yield* firstBytes(file)) ? "qcow2" : "raw";
}

/** The format of a file; when its first bytes are of a compressed one, of what is inside. */
function* recognised(file: BlockBackend): Steps<{ readonly file: BlockBackend; readonly format: DiskFormat }> {
  const first = yield* firstBytes(file);
  if (!isPacked(first)) return { file, format: isQcow2(first) ? "qcow2" : "raw" };
  const inside = yield* openPacked(file, first);
  return { file: inside, format: yield* probe(inside) };
}

function* firstBytes(file: BlockBackend): Steps<Uint8Array> {
  const first = new Uint8Array(Math.min(8, file.size));
  yield* wait(file.read(0, first));
  return first;
}

/**
 * A guest that writes a header into the first sector of a raw disk, whose format nobody has named, would have the next one who opens it
 * take that for the format, with files of the host below.
 */
function guardOf(file: BlockBackend) {
  return (at: number, from: Uint8Array): void => {
    const first = new Uint8Array(8);
    if (at >= first.length) return;
    first.set(from.subarray(0, first.length - at), at);
    if (isQcow2(first) || isPacked(first))
      throw imageError(
        "image-format",
        `The ${file.info.description} looks raw, and is written as if it were ${isQcow2(first) ? "qcow2" : "compressed"}; name its format (raw) to allow that.`,
      );
  };
}

/** Opens what an image names. */
async function openBelow(
  name: string,
  format: string | undefined,
  image: string | undefined,
  options: OpenDiskOptions,
  above: readonly string[],
): Promise<BlockBackend> {
  const shownName = printable(name);
  if (above.length + 1 >= MOST_LEVELS)
    throw imageError("image-backing", `More than ${MOST_LEVELS} disk images lie over each other; commit some of them.`);
  const below = { ...options, readonly: true, repairing: false };
  const known = DISK_FORMATS.find((known) => known === format);
  if (format !== undefined && known === undefined)
    throw imageError(
      "image-feature",
      `The disk image lies over "${shownName}" in the format "${printable(format)}", which is not supported; convert that to qcow2.`,
    );
  delete (below as { format?: DiskFormat }).format;
  delete (below as { snapshot?: string }).snapshot;
  const named = known === undefined ? below : { ...below, format: known };
  if (options.openBacking !== undefined) {
    const given = await options.openBacking(name, format);
    return openLevel(given, named, [...above, name]);
  }
  const place = backingPlace(name, image, options.allow);
  const levels = image === undefined ? above : [...above, image];
  if (levels.includes(place)) throw overItself(name);
  return openLevel(place, named, levels);
}

/**
 * The real path, or the address, of what an image names.
 * @throws WasmvisorError `image-backing` when it is none, or may not be used; `source-unreadable` when there is no such file
 */
export function backingPlace(name: string, image: string | undefined, allow?: OpenDiskOptions["allow"]): string {
  if (isAddress(name)) {
    if (allow?.(name, image ?? "") === true) return name;
    throw notAllowed(name);
  }
  const plain = name.startsWith("file:") ? name.slice("file:".length) : name;
  const shownName = printable(name);
  if (/^[a-z][a-z0-9+.-]+:/i.test(plain))
    throw imageError(
      "image-backing",
      `The disk image lies over "${shownName}", which is no file; convert it with qemu-img.`,
      { name },
    );
  if (image === undefined || isAddress(image))
    throw imageError(
      "image-backing",
      `The disk image lies over "${shownName}"; give a function openBacking that opens it.`,
    );
  const file = diskHost.realPath(plain, image);
  const allowed = allow === undefined ? diskHost.isBeside(file, image) : allow(file, image);
  if (allowed) return file;
  throw imageError(
    "image-backing",
    `The disk image lies over "${shownName}", which is not in its folder; allow that file, if you trust the image.`,
    { name, file },
  );
}

function notAllowed(name: string): WasmvisorError {
  return imageError(
    "image-backing",
    `The disk image lies over "${printable(name)}", on a server; allow that address, if you trust the image.`,
    { name },
  );
}

function overItself(name: string): WasmvisorError {
  return imageError("image-backing", `The disk image lies over itself, by way of "${printable(name)}"; rebase it.`);
}

/** A disk whose changes are kept in memory and forgotten when it is closed. */
export async function snapshotOf(disk: BlockBackend): Promise<Qcow2> {
  const file = new MemoryBlock(0);
  await createQcow2(file, { size: disk.size });
  return await Qcow2.open(file, { backing: disk, codec: hostCodec });
}
