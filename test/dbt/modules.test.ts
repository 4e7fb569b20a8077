import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { createGenerator, expectedSum, type Generator } from "./generator.ts";

/** Modules are in cycles with their table: only a full collection finds them. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  await new Promise((resolve) => setTimeout(resolve, 5));
}

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
    for (let functions = 1000; functions <= 6000; functions += 500) {
      guest.run(functions);
      expect(guest.field("regionCount")).toBeLessThanOrEqual(64);
      expect(guest.table().functions).toBe(guest.field("regionCount"));
      expect(guest.table().length).toBe(64);
    }
    expect(guest.field("countRegion")).toBeGreaterThan(2000);
    expect(guest.field("countEvicted")).toBe(guest.field("countRegion") - guest.field("regionCount"));
    sumIsRight(guest);
  });

  test("has a table with room for all its regions from the beginning, which growing would be a pause for", async () => {
    const guest = await createGenerator({ translator: { regions: 512 } });
    guest.run(10);
    expect(guest.table().length).toBe(512);
  });

  test("stays within its budget of modules", async () => {
    const guest = await createGenerator({ translator: { modules: 8 } });
    for (let functions = 100; functions <= 2000; functions += 100) {
      guest.run(functions);
      expect(guest.field("moduleCount")).toBeLessThanOrEqual(8);
    }
    expect(guest.field("countRegion")).toBeGreaterThan(700);
    sumIsRight(guest);
  });

  test("stays within its budget of bytes", async () => {
    const guest = await createGenerator({ translator: { bytes: 16_384 } });
    for (let functions = 100; functions <= 2000; functions += 100) {
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

  test("gives modules back to the engine", async () => {
    const guest = await createGenerator({ translator: { regions: 64 } });
    let collected = 0;
    const registry = new FinalizationRegistry(() => collected++);
    for (let functions = 200; functions <= 2000; functions += 200) {
      guest.run(functions);
      registry.register(guest.machine.core.code.tableOf(guest.machine.space.code!.ma)!, undefined);
      await collectGarbage();
    }
    // All but the last and the one that the stack may still hold; the engine says so when it gets round to it.
    for (let turn = 0; turn < 200 && collected < 8; turn++) await collectGarbage();
    expect(collected).toBeGreaterThanOrEqual(8);
  });

  test("is emptied by a reset", async () => {
    const guest = await createGenerator();
    guest.run(200);
    const { space } = guest.machine;
    expect(guest.field("regionCount")).toBeGreaterThan(0);
    space.forgetCode();
    expect(guest.field("regionCount")).toBe(0);
    expect(guest.table().functions).toBe(0);
    guest.run(400);
    expect(guest.field("regionCount")).toBeGreaterThan(0);
    sumIsRight(guest);
  });
});
