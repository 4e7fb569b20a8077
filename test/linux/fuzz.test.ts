import { expect, test } from "vitest";
import { fuzzPackagesMany } from "./fuzz.ts";

test("what mirrors send is unpacked, or refused in a sentence, and no text passes for a signed one", async () => {
  expect(await fuzzPackagesMany(1, 500)).toBe(true);
});
