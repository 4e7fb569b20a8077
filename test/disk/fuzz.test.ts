import { expect, test } from "vitest";
import { fuzzQcow2Many } from "./fuzz.ts";

test.each([1, 100_000, 200_000])(
  "of 500 damaged qcow2 images from seed %i, none does more than to be refused",
  async (seed) => {
    expect(await fuzzQcow2Many(seed, 500)).toBe(true);
  },
);
