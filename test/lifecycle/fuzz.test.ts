import { expect, test } from "vitest";
import { fuzzControlMany, fuzzMachineFileMany } from "./fuzz.ts";

test("machine files that make no sense are refused in a sentence, and what is JSON is read as JSON", async () => {
  expect(await fuzzMachineFileMany(1, 3000)).toBe(true);
});

test("clients that make no sense are answered, and hold up nothing", async () => {
  expect(await fuzzControlMany(1, 300)).toBe(true);
});
