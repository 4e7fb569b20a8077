/** A VM's RAM for programs: by physical address, with errors instead of refusals. */

import { WasmvisorError } from "../error.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";

/** Reads and writes RAM by physical address. */
export class PhysicalMemory {
  readonly #ram: GuestMemory;
  readonly #onWrite: () => void;
  readonly #pageFlags: () => Uint8Array<ArrayBuffer>;

  /** @internal */
  constructor(ram: GuestMemory, onWrite: () => void, pageFlags: () => Uint8Array<ArrayBuffer>) {
    this.#ram = ram;
    this.#onWrite = onWrite;
    this.#pageFlags = pageFlags;
  }

  /** First physical address of RAM. */
  get start(): number {
    return this.#ram.ramPa;
  }

  /** Bytes of RAM. */
  get size(): number {
    return this.#ram.ramSize;
  }

  /** Whether all of the `length` bytes from `pa` on are RAM. */
  contains(pa: number, length: number): boolean {
    return Number.isSafeInteger(length) && this.#ram.contains(pa, length);
  }

  /**
   * A copy of `length` bytes from `pa` on.
   * @throws WasmvisorError `address` when not all of them are RAM
   */
  read(pa: number, length: number): Uint8Array {
    const bytes = new Uint8Array(this.#inRam(pa, length));
    this.#ram.read(pa, bytes);
    return bytes;
  }

  /**
   * Writes `bytes` at `pa`. Code that harts have decoded already is looked at anew.
   * @throws WasmvisorError `address` when not all of the range is RAM
   */
  write(pa: number, bytes: Uint8Array): void {
    this.#inRam(pa, bytes.length);
    this.#ram.write(pa, bytes);
    this.#onWrite();
  }

  /**
   * What is known of each 4 KiB page: a new array of one byte a page, in order of address, each a sum of `PageFlag` bits.
   * @example const code = vm.memory.pages().filter((flags) => flags & PageFlag.CODE).length;
   */
  pages(): Uint8Array<ArrayBuffer> {
    return this.#pageFlags();
  }

  #inRam(pa: number, length: number): number {
    if (this.contains(pa, length)) return length;
    throw new WasmvisorError(
      "address",
      `Physical addresses 0x${pa.toString(16)} and the ${length} bytes after it are not all RAM, which begins at 0x${this.start.toString(16)} and is ${this.size} bytes long.`,
      { pa, length },
    );
  }
}
