import { expect, test } from "vitest";
import { fuzzUserNetworkMany } from "./fuzz.ts";

test("hostile guests, servers and resolvers break nothing", async () => {
  expect(await fuzzUserNetworkMany(1, 60)).toBe(true);
});
