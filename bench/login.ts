/** How much CPU time does a distribution take to its login, beside QEMU's? Debian's root disk, systemd and all. */

import { existsSync } from "node:fs";
import { type Cost, costUntil } from "./support/guest-process.ts";
import { installed, median, progress, roundsOf } from "./support/measure.ts";
import type { Bench, Report } from "./support/report.ts";

const ROUNDS = roundsOf(3);

const MACHINE = ["-M", "virt", "-nographic", "-m", "512M", "-append", "console=ttyS0 root=/dev/vda"] as const;
const FILES = ["-kernel", ".guests/Image", "-initrd", ".guests/initrd-root.cpio"] as const;
const IMAGE = "file=.guests/rootfs.qcow2,format=qcow2,snapshot=on";

const CONTESTANTS = {
  ours: ["node", "dist/src/cli/main.js", ...MACHINE, ...FILES, "-drive", IMAGE],
  QEMU: [
    ...["qemu-system-riscv64", ...MACHINE, ...FILES],
    ...["-drive", `if=none,id=a,${IMAGE}`, "-device", "virtio-blk-device,drive=a"],
  ],
} as const;

async function run(): Promise<Report> {
  if (!existsSync(".guests/rootfs.qcow2"))
    throw new Error('Debian\'s root disk is not here: run "npm run guests:debian -- --rootfs" first.');
  const names = installed("qemu-system-riscv64") ? (["ours", "QEMU"] as const) : (["ours"] as const);
  const logins = new Map<string, Cost[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      progress(`${name}, round ${round + 1} of ${ROUNDS}`);
      logins.get(name)!.push(await costUntil(CONTESTANTS[name], /login: /));
    }
  }
  progress("");
  const rows = names.map((name) => {
    const all = logins.get(name)!;
    const cpus = all.map(({ cpu }) => cpu);
    return {
      name,
      "CPU, s": median(cpus),
      "least, s": Math.min(...cpus),
      "most, s": Math.max(...cpus),
      "by the clock, s": median(all.map(({ wall }) => wall)),
    };
  });
  return {
    question: bench.question,
    rows,
    notes: [
      "One hart, 512 MiB, root disk from qcow2 whose changes are forgotten; user and system time of the whole process, start included.",
      `Medians of ${ROUNDS} interleaved boots.`,
    ],
  };
}

export const bench: Bench = {
  question: "How much CPU time does Debian's root disk take to its login?",
  run,
};
