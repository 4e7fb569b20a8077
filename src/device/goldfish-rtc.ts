/** The Goldfish real-time clock: nanoseconds since 1970, and an alarm. (QEMU `hw/rtc/goldfish_rtc.c`) */

import { NANOSECONDS_PER_TICK } from "../backend/clock/clock.ts";
import { flag, table, u32, u64, type ValuesIn } from "../state/table.ts";
import type { AccessSize, Clock, FdtNode, FdtPlace, IrqLine } from "./device.ts";
import { checkedState, type TableDevice } from "./state.ts";

enum Register {
  TIME_LOW = 0x00,
  TIME_HIGH = 0x04,
  ALARM_LOW = 0x08,
  ALARM_HIGH = 0x0c,
  IRQ_ENABLED = 0x10,
  CLEAR_ALARM = 0x14,
  ALARM_STATUS = 0x18,
  CLEAR_INTERRUPT = 0x1c,
}

const LOW = 0xffff_ffffn;
const NANOSECONDS = BigInt(NANOSECONDS_PER_TICK);

const TABLE = table(1, {
  offset: u64(),
  timeHigh: u32(),
  alarm: u64(),
  armed: flag(),
  pending: flag(),
  enabled: flag(),
});
type RtcState = ValuesIn<typeof TABLE>;

/** Time of day for the guest. */
export class GoldfishRtc implements TableDevice<RtcState> {
  readonly name = "rtc";
  readonly size = 0x24;
  readonly access = { min: 4 as AccessSize, max: 4 as AccessSize };
  readonly table = TABLE;
  private readonly clock: Clock;
  private readonly irq: IrqLine;
  /** The guest's time minus the clock's, modulo 2^64. */
  private offset = 0n;
  /** The high half as it was when the low half was last read. */
  private timeHigh = 0;
  private alarm = 0n;
  private armed = false;
  private pending = false;
  private enabled = false;

  constructor(clock: Clock, irq: IrqLine) {
    this.clock = clock;
    this.irq = irq;
  }

  /** When the alarm fires. */
  nextDeadline(): bigint | undefined {
    if (!this.armed) return undefined;
    const now = this.now();
    const left = this.alarm > now ? this.alarm - now : 0n;
    return this.clock.ticks() + (left + NANOSECONDS - 1n) / NANOSECONDS;
  }

  /** Fires the alarm if its time has come. */
  update(): void {
    if (this.armed && this.now() >= this.alarm) this.fire();
  }

  load(offset: number): number {
    switch (offset) {
      case Register.TIME_LOW: {
        const now = this.now();
        this.timeHigh = Number(now >> 32n);
        return Number(now & LOW);
      }
      case Register.TIME_HIGH:
        return this.timeHigh;
      case Register.ALARM_LOW:
        return Number(this.alarm & LOW);
      case Register.ALARM_HIGH:
        return Number(this.alarm >> 32n);
      case Register.IRQ_ENABLED:
        return this.enabled ? 1 : 0;
      case Register.ALARM_STATUS:
        return this.armed ? 1 : 0;
      default:
        return 0;
    }
  }

  store(offset: number, value: number): void {
    switch (offset) {
      case Register.TIME_LOW:
        return this.setTime((this.now() & ~LOW) | BigInt(value));
      case Register.TIME_HIGH:
        return this.setTime((this.now() & LOW) | (BigInt(value) << 32n));
      case Register.ALARM_LOW:
        this.alarm = (this.alarm & ~LOW) | BigInt(value);
        this.armed = true;
        return this.update();
      case Register.ALARM_HIGH:
        this.alarm = (this.alarm & LOW) | (BigInt(value) << 32n);
        return;
      case Register.IRQ_ENABLED:
        this.enabled = (value & 1) !== 0;
        return this.drive();
      case Register.CLEAR_ALARM:
        this.armed = false;
        return;
      case Register.CLEAR_INTERRUPT:
        this.pending = false;
        return this.drive();
    }
  }

  /** The time survives a reset, as it would on battery. */
  reset(): void {
    this.alarm = 0n;
    this.armed = false;
    this.pending = false;
    this.enabled = false;
    this.drive();
  }

  save(): RtcState {
    const { offset, timeHigh, alarm, armed, pending, enabled } = this;
    return { offset, timeHigh, alarm, armed, pending, enabled };
  }

  restore(state: unknown): void {
    Object.assign(this, checkedState(this, state));
    this.drive();
  }

  fdt(parent: FdtNode, place: FdtPlace): void {
    parent
      .node(`rtc@${place.pa.toString(16)}`)
      .strings("compatible", "google,goldfish-rtc")
      .cells64("reg", place.pa, place.size)
      .cells("interrupt-parent", place.intc)
      .cells("interrupts", place.irq);
  }

  private now(): bigint {
    return BigInt.asUintN(64, this.clock.wallNanoseconds() + this.offset);
  }

  private setTime(time: bigint): void {
    this.offset = BigInt.asUintN(64, time - this.clock.wallNanoseconds());
  }

  private fire(): void {
    this.armed = false;
    this.pending = true;
    this.drive();
  }

  private drive(): void {
    this.irq.set(this.pending && this.enabled);
  }
}
