/** How long does Debian's kernel take to userland, and how much memory does the host need beside the guest's? */

import { existsSync } from "node:fs";
import { median, progress, runOnce } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const REPETITIONS = 3;
const FIRMWARE = ["builtin", ".guests/opensbi/fw_jump.bin"];
const MIB = 2 ** 20;

/** What bench/support/boot-debian.mjs prints. */
interface Boot {
  readonly wallSeconds: number;
  readonly userSeconds: number;
  readonly instructions: number;
  readonly ownBytes: number;
  readonly fileBytes: number;
  readonly guestBytes: number;
}

function boot(firmware: string): Boot {
  return JSON.parse(runOnce(["node", "bench/support/boot-debian.mjs", firmware]).output.split("\n")[0]!) as Boot;
}

function rowOf(firmware: string, boots: readonly Boot[]): Row {
  const middle = (value: (boot: Boot) => number): number => median(boots.map(value));
  const wall = middle(({ wallSeconds }) => wallSeconds);
  return {
    firmware,
    "to userland, s": wall,
    "user CPU, s": middle(({ userSeconds }) => userSeconds),
    "million instructions": middle(({ instructions }) => instructions / 1e6),
    MIPS: middle(({ instructions, wallSeconds }) => instructions / wallSeconds / 1e6),
    "guest RAM touched, MiB": middle(({ guestBytes }) => guestBytes / MIB),
    "host beside it, MiB": middle(({ ownBytes, guestBytes }) => (ownBytes - guestBytes) / MIB),
    "node's program files, MiB": middle(({ fileBytes }) => fileBytes / MIB),
  };
}

function run(): Report {
  if (!existsSync(".guests/manifest.json")) throw new Error('Debian is not here: run "npm run guests:debian" first.');
  const boots = new Map<string, Boot[]>(FIRMWARE.map((firmware) => [firmware, []]));
  for (let round = 0; round < REPETITIONS; round++) {
    for (const firmware of FIRMWARE) {
      progress(`${firmware}, boot ${round + 1} of ${REPETITIONS}`);
      boots.get(firmware)!.push(boot(firmware));
    }
  }
  progress("");
  return {
    question: bench.question,
    rows: [...boots].map(([firmware, all]) => rowOf(firmware, all)),
    notes: [
      `Debian's kernel, 256 MiB, busybox as init; medians of ${REPETITIONS} interleaved boots, node's own start not in them.`,
      "Beside it: what the whole node process has for itself, without the pages of guest RAM that the system has given out.",
      "Node's program files are mapped, and shared by all processes that run node.",
    ],
  };
}

export const bench: Bench = {
  question: "How long does Debian's kernel take to userland, and how much memory does the host need?",
  run: () => Promise.resolve(run()),
};
