/** A VM's RAM for programs: by physical address, with errors instead of refusals. */

import { WasmvisorError } from "../error.ts";
import type { MachineSpace } from "../core/machine-space.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { DirtyFrames, RamStatistics } from "../memory/ram.ts";
import { outOfMemory } from "./machine.ts";
import { type Address, physicalAddress } from "../memory/address.ts";

/** Reads and writes RAM by physical address. Once its VM is destroyed, everything but `start` and `size` throws `vm-state`. */
export class PhysicalMemory {
  readonly #ram: GuestMemory;
  readonly #use: (what: string) => void;
  readonly #onWrite: () => void;
  readonly #space: MachineSpace;

  /** @param use - throws when the VM is destroyed @internal */
  constructor(ram: GuestMemory, use: (what: string) => void, onWrite: () => void, space: MachineSpace) {
    this.#ram = ram;
    this.#use = use;
    this.#onWrite = onWrite;
    this.#space = space;
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
   * @throws WasmvisorError `address` when not all of the range is RAM, `host-memory` when the host has none left for it, `vm-state`
   */
  write(pa: Address, bytes: Uint8Array): void {
    const written = this.#ram.write(this.#inRam(pa, bytes.length), bytes);
    this.#onWrite();
    if (written) return;
    this.#space.ram.short = false;
    throw outOfMemory();
  }

  /**
   * What is known of each 4 KiB page: a new array of one byte a page, in order of address, each a sum of `PageFlag` bits.
   * @example const code = vm.memory.pages().filter((flags) => flags & PageFlag.CODE).length;
   */
  pages(): Uint8Array<ArrayBuffer> {
    this.#use("use the memory of");
    return this.#space.pageFlags();
  }

  /**
   * How many bytes of RAM take memory of the host's, how many of these share it with other pages, and whether RAM is a window.
   * @throws WasmvisorError `vm-state`
   */
  statistics(): RamStatistics {
    this.#use("use the memory of");
    return this.#space.ram.statistics();
  }

  /**
   * Gives all pages that share memory of the host's (`Host.shareMemory`) their own again. RAM is one window afterwards, unless another VM
   * still uses a page of the VM's range.
   * @throws WasmvisorError `host-memory` when there is not enough; some pages still share theirs then. `vm-state`
   */
  breakSharing(): void {
    this.#use("use the memory of");
    if (this.#space.ram.breakSharing()) return;
    this.#space.ram.short = false;
    throw outOfMemory();
  }

  /**
   * Begins to note which pages are stored to, by the guest, by devices and by `write`. While that is so, translated code that runs without
   * paging is slower.
   *
   * ```ts
   * let since = vm.memory.trackStores();
   * for (;;) {
   *   const { pages, epoch } = vm.memory.dirtyFrames(since);
   *   for (const page of pages) send(vm.memory.read(vm.memory.start + page * 4096, 4096));
   *   since = epoch;
   * }
   * ```
   *
   * @returns the epoch that begins, for `dirtyFrames`
   * @throws WasmvisorError `host-memory` when there is no room for a table of 4 bytes a page, `vm-state`
   */
  trackStores(): number {
    this.#use("use the memory of");
    return this.#space.ram.trackStores();
  }

  /**
   * The pages stored to in the epoch `since` or later, by number from the start of RAM; a new epoch begins, for the next question.
   * @throws WasmvisorError `memory-tracking` without `trackStores`, `vm-state`
   */
  dirtyFrames(since: number): DirtyFrames {
    this.#use("use the memory of");
    return this.#space.ram.dirtyFrames(since);
  }

  /** Notes no stores any more. @throws WasmvisorError `vm-state` */
  stopTracking(): void {
    this.#use("use the memory of");
    this.#space.ram.stopTracking();
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
