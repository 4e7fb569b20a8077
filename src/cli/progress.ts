/** A line on stderr that says what is under way, on a terminal only. */

import { printError, stderrIsTerminal } from "../host/process.ts";
import type { LoadProgress } from "../index.ts";

const PATIENCE_MILLISECONDS = 1000;
const REFRESH_MILLISECONDS = 200;
const ERASE = "\r\x1b[K";

/** Shows the latest text once a second has passed, until `end`. */
class Line {
  readonly #startedAt = performance.now();
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #latest: string | undefined;
  #shown = false;

  constructor() {
    if (stderrIsTerminal()) this.#timer = setInterval(() => this.#show(), REFRESH_MILLISECONDS);
  }

  /** What is being done now. */
  protected show(text: string): void {
    this.#latest = text;
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
    void printError(`${ERASE}${this.#latest}, ${(milliseconds / 1000).toFixed(0)} s`);
  }
}

/** For the reading of images. */
export class ProgressLine extends Line {
  update(progress: LoadProgress): void {
    this.show(progressText(progress));
  }
}

/** For anything else that takes bytes. */
export class ActionLine extends Line {
  update(action: string, loaded: number, total: number): void {
    this.show(`${action}: ${mebibytes(loaded)} of about ${mebibytes(Math.max(loaded, total))} MiB`);
  }
}

/** One line, such as `reading initrd: 12 of 43 MiB`. */
export function progressText({ image, step, loaded, total }: LoadProgress): string {
  const amount = total === undefined ? mebibytes(loaded) : `${mebibytes(loaded)} of ${mebibytes(total)}`;
  return `${step} ${image}: ${amount} MiB`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0);
}
