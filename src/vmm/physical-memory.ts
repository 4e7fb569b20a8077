/** A VM's RAM for programs: by physical address, with errors instead of refusals. */

import { WasmvisorError } from "../error.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import { type Address, physicalAddress } from "../memory/address.ts";

/** Reads and writes RAM by physical address. Once its VM is destroyed, everything but `start` and `size` throws `vm-state`. */
export class PhysicalMemory {
  readonly #ram: GuestMemory;
  readonly #use: (what: string) => void;
  readonly #onWrite: () => void;
  readonly #pageFlags: () => Uint8Array<ArrayBuffer>;

  /** @param use - throws when the VM is destroyed @internal */
  constructor(
    ram: GuestMemory,
    use: (what: string) => void,
    onWrite: () => void,
    pageFlags: () => Uint8Array<ArrayBuffer>,
  ) {
    this.#ram = ram;
    this.#use = use;
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
  contains(pa: Address, length: number): boolean {
    this.#use("use the memory of");
    return Number.isSafeInteger(length) && this.#ram.contains(Number(pa), length);
  }

  /**
   * A copy of `length` bytes from `pa` on.
   * @throws WasmvisorError `address` when not all of them are RAM, `vm-state`
   */
  read(pa: Address, length: number): Uint8Array {
    const start = this.#inRam(pa, length);
    const bytes = new Uint8Array(length);
    this.#ram.read(start, bytes);
    return bytes;
  }

  /**
   * Writes `bytes` at `pa`. Code that harts have decoded already is looked at anew.
   * @throws WasmvisorError `address` when not all of the range is RAM, `vm-state`
   */
  write(pa: Address, bytes: Uint8Array): void {
    this.#ram.write(this.#inRam(pa, bytes.length), bytes);
    this.#onWrite();
  }

  /**
   * What is known of each 4 KiB page: a new array of one byte a page, in order of address, each a sum of `PageFlag` bits.
   * @example const code = vm.memory.pages().filter((flags) => flags & PageFlag.CODE).length;
   */
  pages(): Uint8Array<ArrayBuffer> {
    this.#use("use the memory of");
    return this.#pageFlags();
  }

  #inRam(address: Address, length: number): number {
    const pa = physicalAddress(address);
    if (this.contains(pa, length)) return pa;
    throw new WasmvisorError(
      "address",
      `Physical addresses 0x${pa.toString(16)} and the ${length} bytes after it are not all RAM, which begins at 0x${this.start.toString(16)} and is ${this.size} bytes long.`,
      { pa, length },
    );
  }
}
