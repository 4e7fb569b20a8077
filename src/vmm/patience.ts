/** How long bytes are waited for. */

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
  readonly #options: PatienceOptions;
  readonly #giveUp: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PatienceOptions) {
    this.#options = options;
    this.#giveUp = () => this.#controller.abort(options.signal?.reason);
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", this.#giveUp);
    this.progress();
  }

  /** Aborted, with the error as its reason, when it is given up. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has come. */
  progress(): void {
    const { name, stallTimeout } = this.#options;
    clearTimeout(this.#timer);
    if (stallTimeout === Infinity) return;
    this.#timer = setTimeout(() => this.#controller.abort(stalled(name, stallTimeout)), stallTimeout);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#giveUp);
  }
}

function stalled(name: string, milliseconds: number): WasmvisorError {
  return new WasmvisorError(
    "source-stalled",
    `No byte of the ${name} has come for ${milliseconds} ms; try again, or give it longer with stallTimeout.`,
    { name, milliseconds },
  );
}
