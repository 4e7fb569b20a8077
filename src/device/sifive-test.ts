/** The SiFive test finisher: one register that switches the machine off. (QEMU `hw/misc/sifive_test.c`) */

import { table } from "../state/table.ts";
import type { AccessSize, FdtNode, FdtPlace } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

/** What a guest wants done with the machine. */
export type PowerEvent =
  | { readonly kind: "poweroff"; /** Exit code for the host. */ readonly code: number }
  | { readonly kind: "reset" };

const FAIL = 0x3333;
const PASS = 0x5555;
const RESET = 0x7777;

/** Stores at offset 0: the low half says what, the high half is the exit code of FAIL. */
export class SifiveTest implements TableDevice {
  readonly name = "test";
  readonly size = 0x1000;
  /** It has no state. */
  readonly table = table(1, {});
  readonly access = { min: 2 as AccessSize, max: 4 as AccessSize };
  private readonly onPower: (event: PowerEvent) => void;

  constructor(onPower: (event: PowerEvent) => void) {
    this.onPower = onPower;
  }

  load(): number {
    return 0;
  }

  store(offset: number, value: number): void {
    if (offset !== 0) return;
    const code = value >>> 16;
    switch (value & 0xffff) {
      case FAIL:
        return this.onPower({ kind: "poweroff", code });
      case PASS:
        return this.onPower({ kind: "poweroff", code: 0 });
      case RESET:
        return this.onPower({ kind: "reset" });
    }
  }

  /** What the guest asks for is due before its next instruction. */
  endsSlice(offset: number): boolean {
    return offset === 0;
  }

  reset(): void {}

  save(): Record<string, never> {
    return {};
  }

  restore(state: unknown): void {
    checkedState(this, state);
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`test@${place.pa.toString(16)}`)
      .strings("compatible", "sifive,test1", "sifive,test0", "syscon")
      .cells64("reg", place.pa, place.size)
      .cells("phandle", place.phandle);
  }
}
