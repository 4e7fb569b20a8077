import { expect, test } from "vitest";
import { fuzzFetchMany, fuzzRelayMany, fuzzVxlanMany, fuzzWispMany } from "./tunnels-fuzz.ts";

test.each([
  ["peers of a VXLAN tunnel", fuzzVxlanMany],
  ["relays and VMs at them", fuzzRelayMany],
  ["Wisp relays", fuzzWispMany],
  ["guests with fetch", fuzzFetchMany],
])("hostile %s break nothing", async (_, many) => {
  expect(await many(1, 150)).toBe(true);
});
