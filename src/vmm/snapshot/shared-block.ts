/** A disk that several VMs read. */

import { WasmvisorError } from "../../error.ts";
import type { BlockBackend, BlockInfo, Done, Extent } from "../../backend/block/block.ts";

/** One of the uses of a disk that nobody changes; the disk is closed when the last of them is. */
export class SharedBlock implements BlockBackend {
  readonly readonly = true;
  /** Whether those who use it have changes of their own over it. */
  readonly isChanged: boolean;
  readonly #below: BlockBackend;
  readonly #uses: { count: number };
  #isOpen = true;

  constructor(below: BlockBackend, isChanged: boolean, uses = { count: 0 }) {
    this.#below = below;
    this.isChanged = isChanged;
    this.#uses = uses;
    uses.count++;
  }

  /** One use more. */
  share(): SharedBlock {
    return new SharedBlock(this.#below, this.isChanged, this.#uses);
  }

  get size(): number {
    return this.#below.size;
  }

  get synchronous(): boolean {
    return this.#below.synchronous;
  }

  get prefersLarge(): boolean {
    return this.#below.prefersLarge ?? false;
  }

  get info(): BlockInfo {
    return this.#below.info;
  }

  read(at: number, into: Uint8Array): Done {
    if (!this.#isOpen) throw new WasmvisorError("block-closed", "The disk has been closed; open it anew.");
    return this.#below.read(at, into);
  }

  write(): never {
    throw new WasmvisorError("block-readonly", "The disk is shared by several VMs, and none may change it.");
  }

  flush(): void {}

  flushNow(): void {}

  extent(at: number): Done<Extent> {
    const extent = this.#below.extent?.(at);
    return extent ?? { length: this.size - at, kind: "data" };
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (--this.#uses.count === 0) await this.#below.close();
  }
}
