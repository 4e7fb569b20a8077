import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MEI, Plic, SEI } from "../../src/device/plic.ts";
import { FakeLines } from "./fakes.ts";

const PENDING = 0x1000;
const enable = (context: number, word = 0) => 0x2000 + context * 0x80 + word * 4;
const threshold = (context: number) => 0x20_0000 + context * 0x1000;
const claim = (context: number) => threshold(context) + 4;

function machine(harts = 1) {
  const lines = new FakeLines();
  const plic = new Plic({ harts, sources: 96, setLine: lines.setLine });
  return { plic, lines };
}

/** A PLIC whose context 1 (hart 0, S) hears of sources 1 to 95 with priority 1. */
function open(harts = 1) {
  const { plic, lines } = machine(harts);
  for (let irq = 1; irq < 96; irq++) plic.store(irq * 4, 1);
  for (let word = 0; word < 3; word++) plic.store(enable(1, word), 0xffff_ffff);
  return { plic, lines };
}

describe("registers", () => {
  test("priorities keep three bits; source 0 has none", () => {
    const { plic } = machine();
    plic.store(0, 7);
    plic.store(4, 0xff);
    plic.store(95 * 4, 3);
    plic.store(96 * 4, 3);
    expect([0, 4, 95 * 4, 96 * 4].map((offset) => plic.load(offset))).toEqual([0, 7, 3, 0]);
  });

  test("enable bits exist for sources 1 to 95 of each context", () => {
    const { plic } = machine();
    for (const context of [0, 1, 2])
      for (let word = 0; word < 4; word++) plic.store(enable(context, word), 0xffff_ffff);
    expect([0, 1, 2, 3].map((word) => plic.load(enable(1, word)))).toEqual([0xffff_fffe, 0xffff_ffff, 0xffff_ffff, 0]);
    expect(plic.load(enable(2))).toBe(0);
  });

  test("pending bits rise with the lines, stay when they fall, and ignore stores", () => {
    const { plic } = machine();
    plic.line(10).set(true);
    plic.line(33).set(true);
    plic.store(PENDING, 0xffff_ffff);
    expect([plic.load(PENDING), plic.load(PENDING + 4)]).toEqual([1 << 10, 2]);
    plic.line(10).set(false);
    plic.store(PENDING, 0);
    expect(plic.load(PENDING)).toBe(1 << 10);
  });

  test("thresholds keep three bits", () => {
    const { plic } = machine();
    plic.store(threshold(1), 0xfd);
    expect(plic.load(threshold(1))).toBe(5);
  });
});

describe("claim and complete", () => {
  test("claim returns the highest-priority pending source, the lowest number among equals", () => {
    const { plic } = open();
    plic.store(40 * 4, 5);
    for (const irq of [3, 40, 2]) plic.line(irq).set(true);
    expect([plic.load(claim(1)), plic.load(claim(1)), plic.load(claim(1)), plic.load(claim(1))]).toEqual([40, 2, 3, 0]);
  });

  test("a claimed source stays silent until it is completed", () => {
    const { plic, lines } = open();
    plic.line(10).set(true);
    expect(plic.load(claim(1))).toBe(10);
    expect([lines.level(0, SEI), plic.load(PENDING)]).toEqual([false, 0]);
    plic.line(10).set(true);
    expect([lines.level(0, SEI), plic.load(PENDING), plic.load(claim(1))]).toEqual([false, 1 << 10, 0]);
    plic.store(claim(1), 10);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([true, 10]);
  });

  test("a line that is high and stays so is served once, and again each time that its device says so", () => {
    const { plic, lines } = open();
    const line = plic.line(10);
    line.set(true);
    for (let times = 0; times < 3; times++) {
      expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([true, 10]);
      plic.store(claim(1), 10);
      expect([lines.level(0, SEI), plic.load(PENDING), plic.load(claim(1))]).toEqual([false, 0, 0]);
      line.set(true);
    }
  });

  test("a line lowered during service is not pending after completion, unless it was raised in it, as in QEMU", () => {
    const { plic, lines } = open();
    plic.line(10).set(true);
    plic.load(claim(1));
    plic.line(10).set(false);
    plic.store(claim(1), 10);
    expect(lines.level(0, SEI)).toBe(false);
    for (const level of [true, true, false]) {
      plic.line(10).set(level);
      plic.load(claim(1));
    }
    plic.store(claim(1), 10);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([true, 10]);
  });

  test("a line lowered before the claim is still served, once", () => {
    const { plic, lines } = open();
    plic.line(10).set(true);
    plic.line(10).set(false);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([true, 10]);
    plic.store(claim(1), 10);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([false, 0]);
  });

  test("completion works for a source that is disabled meanwhile, as Linux needs and QEMU does", () => {
    const { plic, lines } = open();
    plic.line(10).set(true);
    plic.load(claim(1));
    plic.line(10).set(true);
    plic.store(enable(1), 0);
    plic.store(claim(1), 10);
    plic.store(enable(1), 1 << 10);
    expect(lines.level(0, SEI)).toBe(true);
  });

  test("completing what does not exist changes nothing", () => {
    const { plic, lines } = open();
    plic.line(10).set(true);
    plic.load(claim(1));
    plic.store(claim(1), 96);
    plic.store(claim(1), 0xffff_ffff);
    expect(lines.level(0, SEI)).toBe(false);
  });
});

describe("lines to harts", () => {
  test("contexts are M then S of each hart", () => {
    const { plic, lines } = machine(2);
    plic.store(5 * 4, 1);
    plic.line(5).set(true);
    for (const [context, hart, irq] of [
      [0, 0, MEI],
      [1, 0, SEI],
      [2, 1, MEI],
      [3, 1, SEI],
    ] as const) {
      plic.store(enable(context), 1 << 5);
      expect(lines.level(hart, irq)).toBe(true);
      plic.store(enable(context), 0);
      expect(lines.level(hart, irq)).toBe(false);
    }
  });

  test("a source must have a priority above the threshold", () => {
    const { plic, lines } = open();
    plic.line(7).set(true);
    expect(lines.level(0, SEI)).toBe(true);
    plic.store(threshold(1), 1);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([false, 0]);
    plic.store(7 * 4, 2);
    expect(lines.level(0, SEI)).toBe(true);
  });

  test("priority 0 never interrupts", () => {
    const { plic, lines } = open();
    plic.store(7 * 4, 0);
    plic.line(7).set(true);
    expect([lines.level(0, SEI), plic.load(claim(1))]).toEqual([false, 0]);
  });

  test("lines change only when their level does", () => {
    const { plic, lines } = open();
    plic.line(7).set(true);
    const { changes } = lines;
    plic.line(7).set(true);
    plic.line(8).set(true);
    plic.line(200).set(true);
    expect(lines.changes).toBe(changes);
  });

  test("reset closes everything but keeps the devices' levels", () => {
    const { plic, lines } = open();
    plic.line(7).set(true);
    plic.load(claim(1));
    plic.reset();
    expect([lines.level(0, SEI), plic.load(7 * 4), plic.load(enable(1)), plic.load(PENDING)]).toEqual([
      false,
      0,
      0,
      1 << 7,
    ]);
  });
});

test("a claim is always the best of what is pending, enabled and above the threshold", () => {
  const source = fc.record({ irq: fc.integer({ min: 1, max: 95 }), priority: fc.nat(7), enabled: fc.boolean() });
  fc.assert(
    fc.property(fc.uniqueArray(source, { selector: ({ irq }) => irq }), fc.nat(7), (sources, level) => {
      const { plic } = machine();
      plic.store(threshold(1), level);
      const words = [0, 0, 0];
      for (const { irq, priority, enabled } of sources) {
        plic.store(irq * 4, priority);
        plic.line(irq).set(true);
        if (enabled) words[irq >>> 5]! |= 1 << (irq & 31);
      }
      words.forEach((bits, word) => plic.store(enable(1, word), bits >>> 0));
      const expected = sources
        .filter(({ enabled, priority }) => enabled && priority > level)
        .sort((a, b) => b.priority - a.priority || a.irq - b.irq);
      const claims = [...expected, undefined].map(() => plic.load(claim(1)));
      expect(claims).toEqual([...expected.map(({ irq }) => irq), 0]);
    }),
  );
});
