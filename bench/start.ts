/** What does a start cost: of the command, and of Debian's kernel to userland, beside QEMU's? */

import { bootWords, guestFile } from "./support/debian-guests.ts";
import { type Cost, costUntil } from "./support/guest-process.ts";
import { installed, median, progress, roundsOf } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = roundsOf(5);

type Command = readonly [string, ...string[]];

/** Something that is started, and what it prints when it has come far enough. */
interface Start {
  readonly what: string;
  readonly until: RegExp;
  readonly ours: Command;
  readonly QEMU?: Command;
}

const OURS = ["node", "dist/src/cli/main.js"] as const;
const QEMU = ["qemu-system-riscv64"] as const;
const SHORT = [
  ...["-M", "virt", "-nographic", "-m", "128M", "-bios", "none", "-kernel", "guests/bin/mix.elf"],
  ...["-append", "scale=1"],
];

/** Debian's kernel with an initramfs. */
function kernel(initrd: string): readonly string[] {
  return bootWords(guestFile(initrd), "console=ttyS0 quiet");
}

const USERLAND = /wasmvisor: userland up/;

const STARTS: readonly Start[] = [
  { what: "node that does nothing", until: /\n/, ours: ["node", "-e", "console.log()"] },
  { what: "the command's version", until: /\d\.\d/, ours: [...OURS, "--version"] },
  {
    what: "a guest's first words, 128 MiB",
    until: /mix/,
    ours: [...OURS, ...SHORT],
    QEMU: [...QEMU, ...SHORT],
  },
  {
    what: "Debian's kernel to userland",
    until: USERLAND,
    ours: [...OURS, ...kernel("initrd.cpio")],
    QEMU: [...QEMU, ...kernel("initrd.cpio")],
  },
  {
    what: "the same, an initramfs with modules",
    until: USERLAND,
    ours: [...OURS, ...kernel("initrd-modules.cpio")],
    QEMU: [...QEMU, ...kernel("initrd-modules.cpio")],
  },
];

async function rowOf(start: Start): Promise<Row> {
  const names = start.QEMU !== undefined && installed(QEMU[0]) ? (["ours", "QEMU"] as const) : (["ours"] as const);
  const costs = new Map<string, Cost[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      progress(`${start.what}: ${name}`);
      costs.get(name)!.push(await costUntil(start[name]!, start.until));
    }
  }
  const of = (name: string, part: keyof Cost) =>
    costs.has(name) ? median(costs.get(name)!.map((one) => one[part])) : "";
  const [ours, qemu] = [of("ours", "cpu"), of("QEMU", "cpu")];
  return {
    what: start.what,
    "CPU, s": ours,
    "by the clock, s": of("ours", "wall"),
    "QEMU, CPU, s": qemu,
    "by the clock, QEMU, s": of("QEMU", "wall"),
    "CPU over QEMU's": typeof ours === "number" && typeof qemu === "number" && qemu > 0 ? ours / qemu : "",
  };
}

async function run(): Promise<Report> {
  const rows: Row[] = [];
  for (const start of STARTS) rows.push(await rowOf(start));
  progress("");
  return {
    question: bench.question,
    rows,
    notes: [`User and system time of the whole process, all threads; medians of ${ROUNDS} interleaved runs.`],
  };
}

export const bench: Bench = {
  question: "What does a start cost, of the command and of Debian's kernel, beside QEMU's?",
  run,
};
