/** What does it cost a guest behind page tables that its stores are tracked? */

import { median, progress, runOnce } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = 5;

/** Integer work on lists, arrays, tables and text, as CoreMark's is, for a few seconds; and what stores most. */
const GUESTS: readonly (readonly [name: string, scale: number])[] = [
  ["mix", 8000],
  ["quicksort", 600],
  ["bytecode", 300],
  ["stream", 400],
];

/** Milliseconds of an epoch. The first is what the others are compared with. */
const EPOCHS = ["off", "1000", "100"] as const;

/** What bench/support/run-tracked.mjs prints. */
interface Run {
  readonly userSeconds: number;
  readonly epochs: number;
  readonly dirty: number;
}

function measure(guest: string, scale: number): Row {
  const runs = new Map<string, Run[]>(EPOCHS.map((epoch) => [epoch, []]));
  for (let round = 0; round < ROUNDS; round++) {
    // One after the other, first this way and then that.
    for (const epoch of round % 2 === 0 ? EPOCHS : [...EPOCHS].reverse()) {
      progress(`${guest}, epochs ${epoch}, round ${round + 1} of ${ROUNDS}`);
      const { output } = runOnce(["node", "bench/support/run-tracked.mjs", guest, String(scale), epoch]);
      runs.get(epoch)!.push(JSON.parse(output.split("\n")[0]!) as Run);
    }
  }
  const untracked = runs.get("off")!;
  const ratio = (epoch: string): number =>
    median(runs.get(epoch)!.map(({ userSeconds }, round) => userSeconds / untracked[round]!.userSeconds));
  const last = runs.get("100")!;
  return {
    guest,
    "user CPU untracked, s": median(untracked.map(({ userSeconds }) => userSeconds)),
    "an epoch a second": ratio("1000"),
    "ten a second": ratio("100"),
    "pages dirty in one of these": median(last.map(({ dirty, epochs }) => dirty / Math.max(1, epochs))),
  };
}

function run(): Report {
  const rows = GUESTS.map(([guest, scale]) => measure(guest, scale));
  progress("");
  return {
    question: bench.question,
    rows,
    notes: [`User CPU of the process, medians of the ratios of ${ROUNDS} rounds; epochs are of the host's time.`],
  };
}

export const bench: Bench = {
  question: "What does it cost a guest behind page tables that its stores are tracked?",
  run: () => Promise.resolve(run()),
};
