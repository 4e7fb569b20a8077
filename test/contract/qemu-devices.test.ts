/** Long random runs of register accesses, here and in QEMU, must read the same. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeBoard } from "../machine/board.ts";
import { qemuAccesses } from "./qtest.ts";
import type { Access } from "./qtest.ts";

const HARTS = 2;

function ourAccesses(accesses: readonly Access[]): number[] {
  const { bus } = fakeBoard({ harts: HARTS }).board;
  const read: number[] = [];
  for (const { pa, size, value } of accesses) {
    Object.assign(bus.data, { low: value ?? 0, high: 0 });
    const answered = value === undefined ? bus.load(pa, size) : bus.store(pa, size);
    expect(answered).toBe(true);
    if (value === undefined) read.push(bus.data.high * 2 ** 32 + bus.data.low);
  }
  return read;
}

/** `count` of the accesses, the same for the same seed. */
function sample(seed: number, count: number, access: fc.Arbitrary<Access>): Access[] {
  // Copies, so that each can be told apart in a report.
  return fc.sample(access, { seed, numRuns: count }).map((one) => ({ ...one }));
}

function compare(accesses: readonly Access[]): void {
  const [ours, theirs] = [ourAccesses(accesses), qemuAccesses(HARTS, accesses)];
  const loads = accesses.filter(({ value }) => value === undefined);
  const at = ours.findIndex((value, index) => value !== theirs[index]);
  if (at >= 0) {
    const upTo = accesses.indexOf(loads[at]!) + 1;
    const history = accesses.slice(Math.max(0, upTo - 40), upTo);
    const show = ({ pa, size, value }: Access) =>
      `${pa.toString(16)}/${size}${value === undefined ? "" : ` = ${value.toString(16)}`}`;
    throw new Error(
      `here ${ours[at]!.toString(16)}, QEMU ${theirs[at]!.toString(16)} after\n${history.map(show).join("\n")}`,
    );
  }
  expect(theirs.length).toBe(loads.length);
}

/** Loads or stores of one size at a choice of addresses. */
function accessTo(size: 1 | 4, places: fc.Arbitrary<number>, values: fc.Arbitrary<number>): fc.Arbitrary<Access> {
  return fc.oneof(
    places.map((pa): Access => ({ pa, size })),
    fc.tuple(places, values).map(([pa, value]): Access => ({ pa, size, value })),
  );
}

const UART = 0x1000_0000;
const PLIC = 0xc00_0000;
const RTC = 0x10_1000;

test.each([1, 2, 3])("the UART, in and out of loopback (seed %i)", (seed) => {
  const register = fc.nat(7).map((offset) => UART + offset);
  compare(sample(seed, 3000, accessTo(1, register, fc.nat(0xff))));
});

test.each([1, 2])("the UART with its FIFO in loopback (seed %i)", (seed) => {
  const receive = accessTo(1, fc.constantFrom(UART, UART + 2, UART + 5), fc.nat(0xff));
  const settings = fc.constantFrom<Access>(
    { pa: UART + 4, size: 1, value: 0x1b },
    { pa: UART + 2, size: 1, value: 0xc1 },
    { pa: UART + 2, size: 1, value: 0x81 },
    { pa: UART + 1, size: 1, value: 0x07 },
    { pa: UART + 1, size: 1, value: 0x05 },
  );
  const send = fc.nat(0xff).map((value): Access => ({ pa: UART, size: 1, value }));
  compare(
    sample(
      seed,
      4000,
      fc.oneof({ weight: 6, arbitrary: send }, { weight: 6, arbitrary: receive }, { weight: 1, arbitrary: settings }),
    ),
  );
});

test.each([1, 2])("the PLIC, with the UART as its source (seed %i)", (seed) => {
  const context = fc.nat(2 * HARTS - 1);
  const place = fc.oneof(
    fc.integer({ min: 1, max: 95 }).map((irq) => PLIC + irq * 4),
    fc.constant(PLIC + 40),
    fc.tuple(context, fc.nat(2)).map(([target, word]) => PLIC + 0x2000 + target * 0x80 + word * 4),
    context.map((target) => PLIC + 0x20_0000 + target * 0x1000),
  );
  const value = fc.oneof(fc.nat(7), fc.nat(0xffff_ffff), fc.constant(0xffff_ffff)).map((bits) => (bits & ~1) >>> 0);
  const claim = context.map((target): Access => ({ pa: PLIC + 0x20_0004 + target * 0x1000, size: 4 }));
  const complete = context.map((target): Access => ({ pa: PLIC + 0x20_0004 + target * 0x1000, size: 4, value: 10 }));
  const request: Access[] = [2, 0].map((ier) => ({ pa: UART + 1, size: 1, value: ier }));
  const service = fc.array(fc.oneof(claim, accessTo(4, place, value)), { maxLength: 4 });
  const rounds = fc
    .array(fc.tuple(service, complete, service), { minLength: 400, maxLength: 400 })
    .map((list) => list.flatMap(([before, done, after]) => [...request, ...before, done, ...after]));
  compare(fc.sample(rounds, { seed, numRuns: 1 })[0]!);
});

test.each([1, 2, 3])("when a source becomes pending, whatever its line and the guest do (seed %i)", (seed) => {
  const at = (pa: number, value?: number): Access => ({ pa, size: 4, ...(value === undefined ? {} : { value }) });
  const uart: fc.Arbitrary<Access> = fc.oneof(
    fc.constantFrom(UART, UART + 1, UART + 2, UART + 5, UART + 6).map((pa): Access => ({ pa, size: 1 })),
    fc.nat(0x0f).map((value): Access => ({ pa: UART + 1, size: 1, value })),
    fc.constantFrom<Access>(
      { pa: UART, size: 1, value: 0x41 },
      { pa: UART + 2, size: 1, value: 0x01 },
      { pa: UART + 2, size: 1, value: 0x07 },
      { pa: UART + 2, size: 1, value: 0x00 },
      { pa: UART + 4, size: 1, value: 0x10 },
      { pa: UART + 4, size: 1, value: 0x08 },
    ),
  );
  // The alarm is never in the future, so that it fires at once or not at all.
  const rtc = fc.constantFrom<Access>(
    at(RTC + 0x10, 1),
    at(RTC + 0x10, 0),
    at(RTC + 0x08, 1),
    at(RTC + 0x14, 1),
    at(RTC + 0x1c, 1),
  );
  const claimed = fc.constantFrom<Access>(
    at(PLIC + 0x20_0004),
    at(PLIC + 0x20_0004, 10),
    at(PLIC + 0x20_0004, 11),
    at(PLIC + 0x20_1004),
    at(PLIC + 0x20_1004, 10),
  );
  const look = fc.constant(at(PLIC + 0x1000));
  const setup = [10, 11].map((irq) => at(PLIC + irq * 4, 1));
  const enabled = [0, 1].map((context) => at(PLIC + 0x2000 + context * 0x80, 0xc00));
  compare([...setup, ...enabled, ...sample(seed, 4000, fc.oneof(uart, rtc, claimed, look))]);
});

test("the CLINT's software interrupts and comparators", () => {
  const place = fc.oneof(
    fc.nat(HARTS + 2).map((hart) => 0x200_0000 + hart * 4),
    fc.nat(2 * HARTS + 3).map((word) => 0x200_4000 + word * 4),
  );
  compare(sample(1, 2000, accessTo(4, place, fc.nat(0xffff_ffff))));
});

test("the RTC's alarm", () => {
  const place = fc.constantFrom(0x08, 0x0c, 0x10, 0x14, 0x18, 0x1c).map((offset) => 0x10_1000 + offset);
  const high = fc.integer({ min: 0x7000_0000, max: 0x7fff_ffff });
  const start: Access = { pa: 0x10_100c, size: 4, value: 0x7000_0000 };
  compare(
    sample(
      1,
      2000,
      fc.oneof(
        accessTo(
          4,
          place.filter((pa) => pa !== 0x10_100c),
          high,
        ),
        fc.constant(start),
      ),
    ),
  );
});

test("empty virtio slots", () => {
  const place = fc.tuple(fc.nat(7), fc.nat(0x7f)).map(([slot, word]) => 0x1000_1000 + slot * 0x1000 + word * 4);
  compare(sample(1, 2000, accessTo(4, place, fc.nat(0xffff_ffff))));
});
