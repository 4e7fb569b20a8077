/** The page's machine, and the bundled guest, which boots while the rest of the page is still being loaded. */

import { SessionClient } from "./client.ts";
import { DEMO, type GuestSpec } from "./protocol.ts";

/** The guest that comes with wasmvisor. */
export const DEMO_SPEC: GuestSpec = { name: "demo guest", kernel: DEMO, memory: "64M", harts: 1 };

export const session = new SessionClient();

/** Rejects when even the bundled guest cannot be booted. */
export const firstBoot = session.call("boot", DEMO_SPEC, "tiered");

// It is looked at later; until then, it is nobody's fault.
firstBoot.catch(() => undefined);
