/**
 * The virtual machine generation ID: 16 bytes that are others as soon as a guest has been copied or set back, and an interrupt that says so.
 * (Microsoft, "Virtual Machine Generation ID"; Linux, `microsoft,vmgenid.yaml`, `drivers/virt/vmgenid.c`)
 */

import { array, table, u8, type ValuesIn } from "../state/table.ts";
import type { AccessSize, FdtNode, FdtPlace, IrqLine } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** Bytes of an ID. */
export const GENERATION_BYTES = 16;

const TABLE = table(1, { id: array(u8(), GENERATION_BYTES) });
type GenerationState = ValuesIn<typeof TABLE>;

/** Tells the guest which of its copies it is. */
export class VmGenId implements TableDevice<GenerationState> {
  readonly name = "vmgenid";
  readonly size = GENERATION_BYTES;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table = TABLE;
  private readonly irq: IrqLine;
  private id: Uint8Array;

  /** @param id - 16 bytes */
  constructor(id: Uint8Array, irq: IrqLine) {
    this.id = id.slice();
    this.irq = irq;
  }

  /** A copy of the ID. */
  get generation(): Uint8Array {
    return this.id.slice();
  }

  /** The guest is another one from now on. The machine must be at rest. */
  renew(id: Uint8Array): void {
    this.id = id.slice();
    // What drives a line high makes its interrupt pending; nobody would lower it.
    this.irq.set(true);
    this.irq.set(false);
  }

  load(offset: number, size: number): number {
    let value = 0;
    for (let byte = size - 1; byte >= 0; byte--) value = value * 256 + (this.id[offset + byte] ?? 0);
    return value;
  }

  /** Only the host says who it is. */
  store(): void {}

  /** The ID stays: the guest starts anew, and is no other one. */
  reset(): void {
    this.irq.set(false);
  }

  save(): GenerationState {
    return { id: [...this.id] };
  }

  restore(state: unknown): void {
    this.id = Uint8Array.from(checkedState(this, state).id);
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`vmgenid@${place.pa.toString(16)}`)
      .strings("compatible", "microsoft,vmgenid")
      .cells64("reg", place.pa, place.size)
      .cells("interrupt-parent", place.intc)
      .cells("interrupts", place.irq);
  }
}
