/** How long does Debian's kernel take to userland, and how much memory does the host need beside the guest's? */

import { existsSync } from "node:fs";
import type { EngineName } from "../src/index.ts";
import { median, progress, runOnce } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const REPETITIONS = 3;
const FIRMWARE = ["builtin", ".guests/opensbi/fw_jump.bin"];
const ENGINES: readonly EngineName[] = ["interpreter", "tiered"];
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

/** What is compared: every firmware on every engine. */
interface Way {
  readonly firmware: string;
  readonly engine: EngineName;
  readonly boots: Boot[];
}

function boot({ firmware, engine }: Way): Boot {
  const { output } = runOnce(["node", "bench/support/boot-debian.mjs", firmware, engine]);
  return JSON.parse(output.split("\n")[0]!) as Boot;
}

function rowOf({ firmware, engine, boots }: Way): Row {
  const middle = (value: (boot: Boot) => number): number => median(boots.map(value));
  const wall = middle(({ wallSeconds }) => wallSeconds);
  return {
    firmware,
    engine,
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
  const ways = FIRMWARE.flatMap((firmware) => ENGINES.map((engine): Way => ({ firmware, engine, boots: [] })));
  for (let round = 0; round < REPETITIONS; round++) {
    for (const way of ways) {
      progress(`${way.firmware}, ${way.engine}, boot ${round + 1} of ${REPETITIONS}`);
      way.boots.push(boot(way));
    }
  }
  progress("");
  return {
    question: bench.question,
    rows: ways.map(rowOf),
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
