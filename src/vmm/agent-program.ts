/** The guest agent's program; in this folder, because an address of the package is told from a folder of `src`. */

import { absolute } from "./bundled.ts";

/** Where the agent is: a static program for Linux on RISC-V, of about 17 KiB. */
export const AGENT_PROGRAM: URL = absolute(new URL("../../guests/bin/agent.elf", import.meta.url));
