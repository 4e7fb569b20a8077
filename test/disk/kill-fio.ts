/**
 * Killing wasmvisor under fio: a Linux with fio is booted once and kept as a snapshot; each round goes on from there, writes to ext4 on an
 * overlay of its own (fio with verification, folders and files, blocks that are flushed one by one), and is killed.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createDisk } from "../../src/disk/index.ts";
import { random } from "./crash.ts";
import {
  BLOCK,
  blockOf,
  BLOCKS,
  guests,
  LEFT,
  load,
  makeFileSystem,
  program,
  root,
  runAndKill,
  verify,
} from "./kill-guest.ts";

const DISK_BYTES = 48 * 2 ** 20;

/** fio writes all over its file with several requests at once, flushes now and then, and reads back what it has written. */
const FIO = `{
  fio --name=x --directory=/mnt --filename=fio --size=4M --bs=4k --rw=randwrite --ioengine=libaio --direct=1 --iodepth=8 --fsync=16 \
    --verify=crc32c --verify_backlog=64 --verify_fatal=1 --verify_state_save=0 --time_based --runtime=100000 >/tmp/fio 2>&1
  status=$?
  tail -n 3 /tmp/fio
  echo "fio has ended: $status"
} &
`;

const SETUP = [
  "export PATH=/usr/sbin:/usr/bin",
  "mount -t devtmpfs dev /dev 2>/dev/null",
  "mount -t proc proc /proc",
  "mount -t tmpfs run /run",
  "mount -t tmpfs tmp /tmp",
  // What is started in each round has been read before.
  "fio --name=x --filename=/tmp/x --size=64k --bs=4k --rw=randwrite --ioengine=libaio --verify=crc32c --verify_state_save=0 >/tmp/fio 2>&1",
  "dd if=/dev/zero of=/tmp/x bs=4k count=1 conv=fsync 2>/dev/null; mkdir /tmp/a; ln /tmp/x /tmp/a/x; mv /tmp/a/x /tmp/y; rm -rf /tmp/[axy]",
  "sync",
  "echo rea''dy",
];

const START = "mount -t ext4 /dev/vdb /mnt && sh /mnt/load || echo broken\n";

/** A command that runs the machine with its overlay. */
function run(overlay: string, how: readonly string[]): ChildProcess {
  const drives = [
    "--drive",
    `file=${guests("rootfs.qcow2")},format=qcow2,snapshot=on`,
    "--drive",
    `file=${overlay},format=qcow2`,
  ];
  const main = path.join(root, "dist/src/cli/main.js");
  return spawn(process.execPath, [main, "run", ...how, ...drives], { stdio: ["pipe", "pipe", "inherit"] });
}

async function waitFor(guest: ChildProcess, pattern: RegExp): Promise<void> {
  let text = "";
  await new Promise<void>((resolve, reject) => {
    guest.stdout!.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      if (pattern.test(text)) resolve();
    });
    guest.once("exit", () => reject(new Error(`the guest has ended: …${text.slice(-400)}`)));
  });
  guest.stdout!.removeAllListeners("data");
}

/** Boots the machine and keeps it, ready to begin, at `snapshot`. */
async function prepare(overlay: string, control: string, snapshot: string): Promise<void> {
  const files = ["--kernel", guests("Image"), "--initrd", guests("initrd-root.cpio")];
  const append = "console=ttyS0 quiet root=/dev/vda init=/bin/bash";
  const guest = run(overlay, ["-m", "192M", ...files, "--append", append, "--control", control]);
  try {
    await waitFor(guest, /# /);
    guest.stdin!.write(`${SETUP.join("; ")}\n`);
    await waitFor(guest, /ready\r?\n/);
    program(
      process.execPath,
      [path.join(root, "dist/src/cli/main.js"), "snapshot", "--control", control, snapshot],
      [0],
    );
  } finally {
    const exit = once(guest, "exit");
    guest.kill("SIGKILL");
    await exit;
  }
}

/** Files in which the killed processes said that they had the images open. */
function removeLocks(folder: string): void {
  for (const name of readdirSync(folder)) if (name.includes(".lock-")) rmSync(path.join(folder, name));
}

/** What fio had written is a block of its own at its own place, or nothing yet. (fio `verify.h`, `struct verify_header`) */
function verifyFio(folder: string): number {
  const file = path.join(folder, "left.fio");
  program("debugfs", ["-R", `dump /fio ${file}`, path.join(folder, LEFT)], [0]);
  if (!existsSync(file)) return 0;
  const bytes = readFileSync(file);
  let written = 0;
  for (let at = 0; at + BLOCK <= bytes.length; at += BLOCK) {
    if (bytes.subarray(at, at + BLOCK).every((byte) => byte === 0)) continue;
    const [magic, length, offset] = [
      bytes.readUInt16LE(at),
      bytes.readUInt32LE(at + 4),
      Number(bytes.readBigUInt64LE(at + 16)),
    ];
    if (magic !== 0xacca || length !== BLOCK || offset !== at)
      throw new Error(`fio's block at ${at} is none: ${magic} ${length} ${offset}`);
    written++;
  }
  return written;
}

/** Kills that many guests; false when something was wrong, which is printed. */
export async function killFio(rounds: number, seed: number): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-kill-fio-"));
  const next = random(seed);
  const [base, overlay] = [path.join(folder, "base.raw"), path.join(folder, "overlay.qcow2")];
  const snapshot = path.join(folder, "guest.snap");
  const makeOverlay = (clusterBytes: number) => {
    removeLocks(folder);
    rmSync(overlay, { force: true });
    return createDisk(overlay, { size: DISK_BYTES, clusterBytes, backingFile: base, backingFormat: "raw" });
  };
  let [flushes, written, round] = [0, 0, 0];
  try {
    makeFileSystem(folder, base, { load: `start=${BLOCKS}\n${load("/usr/bin/fio", FIO)}` });
    await makeOverlay(65_536);
    await prepare(overlay, path.join(folder, "control"), snapshot);
    for (; round < rounds; round++) {
      await makeOverlay(4096 << next(5));
      const guest = run(overlay, ["--loadvm", snapshot]);
      guest.stdin!.write(START);
      const last = await runAndKill(guest, next(8000));
      const safe = new Array<number>(BLOCKS).fill(0);
      for (let count = BLOCKS + 1; count <= last; count++) safe[blockOf(count)] = count;
      verify(folder, overlay, safe);
      flushes += last - BLOCKS;
      written += verifyFio(folder);
      if (round % 25 === 24) console.log(`${round + 1} kills, ${flushes} flushes`);
    }
    console.log(
      `${rounds} kills under fio: what the guests had flushed is there (${flushes} flushes), their file systems are whole (${written} blocks of fio's)`,
    );
    return true;
  } catch (error) {
    console.log(`round ${round} of seed ${seed}: ${(error as Error).message}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
