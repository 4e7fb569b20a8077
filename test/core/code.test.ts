import { describe, expect, test } from "vitest";
import { createGenerator, expectedSum, type Generator } from "../dbt/generator.ts";

const pause = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Runs until so many functions have been written, with a turn of the event loop between two slices. */
async function runInTurns(guest: Generator, functions: number): Promise<void> {
  while (guest.made() < functions) {
    guest.machine.hart().run(5000);
    await pause();
  }
}

/** Lets the engine finish what it has been given. */
async function settle({ machine }: Generator): Promise<void> {
  while (machine.core.code.pending > 0) await pause();
}

describe("modules that are compiled aside", () => {
  test("are used once they are there, and change no result", async () => {
    const guest = await createGenerator({ compilation: "async" }, 8, 4000);
    const hart = guest.machine.hart();
    hart.run(20_000);
    expect(guest.field("countRegion")).toBe(0);
    // The function, and the loop that calls it: once each.
    expect(guest.machine.core.code.pending).toBeGreaterThan(0);
    expect(guest.machine.core.code.pending).toBeLessThanOrEqual(3);
    await runInTurns(guest, 12);
    expect(guest.field("countRegion")).toBeGreaterThan(0);
    const start = guest.made();
    while (guest.made() === start) hart.run(1);
    expect(hart.x(10)).toBe(expectedSum(guest.made() - 1, guest.calls));
  });

  test("are dropped when the guest has overwritten their code meanwhile", async () => {
    const guest = await createGenerator({ compilation: "async" }, 4, 40);
    guest.run(40);
    await settle(guest);
    guest.machine.hart().run(5000);
    await settle(guest);
    guest.run(80);
    const start = guest.made();
    while (guest.made() === start) guest.machine.hart().run(1);
    expect(guest.machine.hart().x(10)).toBe(expectedSum(guest.made() - 1, guest.calls));
  });

  test("are dropped when their place in the cache has gone to others", async () => {
    const guest = await createGenerator({ compilation: "async", translator: { modules: 4 } }, 64, 101);
    guest.run(200);
    await settle(guest);
    expect(guest.machine.core.code.counters.late).toBeGreaterThan(0);
    expect(guest.field("moduleCount")).toBeLessThanOrEqual(4);
    expect(guest.table().functions).toBeLessThanOrEqual(guest.field("regionCount"));
  });

  test("are dropped when their VM is gone", async () => {
    const guest = await createGenerator({ compilation: "async" });
    guest.run(20);
    const { core, space } = guest.machine;
    expect(core.code.pending).toBeGreaterThan(0);
    const code = space.code!.ma;
    space.release();
    await settle(guest);
    expect(core.code.counters.modules).toBe(0);
    expect(core.code.usage(code).functions).toBe(0);
  });
});

describe("a module that the engine refuses", () => {
  test.each(["sync", "async"] as const)("leaves its guest to the interpreter (%s)", async (compilation) => {
    const guest = await createGenerator({ compilation });
    // Nothing to import: no module can be linked.
    guest.machine.core.code.connect({ ...guest.machine.core, dbt_load: undefined } as never);
    for (let i = 0; i < 40; i++) {
      guest.machine.hart().run(10_000);
      await settle(guest);
    }
    expect(guest.field("countRegion")).toBe(0);
    expect(guest.table().functions).toBe(0);
    expect(guest.machine.core.code.counters.refused).toBeGreaterThan(0);
    expect(guest.field("countRefused")).toBeLessThan(200);
    const start = guest.made();
    while (guest.made() === start) guest.machine.hart().run(1);
    expect(guest.machine.hart().x(10)).toBe(expectedSum(guest.made() - 1, guest.calls));
  });
});
