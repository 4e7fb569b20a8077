/** A line on stderr that says what takes so long; for people only. */

import { printError, stderrIsTerminal } from "../host/process.ts";
import type { LoadProgress } from "../index.ts";

const PATIENCE_MILLISECONDS = 1000;
const REFRESH_MILLISECONDS = 200;
const ERASE = "\r\x1b[K";

/** Shows the latest `update` once a second has passed, until `end`. */
export class ProgressLine {
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #latest: LoadProgress | undefined;
  #shown = false;

  constructor() {
    if (stderrIsTerminal()) this.#timer = setInterval(() => this.#show(), REFRESH_MILLISECONDS);
  }

  /** What is being done now. */
  update(progress: LoadProgress): void {
    this.#latest = progress;
  }

  /** Erases the line. */
  end(): void {
    clearInterval(this.#timer);
    if (this.#shown) void printError(ERASE);
  }

  #show(): void {
    const milliseconds = performance.now() - this.#startedAt;
    if (milliseconds < PATIENCE_MILLISECONDS || this.#latest === undefined) return;
    this.#shown = true;
    void printError(`${ERASE}${progressText(this.#latest)}, ${(milliseconds / 1000).toFixed(0)} s`);
  }
}

/** One line, such as `reading initrd: 12 of 43 MiB`. */
export function progressText({ image, step, loaded, total }: LoadProgress): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);
  const amount = total === undefined ? mebibytes(loaded) : `${mebibytes(loaded)} of ${mebibytes(total)}`;
  return `${step} ${image}: ${amount} MiB`;
}
