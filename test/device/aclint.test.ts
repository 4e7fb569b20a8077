import { describe, expect, test } from "vitest";
import { Aclint, MSI, MTI } from "../../src/device/aclint.ts";
import { FakeClock, FakeLines } from "./fakes.ts";

const MTIME = 0x7ff8;

function machine(harts = 2) {
  const clock = new FakeClock();
  const lines = new FakeLines();
  const aclint = new Aclint({ harts, clock, setLine: lines.setLine });
  return { clock, lines, aclint, mswi: aclint.mswi, mtimer: aclint.mtimer };
}

describe("MSWI", () => {
  test("bit 0 of msip drives the hart's software interrupt", () => {
    const { mswi, lines } = machine();
    mswi.store(4, 0xffff_ffff);
    expect([mswi.load(0), mswi.load(4)]).toEqual([0, 1]);
    expect([lines.level(0, MSI), lines.level(1, MSI)]).toEqual([false, true]);
    mswi.store(4, 0xffff_fffe);
    expect(lines.level(1, MSI)).toBe(false);
  });

  test("registers of harts that are not there read zero and ignore stores", () => {
    const { mswi, lines } = machine(1);
    const before = lines.changes;
    mswi.store(4, 1);
    expect([mswi.load(4), mswi.load(0x3ffc), lines.changes]).toEqual([0, 0, before]);
  });
});

describe("MTIMER", () => {
  test("mtime counts the clock's ticks", () => {
    const { mtimer, clock } = machine();
    clock.now = 0x1_2345_6789n;
    expect([mtimer.load(MTIME), mtimer.load(MTIME + 4)]).toEqual([0x2345_6789, 1]);
    const word = { low: 0, high: 0 };
    mtimer.load64(MTIME, word);
    expect(word).toEqual({ low: 0x2345_6789, high: 1 });
  });

  test("mtime can be set, and goes on from there", () => {
    const { mtimer, aclint, clock } = machine();
    clock.now = 500n;
    mtimer.store64(MTIME, 100, 0);
    clock.now += 7n;
    expect(aclint.mtime()).toBe(107n);
    mtimer.store(MTIME + 4, 2);
    expect(aclint.mtime()).toBe(0x2_0000_006bn);
  });

  test("the interrupt is pending exactly while mtime is at or beyond mtimecmp", () => {
    const { mtimer, aclint, clock, lines } = machine();
    mtimer.store64(8, 100, 0);
    expect(lines.level(1, MTI)).toBe(false);
    clock.now = 99n;
    aclint.mtimer.update();
    expect(lines.level(1, MTI)).toBe(false);
    clock.now = 100n;
    aclint.mtimer.update();
    expect(lines.level(1, MTI)).toBe(true);
    mtimer.store64(8, 0xffff_ffff, 0xffff_ffff);
    expect(lines.level(1, MTI)).toBe(false);
  });

  test("mtimecmp is 0 after power-on, so the interrupt is pending as in QEMU", () => {
    const { mtimer, lines } = machine();
    expect([mtimer.load(0), mtimer.load(4)]).toEqual([0, 0]);
    expect([lines.level(0, MTI), lines.level(1, MTI)]).toEqual([true, true]);
  });

  test("halves of mtimecmp can be written apart", () => {
    const { mtimer, aclint } = machine();
    mtimer.store(4, 0xffff_ffff);
    mtimer.store(0, 0x1234);
    mtimer.store(4, 1);
    expect(aclint.deadline(0)).toBe(0x1_0000_1234n);
  });

  test("the next deadline is the earliest that has not fired", () => {
    const { mtimer, aclint, clock } = machine();
    expect(aclint.mtimer.nextDeadline()).toBeUndefined();
    mtimer.store64(0, 300, 0);
    mtimer.store64(8, 200, 0);
    expect(aclint.mtimer.nextDeadline()).toBe(200n);
    clock.now = 250n;
    aclint.mtimer.update();
    expect(aclint.mtimer.nextDeadline()).toBe(300n);
  });

  test("its deadline is on the clock's scale, whatever the guest has set mtime to", () => {
    const { mtimer, clock } = machine();
    clock.now = 1000n;
    mtimer.store64(0x7ff8, 0xffff_fff6, 0xffff_ffff);
    mtimer.store64(0, 5, 0);
    mtimer.store64(8, 0xffff_ffff, 0xffff_ffff);
    mtimer.update();
    expect(mtimer.nextDeadline()).toBeUndefined();
    // mtime comes round, and mtimecmp is ahead again.
    clock.now = 1012n;
    mtimer.update();
    expect(mtimer.nextDeadline()).toBe(1015n);
  });

  test("setting mtime moves the deadlines of others, so it ends a slice; mtimecmp has a deadline of its own", () => {
    const { mtimer } = machine();
    expect([0x7ff8, 0x7ffc, 0, 8].map((offset) => mtimer.endsSlice(offset))).toEqual([true, true, false, false]);
  });

  test("reading mtime, and nothing else, is told", () => {
    const read: bigint[] = [];
    const clock = new FakeClock();
    clock.now = 7n;
    const { mtimer } = new Aclint({ harts: 1, clock, setLine: () => undefined, onTimeRead: (now) => read.push(now) });
    clock.now = 9n;
    mtimer.load(0);
    mtimer.load(0x7ff8);
    mtimer.load(0x7ffc);
    mtimer.load64(0x7ff8, { low: 0, high: 0 });
    expect(read).toEqual([9n, 9n, 9n].map((now) => now - 7n));
  });

  test("setting mtime back lowers interrupts that are no longer due", () => {
    const { mtimer, clock, lines } = machine();
    clock.now = 1000n;
    mtimer.store64(0, 900, 0);
    expect(lines.level(0, MTI)).toBe(true);
    mtimer.store64(MTIME, 0, 0);
    expect(lines.level(0, MTI)).toBe(false);
  });

  test("reset starts mtime over", () => {
    const { mtimer, aclint, clock } = machine();
    clock.now = 1000n;
    mtimer.reset();
    expect(aclint.mtime()).toBe(0n);
  });

  test("registers between the comparators and mtime read zero and ignore stores", () => {
    const { mtimer } = machine(1);
    mtimer.store64(8, 1, 1);
    mtimer.store(MTIME - 4, 5);
    expect([mtimer.load(8), mtimer.load(MTIME - 4)]).toEqual([0, 0]);
  });

  test("a restored mtime goes on counting on another clock", () => {
    const { mtimer, clock } = machine();
    clock.now = 12_345n;
    const saved = mtimer.save();
    const other = machine();
    other.clock.now = 9n;
    other.mtimer.restore(saved);
    other.clock.now = 10n;
    expect(other.aclint.mtime()).toBe(12_346n);
  });
});
