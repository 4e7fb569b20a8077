/** What a VM tells its owner. */

import type { VmExit } from "./exit.ts";
import type { DriveFault } from "./drives.ts";
import type { TranslatorCounters } from "./counters.ts";
import type { NetworkFault } from "./networks.ts";
import type { PortChange } from "./ports.ts";
import type { HartCounters } from "./hart.ts";

export type { VmExit } from "./exit.ts";

/**
 * What a VM is doing.
 *
 * ```
 *  created --start--> running <--resume/pause--> paused
 *                        |                          |
 *                        +--the guest ends--> exited (reset: running again)
 *  any --destroy--> destroyed
 * ```
 */
export type VmState = "created" | "running" | "paused" | "exited" | "destroyed";

/** A hart that does nothing but trap. */
export interface TrapStorm {
  readonly hart: number;
  /** Where its trap handler is. */
  readonly pc: bigint;
  /** The cause of its latest trap: mcause or scause. */
  readonly cause: bigint;
}

/** The events of a VM and what comes with them. */
export interface VmEvents {
  /** It does something else now. */
  state: { readonly from: VmState; readonly to: VmState };
  /** The guest has ended. */
  exit: VmExit;
  /** It starts anew. */
  reset: { readonly by: "guest" | "host" };
  /** It is what it was at its checkpoint again; how many milliseconds ago that was. */
  restored: { readonly age: number };
  /** A hart does nothing but trap; sent once for each hart until a reset. */
  "trap-storm": TrapStorm;
  /** A device has thrown, which is a bug of the device's; the guest sees an access fault. */
  "device-error": { readonly device: string; readonly error: unknown };
  /** A disk could not do what the guest asked for; the guest sees an I/O error. */
  "drive-error": DriveFault;
  /** A flash bank could not be written; what the guest has written stays until the VM ends, and is tried again. */
  "flash-error": { readonly unit: number; readonly error: unknown };
  /** A network backend has thrown, which is a bug of the backend's. */
  "network-error": NetworkFault;
  /** The guest has opened a named port, or closed it. */
  port: PortChange;
  /** The guest has printed something. */
  output: Uint8Array;
}

/** The names of a VM's events. */
export const VM_EVENTS: ReadonlySet<string> = new Set(
  Object.keys({
    state: 0,
    exit: 0,
    reset: 0,
    restored: 0,
    "trap-storm": 0,
    "device-error": 0,
    "drive-error": 0,
    "flash-error": 0,
    "network-error": 0,
    port: 0,
    output: 0,
  } satisfies Record<keyof VmEvents, 0>),
);

/** What a VM has done since it was switched on; the sum over its harts, and more. */
export interface VmCounters extends HartCounters {
  readonly harts: readonly HartCounters[];
  /** What the translator did. */
  readonly translator: TranslatorCounters;
  /** Milliseconds in which harts ran. */
  readonly busyMilliseconds: number;
  /** Accesses to addresses where nothing is. */
  readonly busFaults: number;
  /** Bytes of RAM in pages that the guest, or the loader, has touched; only these take memory of the host. */
  readonly touchedBytes: number;
}
