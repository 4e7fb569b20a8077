/** The disks of a VM in a snapshot: which go into it, and by what the others are known again. */

import { defined } from "../../defined.ts";
import type { BlockBackend } from "../../backend/block/block.ts";
import { crc32 } from "../../machine/loader/crc32.ts";
import { snapshotError } from "../../snapshot/format.ts";
import type { DiskPiece } from "../../snapshot/write.ts";
import type { Drive, DriveOptions } from "../drives.ts";
import { type DriveDescription, SUM_BYTES, SUMS_MOST } from "./description.ts";

/**
 * What becomes of disks that the VM writes to: `"reference"`: they stay where they are, and must be given again as they were at that moment;
 * `"include"`: their contents go into the snapshot. What a VM has changed of a disk that forgets its changes, or of bytes, always does.
 */
export type DiskChoice = "reference" | "include";

/** Bytes that are read at once. */
const PIECE_BYTES = 2 ** 18;

/** Where the bytes of a drive will be. */
export function contentOf(drive: Drive, choice: DiskChoice | "mirror"): DriveDescription["content"] {
  const { backend, options, isForked } = drive;
  if (backend === undefined) return "none";
  const { source, readonly = false, snapshot = source instanceof Blob } = options;
  if (readonly || backend.readonly) return "same";
  if (isForked) return "whole";
  if (snapshot) return "changes";
  if (source instanceof Uint8Array || choice === "include") return "whole";
  return choice === "mirror" ? "mirror" : "same";
}

/** What is said of a drive. Its disk must not change meanwhile. */
export async function describeDrive(drive: Drive, choice: DiskChoice | "mirror"): Promise<DriveDescription> {
  const { backend, options, description, size } = drive;
  const content = contentOf(drive, choice);
  const sums = backend === undefined || content === "whole" ? [] : await sumsOf(backend, content === "changes");
  // What its host has not written yet would be missing when the file is opened again.
  if (content === "same" && backend?.readonly === false) await backend.flush();
  return {
    content,
    size,
    readonly: drive.readonly,
    description: description.slice(0, 4096),
    sums,
    ...plainOptions(options),
    slot: drive.slot,
  };
}

type Plain = Pick<DriveDescription, "serial" | "queues" | "blockSize" | "limits">;

function plainOptions({ serial, queues, blockSize, limits }: DriveOptions): Partial<Plain> {
  return defined({ serial, queues, blockSize, limits });
}

/** Sums at places that are spread evenly, of those that are not changed at this level if `below`. */
async function sumsOf(backend: BlockBackend, below: boolean): Promise<{ at: number; sum: number }[]> {
  const sums: { at: number; sum: number }[] = [];
  for (const at of placesOf(backend.size)) {
    const length = Math.min(SUM_BYTES, backend.size - at);
    if (below && !(await isBelow(backend, at, length))) continue;
    sums.push({ at, sum: await sumAt(backend, at, length) });
  }
  return sums;
}

function placesOf(size: number): number[] {
  const most = Math.floor((size - 1) / SUM_BYTES);
  const count = Math.min(SUMS_MOST, most + 1);
  const places = Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : SUM_BYTES * Math.floor((most * index) / (count - 1)),
  );
  return [...new Set(places)];
}

async function isBelow(backend: BlockBackend, at: number, length: number): Promise<boolean> {
  const extent = await backend.extent?.(at);
  return extent?.kind === "hole" && extent.length >= length;
}

async function sumAt(backend: BlockBackend, at: number, length: number): Promise<number> {
  const bytes = new Uint8Array(length);
  await backend.read(at, bytes);
  return crc32(bytes);
}

/**
 * Looks whether a disk is the one that was described.
 * @throws WasmvisorError `snapshot-drive`
 */
export async function checkDrive(drive: Drive, index: number, described: DriveDescription): Promise<void> {
  const differs = await differenceOf(drive.backend, described);
  if (differs === undefined) return;
  const sentence = `Disk ${index} of the snapshot was "${described.description}", and the one given ${differs}; give the disk as it was when the snapshot was taken.`;
  throw snapshotError("snapshot-drive", sentence, { index, description: described.description });
}

/** How a disk is another one than was described, for a sentence ("has 3 bytes, not 4"); undefined when it is not. */
export async function differenceOf(
  backend: BlockBackend | undefined,
  described: DriveDescription,
): Promise<string | undefined> {
  if (backend === undefined || described.content === "whole") return undefined;
  if (backend.size !== described.size) return `has ${backend.size} bytes, not ${described.size}`;
  return otherSum(backend, described);
}

async function otherSum(backend: BlockBackend, { sums }: DriveDescription): Promise<string | undefined> {
  for (const { at, sum } of sums) {
    const length = Math.min(SUM_BYTES, backend.size - at);
    if (length <= 0 || (await sumAt(backend, at, length)) !== sum) return `holds something else at byte ${at}`;
  }
  return undefined;
}

/** The pieces of a disk that go into the snapshot. */
export async function* piecesOf(
  disk: number,
  backend: BlockBackend,
  content: DriveDescription["content"],
): AsyncGenerator<DiskPiece> {
  if (content !== "whole" && content !== "changes") return;
  for (let at = 0; at < backend.size;) {
    const extent = (await backend.extent?.(at)) ?? { kind: "data", length: backend.size - at };
    const end = Math.min(backend.size, at + extent.length);
    // Of a disk that is written whole, a hole is what lies below it, and must be read too.
    const isHere = extent.kind === "data" || extent.kind === (content === "changes" ? "zero" : "hole");
    if (!isHere) {
      at = end;
      continue;
    }
    for (; at < end; at += PIECE_BYTES) {
      const bytes = new Uint8Array(Math.min(PIECE_BYTES, end - at));
      await backend.read(at, bytes);
      if (content === "changes" || bytes.some((byte) => byte !== 0)) yield { disk, at, bytes };
    }
    at = end;
  }
}
