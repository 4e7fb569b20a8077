import { expect, test } from "vitest";
import { fuzzCablesMany } from "./cable-fuzz.ts";

test("whatever is said at the far end of a cable, what comes out are frames, and no more is sent than there is room for", async () => {
  expect(await fuzzCablesMany(1, 100)).toBe(true);
});
