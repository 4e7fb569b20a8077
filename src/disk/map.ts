/** Where the contents of a disk are, in as many cells as a picture of it has. */

import type { BlockBackend, Extent } from "../backend/block/block.ts";
import { imageError } from "./error.ts";
import { Qcow2 } from "./qcow2/qcow2.ts";

/**
 * Where bytes of a disk are, by number: nowhere (they are zeros), in an image below, known to be zeros, compressed in the image, or in it as
 * they are.
 */
export const DISK_PARTS = ["nothing", "below", "zero", "compressed", "data"] as const;
export type DiskPart = (typeof DISK_PARTS)[number];

/** Where the contents of a disk are. */
export interface DiskMap {
  /** Bytes of the disk. */
  readonly size: number;
  /** Bytes for which one cell stands; the last one may stand for less. */
  readonly cellBytes: number;
  /** For each cell the number of a `DISK_PARTS`: the last one of those that are in it. */
  readonly cells: Uint8Array;
  /** Bytes of each part. */
  readonly bytes: Readonly<Record<DiskPart, number>>;
  /** Whether all was looked at; of a cell of very many pieces, the rest counts as what was seen last. */
  readonly isExact: boolean;
}

/** The most cells of a map. */
const MOST_CELLS = 65_536;
/** Pieces of one cell that are looked at. */
const MOST_PIECES = 64;
/** Pieces after which other work has its turn. */
const PIECES_AT_ONCE = 512;
/** What is written is written in whole blocks at least. */
const LEAST_CELL = 4096;

/**
 * Looks where the contents of a disk are. Takes time for each piece of it, at most 64 a cell, and lets other work in between.
 * @param cells - at most so many, 1 to 65536
 * @throws WasmvisorError `option`; as the disk's `extent` does
 */
export async function mapDisk(disk: BlockBackend, cells = 4096): Promise<DiskMap> {
  if (!Number.isInteger(cells) || cells < 1 || cells > MOST_CELLS)
    throw imageError("option", `A map of a disk has 1 to ${MOST_CELLS} cells, not ${cells}.`, { cells });
  const { size } = disk;
  const cellBytes = Math.max(LEAST_CELL, 2 ** Math.ceil(Math.log2(size / cells)));
  const kinds = new Uint8Array(Math.ceil(size / cellBytes));
  const bytes = new Array<number>(DISK_PARTS.length).fill(0);
  let isExact = true;
  let looks = 0;
  for (let at = 0, pieces = 0; at < size;) {
    const { length, part } = await partAt(disk, at);
    const cell = Math.floor(at / cellBytes);
    const cellEnd = Math.min(size, (cell + 1) * cellBytes);
    let end = at + length;
    if (end < cellEnd && ++pieces >= MOST_PIECES) {
      end = cellEnd;
      isExact = false;
    }
    if (end >= cellEnd) pieces = 0;
    bytes[part]! += end - at;
    for (let one = cell; one * cellBytes < end; one++) if (part > kinds[one]!) kinds[one] = part;
    at = end;
    if (++looks % PIECES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const named = Object.fromEntries(DISK_PARTS.map((part, index) => [part, bytes[index]!]));
  return { size, cellBytes, cells: kinds, bytes: named as Record<DiskPart, number>, isExact };
}

const NOTHING = DISK_PARTS.indexOf("nothing");
const BELOW = DISK_PARTS.indexOf("below");
const ZERO = DISK_PARTS.indexOf("zero");
const COMPRESSED = DISK_PARTS.indexOf("compressed");
const DATA = DISK_PARTS.indexOf("data");

/** What the first image says that says anything. */
async function partAt(top: BlockBackend, at: number): Promise<{ readonly length: number; readonly part: number }> {
  let length = top.size - at;
  let disk: BlockBackend | undefined = top;
  while (disk !== undefined && at < disk.size) {
    const found: Extent = (await disk.extent?.(at)) ?? { length: disk.size - at, kind: "data" };
    length = Math.min(length, found.length);
    if (found.kind !== "hole") return { length, part: disk === top ? partOf(found, disk) : BELOW };
    disk = disk instanceof Qcow2 ? disk.backing : undefined;
    // Below a shorter image there is nothing.
    if (disk !== undefined && at < disk.size) length = Math.min(length, disk.size - at);
  }
  return { length, part: NOTHING };
}

function partOf({ kind, fileOffset }: Extent, disk: BlockBackend): number {
  if (kind === "zero") return ZERO;
  return disk instanceof Qcow2 && fileOffset === undefined ? COMPRESSED : DATA;
}
