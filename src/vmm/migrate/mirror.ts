/** Disks whose contents are sent while their VM runs: what it writes meanwhile is noted, and sent again (docs/design/migration.md). */

import type { BlockBackend, BlockInfo, Done, Extent } from "../../backend/block/block.ts";
import { writeZeroes } from "../../backend/block/zeroes.ts";
import { migrationError } from "../../migration/format.ts";
import type { DiskPiece } from "../../snapshot/write.ts";
import type { Drive } from "../drives.ts";
import { contentOf, piecesOf } from "../snapshot/disks.ts";
import { PieceSet } from "./piece-set.ts";

/** Bytes that are sent again when any of them are written. */
export const PIECE_BYTES = 2 ** 16;

/** A disk that notes what is written to it. */
export class NotingBlock implements BlockBackend {
  readonly below: BlockBackend;
  readonly #noted: (at: number, length: number) => void;
  declare readonly flushNow?: () => void;
  declare readonly discard?: (at: number, length: number) => Done;

  /** @param noted - told of each change when it begins and when it is done, since a reader may see either state in between */
  constructor(below: BlockBackend, noted: (at: number, length: number) => void) {
    this.below = below;
    this.#noted = noted;
    if (below.flushNow !== undefined) this.flushNow = () => below.flushNow!();
    if (below.discard !== undefined)
      this.discard = (at, length) => this.#change(at, length, () => below.discard!(at, length));
  }

  get size(): number {
    return this.below.size;
  }

  get readonly(): boolean {
    return this.below.readonly;
  }

  get synchronous(): boolean {
    return this.below.synchronous;
  }

  get prefersLarge(): boolean {
    return this.below.prefersLarge ?? false;
  }

  get info(): BlockInfo {
    return this.below.info;
  }

  read(at: number, into: Uint8Array): Done {
    return this.below.read(at, into);
  }

  write(at: number, from: Uint8Array): Done {
    return this.#change(at, from.length, () => this.below.write(at, from));
  }

  writeZeroes(at: number, length: number, mayUnmap: boolean): Done {
    return this.#change(at, length, () => writeZeroes(this.below, at, length, mayUnmap));
  }

  extent(at: number): Done<Extent> {
    return this.below.extent?.(at) ?? { length: this.size - at, kind: "data" };
  }

  flush(): Done {
    return this.below.flush();
  }

  close(): Promise<void> {
    return this.below.close();
  }

  #change(at: number, length: number, act: () => Done): Done {
    this.#noted(at, length);
    const done = act();
    return done?.finally(() => this.#noted(at, length));
  }
}

/** One disk on its way. */
interface Mirrored {
  /** Its number among the VM's disks. */
  readonly disk: number;
  readonly drive: Drive;
  readonly noting: NotingBlock;
  /** Pieces that have been written since they were sent last. */
  dirty: PieceSet;
}

/** The disks of a VM whose contents are sent while it runs. Made while nothing is being written to them. */
export class Mirror {
  readonly #disks: Mirrored[] = [];
  #isFirst = true;
  /** Bytes that have been sent. */
  bytes = 0;

  constructor(drives: readonly Drive[]) {
    for (const [disk, drive] of drives.entries()) {
      const { backend } = drive;
      if (backend === undefined || contentOf(drive, "mirror") !== "mirror") continue;
      const mirrored: Mirrored = {
        disk,
        drive,
        dirty: new PieceSet(),
        noting: new NotingBlock(backend, (at, length) => {
          if (length > 0) mirrored.dirty.add(Math.floor(at / PIECE_BYTES), Math.floor((at + length - 1) / PIECE_BYTES));
        }),
      };
      drive.wrap(mirrored.noting);
      this.#disks.push(mirrored);
    }
  }

  /** Bytes that are to be sent again. */
  get pending(): number {
    return this.#disks.reduce((sum, { dirty }) => sum + dirty.size * PIECE_BYTES, 0);
  }

  /**
   * All that they hold, when it is called for the first time; then what has been written since the last time.
   * @throws WasmvisorError `migration-drive` when a disk has been changed for another one, and as the disks do
   */
  async *pieces(): AsyncGenerator<DiskPiece> {
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    for (const mirrored of this.#disks) {
      this.#expectThere(mirrored);
      const pieces = isFirst ? piecesOf(mirrored.disk, mirrored.noting, "whole") : this.#again(mirrored);
      try {
        for await (const piece of pieces) {
          this.bytes += piece.bytes.length;
          yield piece;
        }
      } catch (error) {
        // One that has been taken out is closed.
        this.#expectThere(mirrored);
        throw error;
      }
    }
  }

  /** The disks are as they were. */
  end(): void {
    for (const { drive, noting } of this.#disks) if (drive.backend === noting) drive.wrap(noting.below);
  }

  async *#again(mirrored: Mirrored): AsyncGenerator<DiskPiece> {
    const { disk, noting, dirty } = mirrored;
    mirrored.dirty = new PieceSet();
    for (const number of dirty) {
      const at = number * PIECE_BYTES;
      const bytes = new Uint8Array(Math.min(PIECE_BYTES, noting.size - at));
      // What is written from here on is sent once more.
      mirrored.dirty.delete(number);
      await noting.read(at, bytes);
      yield { disk, at, bytes };
    }
  }

  #expectThere({ disk, drive, noting }: Mirrored): void {
    if (drive.backend === noting) return;
    const sentence = `Disk ${disk} of the VM has been changed for another one, or cloned, while it was copied; move the VM again.`;
    throw migrationError("migration-drive", sentence, { index: disk });
  }
}
