/** How much slower are ordinary programs of Debian's, in user mode under its kernel, than the same versions on this machine and under QEMU? */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { ensurePrograms, NATIVE } from "../scripts/debian-programs.mjs";
import type { EngineName } from "../src/index.ts";
import { geometricMean } from "../src/study/statistics.ts";
import { boot, bootWords, diskOf, inDisk, INITRD, QUIET } from "./support/debian-guests.ts";
import type { GuestProcess } from "./support/guest-process.ts";
import { installed, median, progress, QUICK, roundsOf } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = roundsOf(3);

/** Runs of one program in one boot, whose slowest is compared with their fastest. */
const REPEATED = QUICK ? 4 : 10;

/** What each prints is compared between the machines. Native runs take 0.2 to 1 s. */
const PROGRAMS: Readonly<Record<string, string>> = {
  SQLite: "sqlite3 :memory: < /bench/queries.sql",
  Lua: "lua5.4 /bench/objects.lua",
  "Lua, floating point": "lua5.4 /bench/bodies.lua",
  QuickJS: "qjs /bench/objects.js",
  Python: "python3 /bench/objects.py",
  "Python's own tests": "python3 -m test test_float test_array 2>&1 | grep Result",
  Perl: "LC_ALL=C perl /bench/words.pl /bench/text",
  mawk: "mawk -f /bench/words.awk /bench/text",
  sort: "cat /bench/text /bench/text /bench/text /bench/text | LC_ALL=C sort -k3 | md5sum",
  md5sum: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do cat /bench/text; done | md5sum",
  gzip: "gzip -n9 < /bench/text | md5sum",
  bzip2: "bzip2 < /bench/text | md5sum",
  xz: "head -c 1000000 /bench/text | xz -6 -T1 | md5sum",
  zstd: "head -c 1500000 /bench/text | zstd --single-thread -17 | md5sum",
  bc: "bc -l -q /bench/pi.bc < /dev/null",
  lame: "lame --quiet /bench/wave - | wc -c",
};

const REPEATED_PROGRAMS = ["SQLite", "Lua", "bzip2"];

const BOOT = bootWords(INITRD, QUIET);
const DISK = diskOf("programs.img");

/** A guest's command by the name of the machine. */
type Machine = "tiered" | "interpreter" | "QEMU";

function ours(engine: EngineName): readonly [string, ...string[]] {
  return ["node", "dist/src/cli/main.js", ...BOOT, "--engine", engine, ...DISK.ours];
}

const COMMANDS: Readonly<Record<Machine, readonly [string, ...string[]]>> = {
  tiered: ours("tiered"),
  interpreter: ours("interpreter"),
  QEMU: ["qemu-system-riscv64", ...BOOT, ...DISK.QEMU],
};

const quoted = (command: string) => `'${command.replaceAll("'", `'"'"'`)}'`;

interface Run {
  readonly seconds: number;
  readonly text: string;
}

/** Whether this machine has its own versions, and may run them. */
const hasNative = () => process.getuid?.() === 0 && existsSync(NATIVE);

/** User and system seconds of this machine's own version. */
function native(command: string): Run {
  const inside = ["chroot", NATIVE, "/bin/sh", "-c", command];
  const script = 'TIMEFORMAT="time %U %S"; time "$@" </dev/null';
  const result = spawnSync("bash", ["-c", script, "bash", ...inside], { encoding: "utf8" });
  const times = /^time ([\d.]+) ([\d.]+)$/m.exec(result.stderr);
  if (result.status !== 0 || times === null)
    throw new Error(`${command} failed here: ${result.stdout}${result.stderr}`);
  return { seconds: Number(times[1]) + Number(times[2]), text: result.stdout };
}

/** Boots a guest with all that is read in its memory. */
async function bootRead(machine: Machine): Promise<GuestProcess> {
  const guest = await boot(COMMANDS[machine]);
  await guest.run("find /mnt/usr/bin /mnt/usr/lib /mnt/bench -type f | xargs cat > /dev/null");
  return guest;
}

const runIn = (guest: GuestProcess, name: string): Promise<Run> =>
  guest.run(inDisk(`/bin/sh -c ${quoted(PROGRAMS[name]!)}`));

/** What a program printed, without what a console adds. */
const words = (text: string) => text.split(/\s+/).filter(Boolean).join(" ");

/** Seconds by machine, by program. */
type Seconds = Map<string, Map<string, number[]>>;

function add(seconds: Seconds, name: string, machine: string, value: number): void {
  const row = seconds.get(name) ?? new Map<string, number[]>();
  row.set(machine, [...(row.get(machine) ?? []), value]);
  seconds.set(name, row);
}

/** Each program once in one boot of each machine, in the same order. */
async function round(machines: readonly Machine[], seconds: Seconds): Promise<void> {
  const printed = new Map<string, string>();
  for (const name of hasNative() ? Object.keys(PROGRAMS) : []) {
    const result = native(PROGRAMS[name]!);
    add(seconds, name, "native", result.seconds);
    printed.set(name, words(result.text));
  }
  for (const machine of machines) {
    const guest = await bootRead(machine);
    try {
      for (const name of Object.keys(PROGRAMS)) {
        progress(`${machine}: ${name}`);
        const result = await runIn(guest, name);
        const expected = printed.get(name);
        if (expected !== undefined && !words(result.text).endsWith(expected))
          throw new Error(`${name} on ${machine} has not printed "${expected}" but "${words(result.text)}"`);
        add(seconds, name, machine, result.seconds);
      }
    } finally {
      await guest.end();
    }
  }
}

function rowsOf(seconds: Seconds): readonly Row[] {
  const ratios = new Map<string, number[]>();
  const ratio = (title: string, over: number | undefined, under: number | undefined) => {
    if (over === undefined || under === undefined) return {};
    ratios.set(title, [...(ratios.get(title) ?? []), over / under]);
    return { [title]: over / under };
  };
  const rows: Row[] = [...seconds].map(([name, row]) => {
    const of = (machine: string) => (row.has(machine) ? median(row.get(machine)!) : undefined);
    const [own, tiered, interpreter, qemu] = [of("native"), of("tiered")!, of("interpreter"), of("QEMU")];
    return {
      program: name,
      "native, s": own ?? "",
      "tiered, s": tiered,
      ...ratio("times native", tiered, own),
      ...ratio("QEMU, times native", qemu, own),
      ...ratio("QEMU over tiered", qemu, tiered),
      ...ratio("interpreter over tiered", interpreter, tiered),
    };
  });
  const means = [...ratios].map(([title, values]) => [title, geometricMean(values)] as const);
  return [...rows, { program: "geometric mean", "native, s": "", "tiered, s": "", ...Object.fromEntries(means) }];
}

/** One program many times in one boot: the first, and between which the others lie. */
async function repeated(): Promise<readonly string[]> {
  const guest = await bootRead("tiered");
  try {
    const notes: string[] = [];
    for (const name of REPEATED_PROGRAMS) {
      const times: number[] = [];
      for (let i = 0; i < REPEATED; i++) times.push((await runIn(guest, name)).seconds);
      const spread = Math.max(...times) / Math.min(...times);
      const later = Math.max(...times.slice(1)) / Math.min(...times.slice(1));
      const list = times.map((time) => time.toFixed(1)).join(", ");
      notes.push(
        `${name}, ${REPEATED} times in one boot: slowest over fastest ${spread.toFixed(2)}, without the first ${later.toFixed(2)} (s: ${list}).`,
      );
    }
    return notes;
  } finally {
    await guest.end();
  }
}

async function run(): Promise<Report> {
  ensurePrograms();
  const machines: readonly Machine[] = installed("qemu-system-riscv64")
    ? ["tiered", "interpreter", "QEMU"]
    : ["tiered", "interpreter"];
  const seconds: Seconds = new Map();
  for (let i = 0; i < ROUNDS; i++) await round(machines, seconds);
  const notes = await repeated();
  progress("");
  return {
    question: bench.question,
    rows: rowsOf(seconds),
    notes: [
      `User and system seconds of the whole process while a program runs, the engine's threads included; medians of ${ROUNDS} interleaved rounds, one boot of each machine in each.`,
      "Debian 13's packages, the same versions everywhere; one hart, 512 MiB. This machine's own may use vector instructions that the guest has not.",
      ...notes,
    ],
  };
}

export const bench: Bench = {
  question: "How much slower are ordinary programs under Debian than on this machine, and than under QEMU?",
  run,
};
