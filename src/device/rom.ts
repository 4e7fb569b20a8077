/** Read-only memory on the bus: the board's mask ROM. Stores are ignored, as QEMU does. */

import { bytes, table, where } from "../state/table.ts";
import type { AccessSize } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** The contents up to the last byte that is not zero. */
const romTable = (size: number) => table(1, { bytes: where(bytes(size), (contents) => contents.at(-1) !== 0) });

/** A ROM whose contents the board writes. */
export class Rom implements TableDevice<{ bytes: Uint8Array }> {
  readonly name: string;
  readonly size: number;
  readonly access = { min: 1 as AccessSize, max: 8 as AccessSize };
  readonly table: ReturnType<typeof romTable>;
  /** What it holds; the board fills it. */
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(name: string, size: number) {
    this.name = name;
    this.size = size;
    this.table = romTable(size);
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  load(offset: number, size: number): number {
    if (size === 1) return this.view.getUint8(offset);
    return size === 2 ? this.view.getUint16(offset, true) : this.view.getUint32(offset, true);
  }

  store(): void {}

  /** The contents are the board's and stay. */
  reset(): void {}

  save(): { bytes: Uint8Array } {
    return { bytes: this.bytes.slice(0, this.bytes.findLastIndex((byte) => byte !== 0) + 1) };
  }

  restore(state: unknown): void {
    const { bytes: contents } = checkedState(this, state);
    this.bytes.fill(0);
    this.bytes.set(contents);
  }
}
