/** What is in the file of a snapshot, without a VM being made of it. */

import { defined } from "../../defined.ts";
import { damaged, idText, type Run } from "../../snapshot/format.ts";
import type { SnapshotKey } from "../../snapshot/cipher.ts";
import { SnapshotReader, type SnapshotSink } from "../../snapshot/read.ts";
import { PAGE_BYTES } from "../../state/section.ts";
import type { ImageSource } from "../image-source.ts";
import { checkDescription, type DriveDescription, type MachineDescription } from "./description.ts";
import { FLASH_DISK } from "./take.ts";
import { streamOf } from "./restore.ts";

/** How a file is looked at. */
export interface SnapshotInfoOptions {
  /** By which it was encrypted. */
  readonly key?: SnapshotKey;
  readonly signal?: AbortSignal;
}

/** A disk of a snapshot's VM. */
export interface SnapshotDisk {
  /**
   * Where its bytes are. `"same"`: in the disk, which is given again as it was; `"changes"`: what was changed is in the snapshot; `"whole"`: all of it is;
   * `"none"`: the drive was empty.
   */
  readonly content: "same" | "changes" | "whole" | "none";
  readonly size: number;
  readonly readonly: boolean;
  /** What its owner called it, such as a path. */
  readonly description: string;
  /** Bytes of it that are in the snapshot. */
  readonly storedBytes: number;
}

/** What a snapshot holds. */
export interface SnapshotInfo {
  readonly id: string;
  /** The id of the snapshot that it builds upon. */
  readonly parent?: string;
  readonly name?: string;
  /** Whether it is encrypted. */
  readonly encrypted: boolean;
  /** When it was taken, in milliseconds since 1970, as its host's clock said. */
  readonly created: number;
  /** Instructions that had been executed. */
  readonly instructions: number;
  /** RAM of the machine, in bytes. */
  readonly memory: number;
  /** Bytes of RAM that are in the snapshot; pages that hold nothing are not. */
  readonly storedMemory: number;
  readonly harts: number;
  readonly clock: "host" | "deterministic";
  readonly agent: boolean;
  readonly drives: readonly SnapshotDisk[];
  /** Hardware addresses of its network devices. */
  readonly networks: readonly string[];
  /** Tags of its shares. */
  readonly shares: readonly string[];
  /** Parts of the machine whose state it has. */
  readonly parts: readonly string[];
}

/** Counts what goes by. */
class Count implements SnapshotSink {
  stored = 0;
  readonly disks = new Map<number, number>();
  readonly #machine: MachineDescription;

  constructor(machine: MachineDescription) {
    this.#machine = machine;
  }

  disk({ disk, bytes }: { readonly disk: number; readonly bytes: Uint8Array }): void {
    if (disk < FLASH_DISK && this.#machine.drives[disk] === undefined)
      throw damaged("a piece of a disk is outside of it");
    this.disks.set(disk, (this.disks.get(disk) ?? 0) + bytes.length);
  }

  pages(runs: readonly Run[]): void {
    for (const { first, count } of runs) {
      if (count > this.#machine.memory / PAGE_BYTES - first) throw damaged("a page is outside of its RAM");
      this.stored += count;
    }
  }

  zeros(): void {}
}

/**
 * Says what is in a snapshot, and reads all of it: what is damaged anywhere is found.
 *
 * ```ts
 * const { memory, drives } = await snapshotInfo("vm.snap");
 * ```
 *
 * @throws WasmvisorError `snapshot-format`, `snapshot-version`, `snapshot-damaged`, `snapshot-key`, `source-unreadable`; the signal's reason
 */
export async function snapshotInfo(source: ImageSource, options: SnapshotInfoOptions = {}): Promise<SnapshotInfo> {
  const { key, signal } = options;
  const reader = await SnapshotReader.open(await streamOf(source, signal), key);
  try {
    const description = checkDescription(await reader.description());
    const sections = await reader.sections();
    const { machine, created, instructions, parent, name } = description;
    const count = new Count(machine);
    await reader.readInto(count);
    const { memory, harts, clock, agent } = machine;
    return {
      id: idText(reader.prologue.id),
      ...defined({ parent, name }),
      encrypted: reader.prologue.encrypted,
      ...{ created, instructions, memory, harts, clock, agent },
      storedMemory: count.stored * PAGE_BYTES,
      drives: machine.drives.map((drive, index) => diskOf(drive, count.disks.get(index) ?? 0)),
      networks: machine.networks.map(({ mac }) => mac),
      shares: machine.shares.map(({ tag }) => tag),
      parts: sections.map((section) => section.name),
    };
  } finally {
    await reader.close();
  }
}

function diskOf({ content, size, readonly, description }: DriveDescription, storedBytes: number): SnapshotDisk {
  // A disk of a snapshot is not copied elsewhere: `checkDescription` has seen to that.
  return { content: content as SnapshotDisk["content"], size, readonly, description, storedBytes };
}
