import { expect, test } from "vitest";
import { fuzzSnapshotMany } from "./snapshot-fuzz.ts";

test.each([1, 100_000])(
  "of 400 snapshots that make no sense from seed %i, none does more than to be refused",
  async (seed) => {
    expect(await fuzzSnapshotMany(seed, 400)).toBe(true);
  },
);
