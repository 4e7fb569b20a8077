import { expect, test } from "vitest";
import { fuzzMigrationMany } from "./migration-fuzz.ts";

test.each([
  [1, 100],
  [100_000, 100],
  // Queues that no driver can have.
  [5190, 1],
  // All that a destination says, before it is asked.
  [100_082, 1],
])("from seed %i, of %i sides that make no sense none does more than to be refused", async (seed, count) => {
  expect(await fuzzMigrationMany(seed, count)).toBe(true);
});
