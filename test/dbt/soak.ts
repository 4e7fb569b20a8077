/** A guest that makes code for hours: what its translation occupies must stay flat. Used by scripts/soak.mjs. */

import { createGenerator, expectedSum } from "./generator.ts";

const MIB = 2 ** 20;

function collected(): number {
  // With --expose-gc: what is left is what is held.
  (globalThis as { gc?: () => void }).gc?.();
  return Math.round(process.memoryUsage().rss / MIB);
}

/** Runs for `minutes`; prints a line every half minute. True when the guest's sums were right and nothing outgrew its budget. */
export async function soak(minutes: number): Promise<boolean> {
  const regions = 256;
  const guest = await createGenerator({ translator: { regions } }, 400, 30);
  const start = performance.now();
  let printed = start;
  let right = true;
  let before: { table: number; rss: number } | undefined;
  while (right && performance.now() - start < minutes * 60_000) {
    guest.run(guest.made() + 500);
    // Engines give modules back between tasks.
    await new Promise((resolve) => setTimeout(resolve));
    const sum = guest.machine.hart();
    const at = guest.made();
    while (guest.made() === at) sum.run(1);
    right = sum.x(10) === expectedSum(guest.made() - 1, guest.calls) && guest.field("regionCount") <= regions;
    if (performance.now() - printed < 30_000) continue;
    printed = performance.now();
    const now = { table: guest.table().length, rss: collected() };
    before ??= now;
    console.log(
      `${Math.round((printed - start) / 1000)} s: ${guest.made()} functions, ${guest.field("countRegion")} regions made, ` +
        `${guest.field("regionCount")} kept, table ${now.table}, process ${now.rss} MiB`,
    );
    right &&= now.table <= 2 * regions && now.rss < before.rss + 64;
  }
  console.log(right ? "flat" : "NOT flat, or wrong");
  return right;
}
