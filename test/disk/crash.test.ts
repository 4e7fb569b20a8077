import { expect, test } from "vitest";
import { crashes } from "./crash.ts";

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
  "after a crash at any moment of load %i, what was flushed is there, and the tables have leaks at most",
  async (seed) => {
    expect(await crashes(seed, 25)).toBe(25);
  },
);
