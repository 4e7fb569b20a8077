/** The page's machine, and its first guest, which boots while the rest of the page is still being loaded. */

import { NetworkSetting } from "../network/choice.ts";
import { askedGuest, DEMO_SPEC, linkedGuest, type MenuGuest, menuGuests, onNetwork } from "./catalogue.ts";
import { SessionClient } from "./client.ts";
import { chosenDisks, storedDrive } from "../disks/chosen.ts";
import type { GuestSpec } from "./protocol.ts";

export const session = new SessionClient();

/** What there is to choose from. */
export const menu: Promise<MenuGuest[]> = menuGuests();

/** The network that machines get. */
export const network = new NetworkSetting(location.search);

/** What the page's address asks for, else the bundled guest. */
export const firstSpec: Promise<GuestSpec> = findFirst();

/** Rejects when even the first guest cannot be booted. */
export const firstBoot: Promise<void> = firstSpec.then(async (spec) => {
  const drives = (await chosenDisks()).map((name) => storedDrive(name));
  const wanted = onNetwork(spec, network.choice);
  await session.call("boot", drives.length === 0 ? wanted : { ...wanted, drives }, "tiered");
});

// It is looked at later; until then, it is nobody's fault.
firstBoot.catch(() => undefined);

async function findFirst(): Promise<GuestSpec> {
  network.check();
  const linked = linkedGuest(location.search);
  if (linked !== undefined) return linked;
  const asked = askedGuest(location.search);
  if (asked === undefined) return DEMO_SPEC;
  const guests = await menu;
  const found = guests.find(({ id }) => id === asked);
  if (found !== undefined) return found;
  throw new Error(`There is no guest "${asked}" here; there are ${guests.map(({ id }) => id).join(", ")}.`);
}
