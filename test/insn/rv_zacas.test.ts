import { beforeEach, describe, expect, test } from "vitest";
import { Cause } from "../../assembly/shared/constants.ts";
import { RAM_PA } from "../support/core.ts";
import { dispatchers, Runner } from "./runner.ts";

const DATA = RAM_PA + 0x8_0000;
const at = BigInt(DATA);
const LOW = 0x0123_4567_89ab_cdefn;
const HIGH = 0xfedc_ba98_7654_3210n;

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher);
    runner.machine.write64(DATA, LOW);
    runner.machine.write64(DATA + 8, HIGH);
  });

  test("amocas.w compares the low words, and returns what memory held sign-extended", () => {
    const hart = runner.run("amocas.w x7, x6, (x5)", { 5: at, 6: 0x1_0000_0042n, 7: 0xffff_0000_89ab_cdefn });
    expect(hart.x(7)).toBe(0xffff_ffff_89ab_cdefn);
    expect(runner.machine.read64(DATA)).toBe(0x0123_4567_0000_0042n);
  });

  test("amocas.w and amocas.d leave memory alone when it holds another value", () => {
    for (const size of ["w", "d"]) {
      runner.run(`amocas.${size} x7, x6, (x5)`, { 5: at, 6: 1n, 7: LOW ^ 1n });
      expect(runner.machine.read64(DATA)).toBe(LOW);
    }
    expect(runner.machine.hart().x(7)).toBe(LOW);
  });

  test("amocas.d swaps 64 bits", () => {
    expect(runner.run("amocas.d x7, x6, (x5)", { 5: at, 6: 77n, 7: LOW }).x(7)).toBe(LOW);
    expect(runner.machine.read64(DATA)).toBe(77n);
  });

  test("amocas.q swaps register pairs", () => {
    const hart = runner.run("amocas.q x10, x12, (x5)", { 5: at, 10: LOW, 11: HIGH, 12: 1n, 13: 2n });
    expect([hart.x(10), hart.x(11)]).toEqual([LOW, HIGH]);
    expect([runner.machine.read64(DATA), runner.machine.read64(DATA + 8)]).toEqual([1n, 2n]);
  });

  test.each([
    { differs: "low", low: LOW ^ 1n, high: HIGH },
    { differs: "high", low: LOW, high: HIGH ^ (1n << 63n) },
  ])("amocas.q leaves memory alone when the $differs half differs", ({ low, high }) => {
    const hart = runner.run("amocas.q x10, x12, (x5)", { 5: at, 10: low, 11: high, 12: 1n, 13: 2n });
    expect([hart.x(10), hart.x(11)]).toEqual([LOW, HIGH]);
    expect([runner.machine.read64(DATA), runner.machine.read64(DATA + 8)]).toEqual([LOW, HIGH]);
  });

  test("the pair of x0 reads as zero, both halves, and takes no result", () => {
    runner.machine.write64(DATA, 0n);
    runner.machine.write64(DATA + 8, 0n);
    const hart = runner.run("amocas.q x0, x12, (x5)", { 1: 55n, 5: at, 12: LOW, 13: HIGH });
    expect([runner.machine.read64(DATA), runner.machine.read64(DATA + 8)]).toEqual([LOW, HIGH]);
    expect([hart.x(0), hart.x(1)]).toEqual([0n, 55n]);
    runner.run("amocas.q x10, x0, (x5)", { 1: 55n, 10: LOW, 11: HIGH });
    expect([runner.machine.read64(DATA), runner.machine.read64(DATA + 8)]).toEqual([0n, 0n]);
  });

  test("amocas.q returns into the pair that holds its address", () => {
    const hart = runner.run("amocas.q x10, x12, (x10)", { 10: at, 11: 0n });
    expect([hart.x(10), hart.x(11)]).toEqual([LOW, HIGH]);
  });

  test("a misaligned address raises a store's misaligned cause, also one aligned to 8 bytes for amocas.q", () => {
    expect(runner.trap("amocas.w x7, x6, (x5)", { 5: at + 2n })).toEqual({
      cause: Cause.STORE_MISALIGNED,
      tval: at + 2n,
    });
    expect(runner.trap("amocas.d x7, x6, (x5)", { 5: at + 4n })).toEqual({
      cause: Cause.STORE_MISALIGNED,
      tval: at + 4n,
    });
    expect(runner.trap("amocas.q x8, x6, (x5)", { 5: at + 8n })).toEqual({
      cause: Cause.STORE_MISALIGNED,
      tval: at + 8n,
    });
  });
});

test("amocas.q with an odd rd or rs2 is illegal", async () => {
  const runner = await Runner.create();
  const even = 0x2860_4e2f | 0;
  for (const word of [even | (1 << 7), even | (1 << 20)]) {
    const tval = BigInt(word >>> 0);
    expect(runner.trap(`.word 0x${(word >>> 0).toString(16)}`, { 5: at })).toEqual({ cause: Cause.ILLEGAL, tval });
  }
});
