/** A virtio-mmio slot with no device in it. (Virtual I/O Device Specification, "MMIO Device Register Layout") */

import { table } from "../../state/table.ts";
import type { AccessSize, FdtNode, FdtPlace } from "../device.ts";
import { checkedState, type TableDevice } from "../state.ts";
import { MAGIC, VENDOR_QEMU, VERSION, type VirtioLayout, virtioMmioNode } from "./mmio.ts";

/** DeviceID 0: drivers look at the magic value and go away. */
export class EmptyVirtioSlot implements TableDevice {
  readonly name: string;
  readonly size = 0x200;
  /** It has no state. */
  readonly table = table(1, {});
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };

  readonly #version: number;

  constructor(slot: number, layout: VirtioLayout = "legacy") {
    this.name = `virtio${slot}`;
    this.#version = VERSION[layout];
  }

  load(offset: number, size: number): number {
    const word = offset === 0 ? MAGIC : offset === 4 ? this.#version : offset === 12 ? VENDOR_QEMU : 0;
    return size === 4 ? word : word % 2 ** (8 * size);
  }

  store(): void {}

  reset(): void {}

  save(): Record<string, never> {
    return {};
  }

  restore(state: unknown): void {
    checkedState(this, state);
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    virtioMmioNode(parent, place);
  }
}
