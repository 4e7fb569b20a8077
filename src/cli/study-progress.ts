/** What a running study shows on stderr: one line on a terminal, else a line for each workload. */

import { printError, stderrIsTerminal } from "../host/process.ts";
import type { StudyProgress } from "../study/study.ts";

const ERASE = "\r\x1b[K";

/** Shows progress until `end`. */
export class StudyProgressLine {
  readonly #begin = performance.now();
  #shown = "";

  /** What is being done now. */
  update({ experiment, doing }: StudyProgress): void {
    const seconds = ((performance.now() - this.#begin) / 1000).toFixed(0);
    if (stderrIsTerminal()) {
      void printError(`${ERASE}${seconds} s  ${experiment}: ${doing}`);
      return;
    }
    const what = `${experiment}: ${doing.split(" on ")[0]}`;
    if (what === this.#shown) return;
    this.#shown = what;
    void printError(`${seconds} s  ${what}\n`);
  }

  /** Erases the line. */
  end(): void {
    if (stderrIsTerminal()) void printError(ERASE);
  }
}
