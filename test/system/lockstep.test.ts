/** The beginning of a boot of Debian's kernel in lock-step. */

import { expect, test } from "vitest";
import { lockstep } from "../../src/index.ts";
import { debian } from "./support.ts";

test.each([
  [1, "tiered", 2e8],
  [2, "tiered", 5e7],
  [1, "translator", 2e7],
] as const)("%i harts do the same interpreted and with the engine %s", async (harts, engine, instructions) => {
  const slices = harts === 1 ? { least: 20_000, most: 1_000_000 } : { least: 5000, most: 100_000 };
  const result = await lockstep({ ...debian("wasmvisor.exit"), harts, engine }, { slices, instructions });
  expect(result.difference?.text).toBeUndefined();
  expect(result.instructions).toBeGreaterThanOrEqual(instructions);
  expect(result.translated).toBeGreaterThan(0.8 * result.instructions);
});
