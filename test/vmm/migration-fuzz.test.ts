import { expect, test } from "vitest";
import { fuzzMigrationMany } from "./migration-fuzz.ts";

test.each([1, 100_000])("of 150 sides that make no sense from seed %i, none does more than to be refused", async (seed) => {
  expect(await fuzzMigrationMany(seed, 150)).toBe(true);
});
