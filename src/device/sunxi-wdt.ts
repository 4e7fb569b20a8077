/**
 * The watchdog timer of the Allwinner D1: a guest that does not restart it in time has failed.
 * (D1 User Manual, "Watchdog"; Linux `drivers/watchdog/sunxi_wdt.c`)
 */

import { TICKS_PER_SECOND } from "../backend/clock/clock.ts";
import { flag, optional, table, u32, u64, type ValuesIn, where } from "../state/table.ts";
import type { AccessSize, Clock, FdtNode, FdtPlace } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

enum Register {
  STATUS = 0x04,
  CONTROL = 0x10,
  CONFIGURATION = 0x14,
  MODE = 0x18,
}

/** What restarts it, in CONTROL. */
const RESTART = (0xa57 << 1) | 1;
/** The high half of what is stored to CONFIGURATION and MODE. */
const KEY = 0x16aa;

const CONFIGURATION_BITS = 3;
/** CONFIGURATION: it resets the whole system; else it notes in STATUS that it would. */
const WHOLE_SYSTEM = 1;
const ENABLED = 1;
const MODE_BITS = 0xf1;
/** MODE, bits 4 to 7: tenths of a second. */
const TENTHS = [5, 10, 20, 30, 40, 50, 60, 80, 100, 120, 140, 160];

const bits = (most: number) => where(u32(), (value) => (value & ~most) === 0);
const TABLE = table(1, {
  configuration: bits(CONFIGURATION_BITS),
  mode: bits(MODE_BITS),
  expired: flag(),
  deadline: optional(u64()),
});
type WatchdogState = ValuesIn<typeof TABLE>;

/** A timer that the guest restarts for as long as it is well. */
export class SunxiWdt implements TableDevice<WatchdogState> {
  readonly name = "watchdog";
  readonly size = 0x20;
  readonly access = { min: 4 as AccessSize, max: 4 as AccessSize };
  readonly table = TABLE;
  private readonly clock: Clock;
  private readonly onExpired: () => void;
  private configuration = WHOLE_SYSTEM;
  private mode = 0;
  private expired = false;
  private deadline: bigint | undefined;

  /** @param onExpired - the guest has failed; a hart may be running */
  constructor(clock: Clock, onExpired: () => void) {
    this.clock = clock;
    this.onExpired = onExpired;
  }

  nextDeadline(): bigint | undefined {
    return this.deadline;
  }

  update(): void {
    if (this.deadline === undefined || this.clock.ticks() < this.deadline) return;
    this.deadline = undefined;
    this.expired = true;
    if (this.configuration === WHOLE_SYSTEM) this.onExpired();
  }

  load(offset: number): number {
    switch (offset) {
      case Register.STATUS:
        return this.expired ? 1 : 0;
      case Register.CONFIGURATION:
        return this.configuration;
      case Register.MODE:
        return this.mode;
      default:
        return 0;
    }
  }

  store(offset: number, value: number): void {
    const isMeant = value >>> 16 === KEY;
    if (offset === Register.STATUS && (value & 1) !== 0) this.expired = false;
    else if (offset === Register.CONTROL && (value & 0x1fff) === RESTART) this.restart();
    else if (offset === Register.CONFIGURATION && isMeant) this.configuration = value & CONFIGURATION_BITS;
    else if (offset === Register.MODE && isMeant) this.setMode(value & MODE_BITS);
  }

  reset(): void {
    this.configuration = WHOLE_SYSTEM;
    this.mode = 0;
    this.expired = false;
    this.deadline = undefined;
  }

  save(): WatchdogState {
    const { configuration, mode, expired, deadline } = this;
    return { configuration, mode, expired, deadline };
  }

  restore(state: unknown): void {
    const { configuration, mode, expired, deadline } = checkedState(this, state);
    Object.assign(this, { configuration, mode, expired, deadline });
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`watchdog@${place.pa.toString(16)}`)
      .strings("compatible", "allwinner,sun20i-d1-wdt")
      .cells64("reg", place.pa, place.size);
  }

  /** Counts from now on, if it runs. */
  private restart(): void {
    if ((this.mode & ENABLED) === 0) return;
    const tenths = TENTHS[this.mode >>> 4] ?? TENTHS.at(-1)!;
    this.deadline = this.clock.ticks() + BigInt((tenths * TICKS_PER_SECOND) / 10);
  }

  private setMode(mode: number): void {
    const ran = (this.mode & ENABLED) !== 0;
    this.mode = mode;
    if ((mode & ENABLED) === 0) this.deadline = undefined;
    else if (!ran) this.restart();
  }
}
