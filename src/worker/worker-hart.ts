/** A hart of a VM in a worker. */

import { type Address, virtualAddress } from "../memory/address.ts";
import type { AccessName, Hart, HartCounters } from "../vmm/hart.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** A `Hart` whose members answer by promise. */
export class WorkerHart {
  /** Its number, which is also `mhartid`. */
  readonly index: number;
  readonly #hart: Remote<Hart>;

  /** @internal */
  constructor(seat: Seat, index: number) {
    this.index = index;
    this.#hart = new Remote<Hart>(seat, "hart", index);
  }

  /** Virtual address of the next instruction. */
  get pc(): Promise<bigint> {
    return this.#hart.get("pc");
  }

  /** Has it go on at virtual address `va`. */
  async setPc(va: Address): Promise<void> {
    await this.#hart.set("pc", virtualAddress(va));
  }

  /** The privilege mode. */
  get mode(): Promise<"U" | "S" | "M"> {
    return this.#hart.get("mode");
  }

  /** True while the hart waits for an interrupt. */
  get waiting(): Promise<boolean> {
    return this.#hart.get("waiting");
  }

  /** As `Hart.x`. */
  x(number: number): Promise<bigint> {
    return this.#hart.call("x", number);
  }

  /** As `Hart.setX`. */
  setX(number: number, value: bigint): Promise<void> {
    return this.#hart.call("setX", number, value);
  }

  /** As `Hart.f`. */
  f(number: number): Promise<bigint> {
    return this.#hart.call("f", number);
  }

  /** As `Hart.setF`. */
  setF(number: number, bits: bigint): Promise<void> {
    return this.#hart.call("setF", number, bits);
  }

  /** As `Hart.csr`. */
  csr(csr: string | number): Promise<bigint> {
    return this.#hart.call("csr", csr);
  }

  /** As `Hart.setCsr`. */
  setCsr(csr: string | number, value: bigint): Promise<void> {
    return this.#hart.call("setCsr", csr, value);
  }

  /** As `Hart.translate`. */
  translate(va: Address, access: AccessName = "load"): Promise<number | undefined> {
    return this.#hart.call("translate", va, access);
  }

  /** As `Hart.read`. */
  read(va: Address, length: number): Promise<Uint8Array> {
    return this.#hart.call("read", va, length);
  }

  /** As `Hart.write`. */
  write(va: Address, bytes: Uint8Array): Promise<void> {
    return this.#hart.call("write", va, bytes);
  }

  /** As `Hart.counters`. */
  counters(): Promise<HartCounters> {
    return this.#hart.call("counters");
  }
}
