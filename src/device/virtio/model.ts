/** What a kind of virtio device is, whatever bus it is on. */

import type { Field } from "../../state/table.ts";
import type { GuestMemory } from "../../memory/guest-memory.ts";
import type { Arrivals, Clock, Entropy } from "../device.ts";
import type { Queue } from "./queue.ts";

/** Feature bits that belong to all devices. ("Reserved Feature Bits") */
export const FEATURE = {
  NOTIFY_ON_EMPTY: 1n << 24n,
  ANY_LAYOUT: 1n << 27n,
  INDIRECT_DESC: 1n << 28n,
  EVENT_IDX: 1n << 29n,
  VERSION_1: 1n << 32n,
  RING_PACKED: 1n << 34n,
  ORDER_PLATFORM: 1n << 36n,
} as const;

/** What a device may ask of what it is on. */
export interface VirtioHost {
  readonly memory: GuestMemory;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly arrivals: Arrivals;
  /**
   * Whether pages that its queues lead to are not here: `act` is done when they are. To be asked by what does not come by `notify`, `update` or
   * an arrival, for which it has been asked already.
   */
  isLate(act: () => void): boolean;
  /** Chains have been given back to `queue`: interrupts the driver if it wants to know. */
  interrupt(queue: Queue): void;
  /** The configuration space has changed. */
  configChanged(): void;
  /** The driver has broken a rule of the device's: nothing goes on until it resets the device. ("Device Status Field") */
  needsReset(why: string): void;
}

/** One kind of device. Nothing here throws, whatever the driver does. */
export interface VirtioModel<Values = unknown> {
  /** DeviceID. ("Device Types") */
  readonly id: number;
  /** Feature bits of its own that it offers. */
  readonly features: bigint;
  /** The most entries of each of its queues. */
  readonly queueSizes: readonly number[];
  /** Bytes of its configuration space. */
  readonly configBytes: number;
  /** The driver has agreed on `features` and set up queues (undefined: one that it does not use), and begins. */
  begin(host: VirtioHost, features: bigint, queues: readonly (Queue | undefined)[]): void;
  /** The driver has made chains available in queue `index`. */
  notify(index: number): void;
  /** Forgets what it has in hand. What arrives for it later has no effect. */
  reset(): void;
  /** The configuration space as it is now: `into` has room for it. */
  readConfig(into: DataView): void;
  /** The driver has written `size` bytes at `offset` of it, which `view` holds. */
  writeConfig?(view: DataView, offset: number, size: number): void;
  /** See `Device`. */
  nextDeadline?(): bigint | undefined;
  update?(): void;
  /** What of it is saved besides its queues. */
  readonly table: Field<Values>;
  save(): Values;
  /** After `begin`, if it has begun: chains that are in flight are read and done again. */
  restore(values: Values): void;
}
