/** What do the verbs of a hypervisor cost: clone, snapshot, restore, share, balloon, migrate, page, track? `--quick` makes fewer of each. */

import { spawnSync } from "node:child_process";
import { median, progress, QUICK, runOnce } from "./support/measure.ts";
import { bench as multiplex } from "./multiplex.ts";
import type { Bench, Report, Row } from "./support/report.ts";

function row(what: string, got: string, spread: string, wanted: string): Row {
  return { what, got, spread, wanted };
}

/** Rounds of the guest `mix`. */
const SCALE = QUICK ? "1000" : "8000";

/** The guest `mix` does what CoreMark does, behind page tables. */
function tracking(): Row[] {
  const run = (epoch: string): number => {
    const { output } = runOnce(["node", "bench/support/run-tracked.mjs", "mix", SCALE, epoch]);
    return (JSON.parse(output.split("\n")[0]!) as { readonly userSeconds: number }).userSeconds;
  };
  const ratios: number[] = [];
  for (let round = 0; round < (QUICK ? 2 : 5); round++) {
    const tracked = round % 2 === 0 ? run("1000") : 0;
    const plain = run("off");
    ratios.push((tracked || run("1000")) / plain);
  }
  const spread = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const got = `${median(ratios).toFixed(3)} of the user CPU`;
  return [row("stores tracked, an epoch a second, work as CoreMark's in paged mode", got, spread, "1.05")];
}

/** Shares and waking have a benchmark of their own. */
async function scheduling(): Promise<Row[]> {
  if (QUICK)
    return [row("16 VMs with shares 1:2:4; waking beside 15 that spin", "npm run bench -- multiplex", "", "2%, 20 ms")];
  const { rows } = await multiplex.run();
  return rows.map(({ what, got, wanted }) => row(String(what), String(got), "60 s", String(wanted)));
}

/** Clones and snapshots, in a process of their own. */
function guests(): Row[] {
  const script = ["bench/support/run-verbs.mjs", ...(QUICK ? ["--quick"] : [])];
  const stdio = ["ignore", "pipe", "inherit"] as const;
  const { status, stdout } = spawnSync("node", script, { encoding: "utf8", stdio: [...stdio] });
  if (status !== 0) throw new Error(`bench/support/run-verbs.mjs failed (${status})`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Row[];
}

async function run(): Promise<Report> {
  const rows = guests();
  progress("tracking");
  rows.push(...tracking(), ...(await scheduling()));
  progress("");
  return {
    question: bench.question,
    rows,
    notes: [
      "Debian's kernel with busybox, 256 MiB, an agent; wall time unless it says otherwise, medians with the least and the most.",
      "One thread has all VMs; what else runs on the machine is in the times.",
      ...(QUICK ? ["A quick run: fewer rounds."] : []),
    ],
  };
}

export const bench: Bench = {
  question: "What do clone, snapshot, restore, share, balloon, migrate, page and track cost?",
  run,
};
