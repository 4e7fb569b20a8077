/** What becomes of a VM that has failed. */

import { WasmvisorError } from "../error.ts";
import type { VmExit } from "./exit.ts";

/** What to do with a VM that has failed: leave it as it is, switch it off and on again, or have it be what it was at its last checkpoint. */
export type FailureAction = "stop" | "restart" | "restore";

const ACTIONS: readonly FailureAction[] = ["stop", "restart", "restore"];

/** @throws WasmvisorError `option` */
export function checkFailureAction(action: FailureAction): FailureAction {
  if (ACTIONS.includes(action)) return action;
  const sentence = `onFailure is stop, restart or restore, not "${action as string}".`;
  throw new WasmvisorError("option", sentence, { key: "onFailure", value: action });
}

/** Ends that are no guest's choice. */
const FAILURES: ReadonlySet<VmExit["reason"]> = new Set([
  ...(["failure", "trap-storm", "out-of-memory", "hang", "panic"] as const),
]);

/** Milliseconds before the first restart, and the most before any. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;

/** A VM that has run so many milliseconds has recovered: its next failure is a first one. */
const RECOVERED = 60_000;

/** Restarts a VM after each failure, later each time. */
export class Recovery {
  readonly #restart: (isFirst: boolean) => Promise<void>;
  readonly #recovered: number;
  #delay = FIRST_DELAY;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param restart - told whether this is the first failure since the VM recovered; rejects when it is not possible now
   * @param recovered - after so many milliseconds it has recovered
   */
  constructor(restart: (isFirst: boolean) => Promise<void>, recovered = RECOVERED) {
    this.#restart = restart;
    this.#recovered = Math.max(RECOVERED, recovered);
  }

  /** The VM runs, anew. */
  started(now: number): void {
    this.#startedAt = now;
    this.cancel();
  }

  /** The VM has ended: restarts it later, if that was a failure. Returns in how many milliseconds, or undefined. */
  ended({ reason }: VmExit, now: number): number | undefined {
    if (!FAILURES.has(reason)) return undefined;
    if (now - this.#startedAt >= this.#recovered) this.#delay = FIRST_DELAY;
    return this.#soon();
  }

  /** No restart any more: the owner has done something else. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #soon(): number {
    const delay = this.#delay;
    this.#delay = Math.min(LONGEST_DELAY, 2 * delay);
    this.cancel();
    const isFirst = delay === FIRST_DELAY;
    this.#timer = setTimeout(() => void this.#restart(isFirst).catch(() => this.#soon()), delay);
    return delay;
  }
}
