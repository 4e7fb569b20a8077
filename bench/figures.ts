/** Do the figures of Waldspurger (OSDI 2002) and Clark (NSDI 2005) come out here? `--only=NAME` measures one of them. */

import { spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { flatGuest } from "../test/support/guest.ts";
import { progress, QUICK } from "./support/measure.ts";
import { type Axes, type Point, svgOf } from "./support/plot.ts";
import type { Bench, Report, Row } from "./support/report.ts";

/**
 * Reads at 0x80080000 to how many pages to store, how many of them are a batch, and how many ticks lie between two; counts batches behind that.
 * It stores to all pages once, then goes round them, batch by batch, or sleeps; it makes up for 50 ms at most. The timer wakes it without a trap.
 */
const STORING = `
  li s5, 0x80080000
  ld s2, 8(s5)
  ld s3, 16(s5)
  li t2, 4096
  li t0, 0x80
  csrw mie, t0
  li s0, 0x80100000
  ld s1, 0(s5)
  first: sd s0, 0(s0)
  add s0, s0, t2
  addi s1, s1, -1
  bnez s1, first
  beqz s2, asleep
  li s6, 0x2004000
  li s7, 0x200bff8
  li s9, 500000
  ld s8, 0(s7)
  batch: mv s4, s2
  page: bnez s1, store
  li s0, 0x80100000
  ld s1, 0(s5)
  store: sd s8, 2040(s0)
  add s0, s0, t2
  addi s1, s1, -1
  addi s4, s4, -1
  bnez s4, page
  ld t0, 24(s5)
  addi t0, t0, 1
  sd t0, 24(s5)
  add s8, s8, s3
  sd s8, 0(s6)
  wait: ld t0, 0(s7)
  sub t1, t0, s8
  blt t1, s9, due
  sub s8, t0, s9
  due: bgeu t0, s8, batch
  wfi
  j wait
  asleep: csrw mie, zero
  wfi
  j asleep`;

/** Waldspurger's, then Clark's, then a burst of requests. */
export const FIGURES = ["sharing", "balloon", "idle-tax", "rounds", "downtime", "burst"] as const;
export type FigureName = (typeof FIGURES)[number];

/** What was measured. */
export interface Figure {
  readonly rows: readonly Row[];
  readonly plot: { readonly points: readonly Point[]; readonly axes: Axes };
}

/** Measures one, in a process of its own. @throws when that fails */
export function measure(name: FigureName, quick: boolean): Figure {
  const kernel = Buffer.from(flatGuest(STORING)).toString("base64");
  const script = ["bench/support/run-figures.mjs", name, kernel, ...(quick ? ["--quick"] : [])];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const { status, stdout } = spawnSync("node", script, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`bench/support/run-figures.mjs ${name} failed (${status})`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Figure;
}

/** @throws when there is no such figure */
function wanted(): readonly FigureName[] {
  const args = process.argv.slice(2);
  const { only } = parseArgs({ args, options: { only: { type: "string" } }, strict: false }).values;
  const chosen = FIGURES.filter((name) => only === undefined || name === only);
  if (chosen.length === 0) throw new Error(`There is no figure ${String(only)}; --only takes ${FIGURES.join(", ")}.`);
  return chosen;
}

/** What a quick run draws is not what the document shows. */
const FOLDER = new URL(QUICK ? "../build/bench/figures/" : "../docs/study/figures/", import.meta.url);

async function run(): Promise<Report> {
  const rows: Row[] = [];
  await mkdir(FOLDER, { recursive: true });
  for (const name of wanted()) {
    progress(name);
    const { rows: measured, plot } = measure(name, QUICK);
    rows.push(...measured);
    await writeFile(new URL(`${name}.svg`, FOLDER), `${await svgOf(plot.points, plot.axes)}\n`);
  }
  progress("");
  const notes = [
    `Wall time, medians; one thread has all VMs, and what else runs on the machine is in the times. The plots are in ${fileURLToPath(FOLDER)}.`,
    ...(QUICK ? ["A quick run: smaller amounts, fewer rounds."] : []),
  ];
  return { question: bench.question, rows, notes };
}

export const bench: Bench = {
  question: "Do the figures of Waldspurger (sharing, balloon, idle tax) and Clark (rounds, downtime) come out here?",
  run,
};
