/** How long bytes are waited for. */

import { StallTimer } from "../backend/stall.ts";
import { WasmvisorError } from "../error.ts";

/** Milliseconds without a byte after which an address is given up, unless the caller says otherwise. */
export const STALL_TIMEOUT = 30_000;

/** What ends the waiting. */
export interface PatienceOptions {
  /** What is waited for, for messages. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress; Infinity for no limit. */
  readonly stallTimeout: number;
}

/** Gives up when the caller's signal says so, or when nothing has come for too long. Call `end` when it is over. */
export class Patience {
  readonly #controller = new AbortController();
  readonly #ownSignal: AbortSignal | undefined;
  readonly #giveUp: () => void;
  readonly #timer: StallTimer;

  constructor({ name, signal, stallTimeout }: PatienceOptions) {
    this.#ownSignal = signal;
    this.#giveUp = () => this.#controller.abort(signal?.reason);
    this.#timer = new StallTimer(stallTimeout, () => this.#controller.abort(stalled(name, stallTimeout)));
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#giveUp);
    this.#timer.begin();
  }

  /** Aborted, with the error as its reason, when it is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has come. */
  progress(): void {
    this.#timer.progress();
  }

  end(): void {
    this.#timer.end();
    this.#ownSignal?.removeEventListener("abort", this.#giveUp);
  }
}

function stalled(name: string, milliseconds: number): WasmvisorError {
  return new WasmvisorError(
    "source-stalled",
    `No byte of the ${name} has come for ${milliseconds} ms; try again, or give it longer with stallTimeout.`,
    { name, milliseconds },
  );
}
