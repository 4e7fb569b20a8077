import { expect, test } from "vitest";
import { SeededEntropy } from "../../../src/backend/entropy/seeded-entropy.ts";

function bytes(seed: bigint, ...lengths: number[]): number[] {
  const entropy = new SeededEntropy(seed);
  return lengths.flatMap((length) => {
    const chunk = new Uint8Array(length);
    entropy.fill(chunk);
    return [...chunk];
  });
}

test("the same seed gives the same bytes, however they are asked for", () => {
  expect(bytes(42n, 3, 5, 9)).toEqual(bytes(42n, 17));
});

test("another seed gives other bytes", () => {
  expect(bytes(1n, 16)).not.toEqual(bytes(2n, 16));
});

test("the sequence is SplitMix64's", () => {
  // The first output for seed 0 is 0xe220a8397b1dcdaf.
  expect(bytes(0n, 8)).toEqual([0xaf, 0xcd, 0x1d, 0x7b, 0x39, 0xa8, 0x20, 0xe2]);
});
