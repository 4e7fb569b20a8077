/** What a VM was at one moment, kept in memory for the same VM to go back to. (docs/design/cure.md) */

import type { BlockBackend } from "../../backend/block/block.ts";
import type { FrozenRam } from "../../memory/frozen.ts";
import { snapshotError } from "../../snapshot/format.ts";
import type { Section } from "../../state/section.ts";
import type { Drive } from "../drives.ts";
import { contentOf, piecesOf } from "../snapshot/disks.ts";
import { SharedBlock } from "../snapshot/shared-block.ts";

/** A disk at a checkpoint. */
interface KeptDisk {
  /** What the drive works on: of a disk that is changed, what has been changed since. */
  readonly top: BlockBackend | undefined;
  /** What a disk that is changed held; its user is below `top`. */
  readonly kept: { readonly disk: BlockBackend; readonly use: SharedBlock } | undefined;
}

/** The disks of a VM at a checkpoint. */
export type KeptDisks = readonly KeptDisk[];

/** One checkpoint. */
export interface Checkpoint {
  readonly ram: FrozenRam;
  readonly sections: readonly Section[];
  readonly disks: KeptDisks;
  /** When it was taken, by `performance.now`. */
  readonly taken: number;
}

/**
 * Looks whether what a VM writes to its disks can be kept apart from what they held.
 * @throws WasmvisorError `snapshot-drive`
 */
export function checkKeepable(drives: readonly Drive[]): void {
  const written = drives.findIndex((drive) => contentOf(drive, "reference") === "same" && !drive.readonly);
  if (written < 0) return;
  const sentence = `Disk ${written} of the VM is written to its file, which cannot go back to a checkpoint with its memory; make the VM with snapshot: true or readonly: true for it, or use onFailure: "restart".`;
  throw snapshotError("snapshot-drive", sentence, { index: written });
}

/**
 * Has changes from now on go into overlays. What has been changed since `before` goes into what was kept then, so there are never more than two
 * layers. The VM stands still. When it fails, `before` is worth nothing any more.
 * @throws WasmvisorError as disks in memory do
 */
export async function keepDisks(drives: readonly Drive[], before: KeptDisks = []): Promise<KeptDisks> {
  checkKeepable(drives);
  const disks: KeptDisk[] = [];
  try {
    for (const [index, drive] of drives.entries()) disks.push(await keepDisk(drive, before[index]));
    return disks;
  } catch (error) {
    for (const disk of disks) await letGo(disk);
    throw error;
  }
}

async function keepDisk(drive: Drive, before: KeptDisk | undefined): Promise<KeptDisk> {
  const { backend } = drive;
  if (backend === undefined || backend.readonly || drive.readonly) return { top: backend, kept: undefined };
  if (before?.kept === undefined || before.top !== backend) {
    await letGo(before);
    return overlay(drive, { disk: backend, use: new SharedBlock(backend, true) });
  }
  const { kept } = before;
  for await (const { at, bytes } of piecesOf(0, backend, "changes")) await kept.disk.write(at, bytes);
  const next = await overlay(drive, kept);
  await backend.close();
  return next;
}

async function overlay(drive: Drive, kept: NonNullable<KeptDisk["kept"]>): Promise<KeptDisk> {
  const { snapshotOf } = await import("../../disk/open.ts");
  const top = await snapshotOf(kept.use.share());
  drive.put(top);
  return { top, kept };
}

/**
 * Has the drives hold what they did. What is there in their place is closed.
 * @throws WasmvisorError `snapshot-drive` when there is another disk in a drive than there was
 */
export async function revertDisks(drives: readonly Drive[], disks: KeptDisks): Promise<KeptDisks> {
  const changed = drives.findIndex(({ backend }, index) => backend !== disks[index]?.top);
  if (changed >= 0) {
    const sentence = `The disk in drive ${changed} is another one since the checkpoint, or clones share it now; make another checkpoint, or reset the VM.`;
    throw snapshotError("snapshot-drive", sentence, { index: changed });
  }
  const reverted: KeptDisk[] = [];
  for (const [index, drive] of drives.entries()) {
    const { top, kept } = disks[index]!;
    reverted.push(kept === undefined ? { top, kept } : await overlay(drive, kept));
    if (kept !== undefined) await top?.close();
  }
  return reverted;
}

async function letGo(disk: KeptDisk | undefined): Promise<void> {
  await disk?.kept?.use.close();
}
