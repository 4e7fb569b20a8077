import { describe, expect, test } from "vitest";
import { createGenerator, expectedSum, type Generator } from "./generator.ts";

/** Runs on to where a function has just been written, and compares what all before it have added. */
function sumIsRight({ machine, made, calls }: Generator): void {
  const hart = machine.hart();
  const start = made();
  while (made() === start) hart.run(1);
  expect(hart.x(10)).toBe(expectedSum(made() - 1, calls));
}

describe("the translation cache", () => {
  test("stays within its budget of regions while a guest makes code for ever", async () => {
    const guest = await createGenerator({ translator: { regions: 64 } });
    guest.run(500);
    const { length } = guest.table();
    for (let functions = 1000; functions <= 3000; functions += 500) {
      guest.run(functions);
      expect(guest.field("regionCount")).toBeLessThanOrEqual(64);
      expect(guest.table().used).toBe(guest.field("regionCount"));
      expect(guest.table().length).toBe(length);
    }
    expect(guest.field("countRegion")).toBeGreaterThan(2000);
    expect(guest.field("countEvicted")).toBe(guest.field("countRegion") - guest.field("regionCount"));
    expect(guest.field("regionTouched")).toBeLessThanOrEqual(64);
    sumIsRight(guest);
  });

  test("stays within its budget of modules", async () => {
    const guest = await createGenerator({ translator: { modules: 8 } });
    for (let functions = 100; functions <= 1000; functions += 100) {
      guest.run(functions);
      expect(guest.field("moduleCount")).toBeLessThanOrEqual(8);
    }
    expect(guest.field("countRegion")).toBeGreaterThan(700);
    sumIsRight(guest);
  });

  test("stays within its budget of bytes", async () => {
    const guest = await createGenerator({ translator: { bytes: 16_384 } });
    for (let functions = 100; functions <= 1000; functions += 100) {
      guest.run(functions);
      expect(guest.field("codeBytes")).toBeLessThanOrEqual(16_384);
    }
    expect(guest.field("countRegion")).toBeGreaterThan(700);
    sumIsRight(guest);
  });

  test("interprets what is too large for it, and does not try again and again", async () => {
    const guest = await createGenerator({ translator: { bytes: 64 } });
    guest.run(500);
    expect(guest.field("regionCount")).toBe(0);
    expect(guest.field("countRegion")).toBe(0);
    expect(guest.field("countRefused")).toBeGreaterThan(0);
    expect(guest.field("countRefused")).toBeLessThan(200);
    sumIsRight(guest);
  });

  test("drops code that has been overwritten before code that is in use", async () => {
    // The loop around the functions is the oldest region, and the one that is always met.
    const guest = await createGenerator({ translator: { regions: 64 } });
    guest.run(2000);
    const translated = guest.field("countRegion");
    const made = guest.made();
    guest.run(3000);
    // One region for each function: the loop has not been translated anew along with them.
    expect(guest.field("countRegion") - translated).toBeLessThanOrEqual((guest.made() - made) * 1.1);
  });
});
