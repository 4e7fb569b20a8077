import { describe, expect, test } from "vitest";
import { GoldfishRtc } from "../../src/device/goldfish-rtc.ts";
import { FakeClock, FakeLine } from "./fakes.ts";

const [TIME_LOW, TIME_HIGH, ALARM_LOW, ALARM_HIGH] = [0x00, 0x04, 0x08, 0x0c];
const [IRQ_ENABLED, CLEAR_ALARM, ALARM_STATUS, CLEAR_INTERRUPT] = [0x10, 0x14, 0x18, 0x1c];

function machine() {
  const clock = new FakeClock();
  const irq = new FakeLine();
  return { clock, irq, rtc: new GoldfishRtc(clock, irq) };
}

function setAlarm(rtc: GoldfishRtc, nanoseconds: bigint): void {
  rtc.store(ALARM_HIGH, Number(nanoseconds >> 32n));
  rtc.store(ALARM_LOW, Number(nanoseconds & 0xffff_ffffn));
}

function time(rtc: GoldfishRtc): bigint {
  const low = BigInt(rtc.load(TIME_LOW));
  return (BigInt(rtc.load(TIME_HIGH)) << 32n) | low;
}

describe("time", () => {
  test("is the clock's wall time in nanoseconds", () => {
    const { rtc, clock } = machine();
    expect(time(rtc)).toBe(clock.wall);
  });

  test("its high half is latched by reading the low half", () => {
    const { rtc, clock } = machine();
    clock.wall = 0x1_ffff_fff0n;
    rtc.load(TIME_LOW);
    clock.wall = 0x2_0000_0000n;
    expect(rtc.load(TIME_HIGH)).toBe(1);
  });

  test("can be set, and goes on from there", () => {
    const { rtc, clock } = machine();
    rtc.store(TIME_HIGH, 5);
    rtc.store(TIME_LOW, 100);
    clock.wall += 11n;
    expect(time(rtc)).toBe((5n << 32n) + 111n);
  });

  test("survives a reset", () => {
    const { rtc } = machine();
    rtc.store(TIME_HIGH, 5);
    rtc.store(TIME_LOW, 100);
    rtc.reset();
    expect(time(rtc)).toBe((5n << 32n) + 100n);
  });
});

describe("alarm", () => {
  test("interrupts when its time has come and it is enabled", () => {
    const { rtc, clock, irq } = machine();
    rtc.store(IRQ_ENABLED, 1);
    setAlarm(rtc, clock.wall + 1000n);
    expect([rtc.load(ALARM_STATUS), rtc.nextDeadline()]).toEqual([1, 10n]);
    clock.wall += 999n;
    rtc.update();
    expect(irq.level).toBe(false);
    clock.wall += 1n;
    rtc.update();
    expect([irq.level, rtc.load(ALARM_STATUS), rtc.nextDeadline()]).toEqual([true, 0, undefined]);
    rtc.store(CLEAR_INTERRUPT, 0);
    expect(irq.level).toBe(false);
  });

  test("in the past fires at once", () => {
    const { rtc, clock, irq } = machine();
    rtc.store(IRQ_ENABLED, 1);
    setAlarm(rtc, clock.wall - 1n);
    expect(irq.level).toBe(true);
  });

  test("that fired while disabled interrupts when enabled", () => {
    const { rtc, clock, irq } = machine();
    setAlarm(rtc, clock.wall);
    expect(irq.level).toBe(false);
    rtc.store(IRQ_ENABLED, 0xff);
    expect([irq.level, rtc.load(IRQ_ENABLED)]).toEqual([true, 1]);
  });

  test("can be cleared before it fires", () => {
    const { rtc, clock, irq } = machine();
    rtc.store(IRQ_ENABLED, 1);
    setAlarm(rtc, clock.wall + 10n);
    rtc.store(CLEAR_ALARM, 0);
    clock.wall += 100n;
    rtc.update();
    expect([irq.level, rtc.load(ALARM_STATUS)]).toEqual([false, 0]);
  });

  test("reads back", () => {
    const { rtc } = machine();
    setAlarm(rtc, 0x7000_0001_8000_0002n);
    expect([rtc.load(ALARM_LOW), rtc.load(ALARM_HIGH)]).toEqual([0x8000_0002, 0x7000_0001]);
  });
});
