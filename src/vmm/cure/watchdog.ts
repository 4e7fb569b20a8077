/** When a guest counts as hanging, and what is asked of it. */

import { WasmvisorError } from "../../error.ts";
import { known } from "../known.ts";

/**
 * By what a hang is seen. Milliseconds are those in which the guest runs or has nothing to do: time in which the VM is paused, or waits for
 * the thread, does not count, nor does a computer that was asleep.
 */
export interface WatchdogOptions {
  /** Milliseconds between two questions to the guest's agent, 10 to 3,600,000. Default 5000. */
  readonly heartbeat?: number;
  /** Questions in a row that may stay without an answer, 1 to 1000. Default 6. */
  readonly misses?: number;
  /** Milliseconds that the agent has for its first answer, after the machine was switched on or restored, 10 to 86,400,000. Default 300,000. */
  readonly boot?: number;
}

/** The same, complete. */
export type Watchdog = Required<WatchdogOptions>;

const USUAL: Watchdog = { heartbeat: 5000, misses: 6, boot: 300_000 };

/** What calls of a VM without a watchdog wait for. */
export const CALLS_PATIENCE: Watchdog = { heartbeat: 5000, misses: 12, boot: 600_000 };

const RANGES: Readonly<Record<keyof Watchdog, readonly [least: number, most: number]>> = {
  heartbeat: [10, 3_600_000],
  misses: [1, 1000],
  boot: [10, 86_400_000],
};

/** What a watchdog needs of the VM. */
interface Watched {
  readonly agent: boolean;
  readonly deterministic: boolean;
}

/**
 * What is asked for, or undefined for no watchdog.
 * @throws WasmvisorError `option`
 */
export function checkWatchdog(
  watchdog: boolean | WatchdogOptions | undefined,
  { agent, deterministic }: Watched,
): Watchdog | undefined {
  if (watchdog === undefined || watchdog === false) return undefined;
  if (!agent) throw fault("A watchdog asks the guest's agent; make the VM with agent: true.", watchdog);
  if (deterministic)
    throw fault(
      "A watchdog would change what a deterministic VM does; leave it out, or use the host's clock.",
      watchdog,
    );
  if (watchdog === true) return USUAL;
  known({ code: "option", where: "watchdog" }, watchdog, Object.keys(USUAL));
  const wanted = { ...USUAL, ...watchdog };
  for (const [key, [least, most]] of Object.entries(RANGES) as [keyof Watchdog, readonly [number, number]][]) {
    const value = wanted[key];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw fault(`watchdog.${key} is a whole number from ${least} to ${most}, not ${String(value)}.`, value);
  }
  return wanted;
}

function fault(sentence: string, value: unknown): WasmvisorError {
  return new WasmvisorError("option", sentence, { key: "watchdog", value });
}
