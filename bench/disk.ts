/** How much CPU time does a guest's disk take, beside QEMU's? fio inside Debian, on the same images. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { GuestProcess } from "./support/guest-process.ts";
import { installed, median, progress, roundsOf } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = roundsOf(3);
const MIB = 2 ** 20;
const SIZE = 128 * MIB;

/** Options of fio's, and whether it changes the disk. */
const JOBS = [
  { name: "read", options: "--rw=read --bs=1M --iodepth=1 --io_size=512M", units: 512, unit: "MiB" },
  { name: "write", options: "--rw=write --bs=1M --iodepth=1 --io_size=512M", units: 512, unit: "MiB" },
  { name: "4K read, QD 1", options: "--rw=randread --bs=4k --iodepth=1 --io_size=32M", units: 8192, unit: "4 KiB" },
  { name: "4K read, QD 32", options: "--rw=randread --bs=4k --iodepth=32 --io_size=32M", units: 8192, unit: "4 KiB" },
  { name: "4K write, QD 1", options: "--rw=randwrite --bs=4k --iodepth=1 --io_size=32M", units: 8192, unit: "4 KiB" },
  { name: "4K write, QD 32", options: "--rw=randwrite --bs=4k --iodepth=32 --io_size=32M", units: 8192, unit: "4 KiB" },
] as const;

const guests = (name: string) => new URL(`../.guests/${name}`, import.meta.url).pathname;

interface DiskKind {
  readonly name: string;
  readonly format: "raw" | "qcow2";
  /** Makes the image at `to`, from a raw file full of data. */
  make(data: string, to: string): string[];
  /** On a file system in memory. */
  readonly inMemory?: boolean;
}

const DISKS: readonly DiskKind[] = [
  { name: "raw in memory", format: "raw", inMemory: true, make: (data, to) => ["cp", data, to] },
  { name: "raw file", format: "raw", make: (data, to) => ["cp", data, to] },
  { name: "qcow2", format: "qcow2", make: (data, to) => ["qemu-img", "convert", "-O", "qcow2", data, to] },
  {
    name: "qcow2, compressed",
    format: "qcow2",
    make: (data, to) => ["qemu-img", "convert", "-c", "-O", "qcow2", data, to],
  },
  {
    name: "qcow2 over raw",
    format: "qcow2",
    make: (data, to) => ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", data, to],
  },
];

type Maker = (image: string, format: string) => readonly [string, ...string[]];

const BOOT = ["-m", "256M", "-append", "console=ttyS0 quiet root=/dev/vda init=/bin/bash"] as const;
const FILES = ["-kernel", guests("Image"), "-initrd", guests("initrd-root.cpio")] as const;

/** Both read the root disk and change nothing of it. QEMU gives slots from the last on, as we do. */
const OURS: Maker = (image, format) => [
  "node", "dist/src/cli/main.js", "-M", "virt", "-nographic", ...BOOT, ...FILES,
  "-drive", `file=${guests("rootfs.qcow2")},format=qcow2,snapshot=on`, "-drive", `file=${image},format=${format}`,
]; // prettier-ignore

const QEMU: Maker = (image, format) => [
  "qemu-system-riscv64", "-M", "virt", "-nographic", ...BOOT, ...FILES,
  "-drive", `if=none,id=a,file=${guests("rootfs.qcow2")},format=qcow2,snapshot=on`, "-device", "virtio-blk-device,drive=a",
  "-drive", `if=none,id=b,file=${image},format=${format}`, "-device", "virtio-blk-device,drive=b",
]; // prettier-ignore

const FIO = `fio --name=x --filename=/dev/vdb --size=${SIZE} --ioengine=libaio --direct=1 --randrepeat=1 --output-format=terse --output=/dev/null`;

function host(command: readonly string[]): void {
  const [program, ...args] = command;
  const { status, stderr } = spawnSync(program!, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command.join(" ")} failed: ${stderr}`);
}

/** CPU microseconds of each job for each of its units, less what starting fio takes. */
async function measure(command: readonly [string, ...string[]], writes: boolean): Promise<Map<string, number>> {
  const guest = new GuestProcess(command);
  try {
    await guest.waitFor(/# /);
    await guest.run(
      "export PATH=/usr/sbin:/usr/bin; mount -t devtmpfs dev /dev 2>/dev/null; mount -t tmpfs run /run; test -b /dev/vdb",
    );
    const start = `${FIO} --rw=read --bs=4k --io_size=4k`;
    await guest.run(start);
    const least = Math.min((await guest.run(start)).seconds, (await guest.run(start)).seconds);
    const costs = new Map<string, number>();
    for (const { name, options, units } of JOBS) {
      if (!writes && name.includes("write")) continue;
      // Once to warm up: both compile what they meet.
      await guest.run(`${FIO} ${options.replace(/--io_size=\d+M/, "--io_size=4M")}`);
      const { seconds } = await guest.run(`${FIO} ${options}`);
      costs.set(name, (1e6 * Math.max(0.01, seconds - least)) / units);
    }
    return costs;
  } finally {
    await guest.end();
  }
}

/** What each of the two took for each job on each disk, a figure a round. */
async function measureAll(folder: string, names: readonly string[]): Promise<Map<string, number[]>> {
  const data = path.join(folder, "data.raw");
  writeFileSync(data, pattern());
  const all = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const disk of DISKS) {
      for (const [who, make] of [
        ["ours", OURS],
        ["QEMU", QEMU],
      ] as const) {
        if (!names.includes(who)) continue;
        progress(`${disk.name}, ${who}, round ${round + 1} of ${ROUNDS}`);
        const image = path.join(disk.inMemory === true ? "/dev/shm" : folder, `wasmvisor-bench-${process.pid}.img`);
        try {
          host(disk.make(data, image));
          const costs = await measure(make(image, disk.format), disk.name !== "qcow2, compressed");
          for (const [job, cost] of costs) {
            const key = `${disk.name}, ${job}, ${who}`;
            all.set(key, [...(all.get(key) ?? []), cost]);
          }
        } finally {
          rmSync(image, { force: true });
        }
      }
    }
  }
  progress("");
  return all;
}

/** Bytes that compress to about half. */
function pattern(): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  let state = 1;
  for (let at = 0; at < SIZE; at += 2) bytes[at] = state = (Math.imul(state, 75) + 74) & 0xff;
  return bytes;
}

function figure(ours: readonly number[] | undefined, qemu: readonly number[] | undefined): string {
  if (ours === undefined) return "";
  const digits = (value: number): string => String(Number(value.toPrecision(2)));
  if (qemu === undefined) return digits(median(ours));
  return `${digits(median(ours))} / ${digits(median(qemu))} = ${digits(median(ours) / median(qemu))}`;
}

async function run(): Promise<Report> {
  if (!existsSync(guests("rootfs.qcow2"))) {
    return {
      question: bench.question,
      rows: [],
      notes: ["Needs Debian's root disk: npm run guests:debian -- --rootfs."],
    };
  }
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-bench-"));
  try {
    const names = installed("qemu-system-riscv64") ? ["ours", "QEMU"] : ["ours"];
    const costs = await measureAll(folder, names);
    const rows = DISKS.map(({ name }): Row => {
      const cells = JOBS.map((job) => {
        const of = (who: string) => costs.get(`${name}, ${job.name}, ${who}`);
        return [job.name, figure(of("ours"), of("QEMU"))] as const;
      });
      return { disk: name, ...Object.fromEntries(cells) };
    });
    const notes = [
      `CPU us (user and system) of the whole process for a MiB in order, or a request of 4 KiB: ours / QEMU's = ratio; medians of ${ROUNDS} interleaved rounds.`,
    ];
    return { question: bench.question, rows, notes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const bench: Bench = {
  question: "How much CPU time does a guest's disk take, beside QEMU's?",
  run,
};
