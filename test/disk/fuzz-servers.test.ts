import { expect, test } from "vitest";
import { fuzzServersMany } from "./fuzz-servers.ts";

test.each([1, 1_000_000])(
  "of 200 hostile servers and compressed files of each kind from seed %i, none does more than to be refused",
  async (seed) => {
    expect(await fuzzServersMany(seed, 200)).toBe(true);
  },
);
