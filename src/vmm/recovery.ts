/** What becomes of a VM that has failed. */

import { WasmvisorError } from "../error.ts";
import type { VmExit } from "./exit.ts";

/** What to do with a VM that has failed: leave it as it is, or switch it off and on again. */
export type FailureAction = "stop" | "restart";

/** @throws WasmvisorError `option` */
export function checkFailureAction(action: FailureAction): FailureAction {
  if (action === "stop" || action === "restart") return action;
  const sentence = `onFailure is stop or restart, not "${String(action)}".`;
  throw new WasmvisorError("option", sentence, { key: "onFailure", value: action });
}

/** Ends that are no guest's choice. */
const FAILURES: ReadonlySet<VmExit["reason"]> = new Set(["failure", "trap-storm", "out-of-memory"]);

/** Milliseconds before the first restart, and the most before any. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 30_000;

/** A VM that has run so many milliseconds has recovered: its next failure is a first one. */
const RECOVERED = 60_000;

/** Restarts a VM after each failure, later each time. */
export class Recovery {
  readonly #restart: () => Promise<void>;
  #delay = FIRST_DELAY;
  #startedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param restart - rejects when that is not possible now */
  constructor(restart: () => Promise<void>) {
    this.#restart = restart;
  }

  /** The VM runs, anew. */
  started(now: number): void {
    this.#startedAt = now;
    this.cancel();
  }

  /** The VM has ended: restarts it later, if that was a failure. Returns in how many milliseconds, or undefined. */
  ended({ reason }: VmExit, now: number): number | undefined {
    if (!FAILURES.has(reason)) return undefined;
    if (now - this.#startedAt >= RECOVERED) this.#delay = FIRST_DELAY;
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
    this.#timer = setTimeout(() => void this.#restart().catch(() => this.#soon()), delay);
    return delay;
  }
}
