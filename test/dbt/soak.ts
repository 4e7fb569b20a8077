/** A guest that makes code for hours: what its translation occupies must stay flat. Used by scripts/soak.mjs. */

import { createGenerator, expectedSum, type Generator } from "./generator.ts";

const MIB = 2 ** 20;
const REGIONS = 256;

/** Seconds until the process has grown to its size: V8 keeps timers for an instance's first two minutes. */
const SETTLING = 150;
const INTERVAL = 30;

/** What the process may grow by after it has settled. V8 up to node 20 keeps 40 bytes of each module for ever. */
const GROWTH = 64 * MIB;

export type Pace = "shipped" | "fast";

interface Size {
  readonly table: number;
  readonly resident: number;
}

async function sizeOf(guest: Generator): Promise<Size> {
  // With --expose-gc: what is left is what is held. Engines give modules back between tasks.
  for (let i = 0; i < 3; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { table: guest.table().length, resident: process.memoryUsage.rss() };
}

/** Runs on to where a function has just been written. True when all before it have added what they were to add. */
function sumIsRight({ machine, made, calls }: Generator): boolean {
  const hart = machine.hart();
  const at = made();
  while (made() === at) hart.run(1);
  return hart.x(10) === expectedSum(made() - 1, calls);
}

/**
 * Runs for `minutes`, more than the two and a half that it takes to settle; prints a line every half minute. True when the guest's sums
 * were right and nothing outgrew its budget. At the pace "fast" code gets hot in a few calls, not as slowly as it does for users.
 */
export async function soak(minutes: number, pace: Pace): Promise<boolean> {
  const asShipped = pace === "shipped";
  const guest = await createGenerator({ asShipped, translator: { regions: REGIONS } }, 400, asShipped ? 50_000 : 30);
  const seconds = (since: number) => (performance.now() - since) / 1000;
  const start = performance.now();
  let printed = start;
  let settled: Size | undefined;
  let flat = true;
  while (flat && seconds(start) < minutes * 60) {
    guest.run(guest.made() + (asShipped ? 20 : 500));
    await new Promise((resolve) => setTimeout(resolve));
    flat = sumIsRight(guest) && guest.field("regionCount") <= REGIONS;
    if (seconds(printed) < INTERVAL) continue;
    printed = performance.now();
    const size = await sizeOf(guest);
    if (seconds(start) >= SETTLING) settled ??= size;
    console.log(
      `${Math.round(seconds(start))} s: ${guest.made()} functions, ${guest.field("countRegion")} regions made, ` +
        `${guest.field("regionCount")} kept, table ${size.table}, process ${Math.round(size.resident / MIB)} MiB`,
    );
    flat &&= size.table <= 2 * REGIONS && size.resident < (settled ?? size).resident + GROWTH;
  }
  console.log(!flat ? "NOT flat, or wrong" : settled ? "flat" : "too short to tell: give it more than 3 minutes");
  return flat && settled !== undefined;
}
