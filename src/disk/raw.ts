/** Disks whose file is nothing but their bytes. */

import type { BlockBackend, BlockInfo, Done, Extent } from "../backend/block/block.ts";
import { expectChange, expectInside, expectOpen, expectWritable } from "../backend/block/range.ts";
import { writeZeroes } from "../backend/block/zeroes.ts";
import { imageError } from "./error.ts";
import { settle, type Steps, wait } from "./steps.ts";

const SECTOR = 512;

/** How a raw disk is opened. */
export interface RawOptions {
  /** Refuses everything that would change it. Default: as the file. */
  readonly readonly?: boolean;
  /** Called before the first bytes are written; throws when they may not be. */
  readonly guard?: (at: number, from: Uint8Array) => void;
}

/** A file as it is; its size is rounded up to whole sectors of 512 bytes, with zeros behind its end. */
export class RawDisk implements BlockBackend {
  readonly readonly: boolean;
  readonly synchronous: boolean;
  readonly prefersLarge: boolean;
  readonly info: BlockInfo;
  readonly #file: BlockBackend;
  readonly #guard: RawOptions["guard"];
  #size: number;
  #open = true;
  declare readonly flushNow?: () => void;
  declare readonly discard?: (at: number, length: number) => Done;

  constructor(file: BlockBackend, options: RawOptions = {}) {
    this.#file = file;
    this.#size = Math.ceil(file.size / SECTOR) * SECTOR;
    this.readonly = options.readonly ?? file.readonly;
    if (!this.readonly) expectWritable(file);
    this.synchronous = file.synchronous;
    this.prefersLarge = file.prefersLarge ?? false;
    this.info = { description: `raw image in ${file.info.description}` };
    this.#guard = options.guard;
    if (file.flushNow !== undefined) this.flushNow = () => this.#flushNow();
    if (file.discard !== undefined) this.discard = (at, length) => this.#discard(at, length);
  }

  get size(): number {
    return this.#size;
  }

  /** The file that it is. */
  get file(): BlockBackend {
    return this.#file;
  }

  read(at: number, into: Uint8Array): Done {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    const there = this.#there(at, into.length);
    if (there === into.length) return this.#file.read(at, into);
    into.fill(0, there);
    if (there > 0) return this.#file.read(at, into.subarray(0, there));
  }

  write(at: number, from: Uint8Array): Done {
    expectChange(this, this.#open, at, from.length);
    if (at < SECTOR) this.#guard?.(at, from);
    return this.#there(at, from.length) === from.length
      ? this.#file.write(at, from)
      : settle(this.#growAndWrite(at, from));
  }

  *#growAndWrite(at: number, from: Uint8Array): Steps {
    if (this.#file.resize === undefined)
      throw imageError(
        "block-full",
        `The ${this.#file.info.description} ends within a sector and cannot grow; make its size a multiple of ${SECTOR}.`,
      );
    yield* wait(this.#file.resize(this.#size));
    yield* wait(this.#file.write(at, from));
  }

  flush(): Done {
    expectOpen(this, this.#open);
    return this.#file.flush();
  }

  #flushNow(): void {
    expectOpen(this, this.#open);
    this.#file.flushNow!();
  }

  #discard(at: number, length: number): Done {
    expectChange(this, this.#open, at, length);
    return this.#file.discard!(at, this.#there(at, length));
  }

  writeZeroes(at: number, length: number, mayUnmap: boolean): Done {
    expectChange(this, this.#open, at, length);
    const there = this.#there(at, length);
    return writeZeroes(this.#file, Math.min(at, this.#file.size), there, mayUnmap);
  }

  resize(size: number): Done {
    expectChange(this, this.#open, 0, 0);
    return settle(this.#resize(size));
  }

  *#resize(size: number): Steps {
    if (this.#file.resize === undefined)
      throw imageError(
        "block-size",
        `The size of the ${this.#file.info.description} is fixed; copy it to a larger one.`,
      );
    yield* wait(this.#file.resize(size));
    this.#size = Math.ceil(size / SECTOR) * SECTOR;
  }

  extent(at: number): Done<Extent> {
    expectOpen(this, this.#open);
    expectInside(this, at, 1);
    if (at >= this.#file.size) return { length: this.#size - at, kind: "hole" };
    const found = this.#file.extent?.(at) ?? ({ length: this.#file.size - at, kind: "data" } as const);
    const placed = (extent: Extent): Extent => ({ ...extent, fileOffset: at });
    return found instanceof Promise ? found.then(placed) : placed(found);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#file.close();
  }

  /** How many of these bytes the file has. */
  #there(at: number, length: number): number {
    return Math.max(0, Math.min(length, this.#file.size - at));
  }
}
