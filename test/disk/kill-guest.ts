/** Killing wasmvisor while a Linux in it writes to ext4 on an overlay: what the guest was told is on the disk is there. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createDisk } from "../../src/disk/index.ts";
import { cpio, file } from "../../src/linux/cpio.ts";
import { random } from "./crash.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const guests = (name: string): string => path.join(root, ".guests", name);

export const BLOCK = 4096;
/** What is written whole or not at all, if its flush has not returned: each has the count. */
const SECTOR = 512;
export const BLOCKS = 256;
/** The next block is this much further: all are met before one is met again. */
const STRIDE = 79;
/** Rounds that go on with what the one before has left. */
const ROUNDS_OF_AN_IMAGE = 8;
/** Which block a count is written to. */
export const blockOf = (count: number): number => (count * STRIDE) % BLOCKS;

/** Longest time from the start of a guest to its first flush, on a busy machine. */
const PATIENCE_MILLISECONDS = 300_000;

/** Makes, renames and removes folders and files for ever; `program` is a file of some size. */
const METADATA = `metadata() {
  round=0
  while :; do
    round=$((round + 1))
    rm -rf /mnt/old
    mkdir -p /mnt/new/a/b
    for name in 1 2 3 4 5 6 7 8 9; do
      echo $round $name >/mnt/new/a/$name
      ln /mnt/new/a/$name /mnt/new/a/b/$name
      mv /mnt/new/a/$name /mnt/new/$name
    done
    dd if=$program of=/mnt/new/file bs=64k count=8 2>/dev/null
    mv /mnt/new /mnt/old
    sync
  done
}
metadata &
`;

/** Writes block after block of a file from `start` on, flushes each, and says so when the flush has returned. */
const FLUSHES = `count=$start
while :; do
  count=$((count + 1))
  printf '%-${SECTOR}s' ${"$count ".repeat(BLOCK / SECTOR)}| dd of=/mnt/blocks bs=${BLOCK} seek=$((count * ${STRIDE} % ${BLOCKS})) conv=notrunc,fsync 2>/dev/null
  echo "flushed $count."
done
`;

/**
 * What a guest does beside `others`: it changes folders and flushes blocks, on an ext4 file system at /mnt.
 * @param program - a file of the guest's, of half a MiB or more
 */
export const load = (program: string, others = ""): string => `program=${program}\n${METADATA}${others}${FLUSHES}`;

/** `start` comes from the kernel's command line. */
const LOAD = `#!/bin/sh
mount -t ext4 /dev/vda /mnt || { echo broken; exit 1; }
${load("/bin/busybox")}`;

export function program(name: string, args: readonly string[], good: readonly number[]): void {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: "utf8" });
  if (!good.includes(status ?? -1)) throw new Error(`${name} ${args[0]}: ${status} ${stdout}${stderr}`);
}

/** Makes an ext4 file system with the file that is written to, and others, by name. */
export function makeFileSystem(folder: string, image: string, files: Record<string, string> = {}): void {
  const content = path.join(folder, "content");
  mkdirSync(content, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(content, name), text);
  writeFileSync(path.join(content, "blocks"), Buffer.alloc(BLOCK * BLOCKS, "0"));
  program("mke2fs", ["-q", "-F", "-t", "ext4", "-d", content, image, "48M"], [0]);
}

/**
 * Runs the guest until it has flushed something, and a random while more, and kills it; the last count it said was flushed.
 * @throws Error when it says that fio has ended, or flushes nothing
 */
export async function runAndKill(guest: ChildProcess, milliseconds: number): Promise<number> {
  let text = "";
  let last = 0;
  let ended: string | undefined;
  const exit = once(guest, "exit");
  const begun = new Promise<void>((resolve) => {
    guest.stdout!.setEncoding("utf8").on("data", (part: string) => {
      text = (text + part).slice(-4096);
      ended ??= /fio has ended: \d+/.exec(text)?.[0];
      for (const [, count] of text.matchAll(/flushed (\d+)\./g)) last = Math.max(last, Number(count));
      if (last > 0) resolve();
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE_MILLISECONDS)));
  await Promise.race([begun, exit, late]);
  clearTimeout(timer);
  if (last === 0) {
    guest.kill("SIGKILL");
    throw new Error(`the guest has flushed nothing: …${text.slice(-400)}`);
  }
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  guest.kill("SIGKILL");
  await exit;
  if (ended !== undefined) throw new Error(`${ended}: …${text.slice(-400)}`);
  return last;
}

/** Where `verify` puts the whole disk. */
export const LEFT = "left.raw";

/**
 * Looks at what is left: no errors in the image; after a replay of its journal none in the file system; each block as it was when it was
 * flushed last, which `safe` says, or as it was written later.
 * @throws Error that says what is wrong
 */
export function verify(folder: string, overlay: string, safe: readonly number[]): void {
  const [raw, blocks] = [path.join(folder, LEFT), path.join(folder, "left.blocks")];
  // 3: clusters that nobody uses.
  program("qemu-img", ["check", overlay], [0, 3]);
  program("qemu-img", ["convert", "-O", "raw", overlay, raw], [0]);
  program("e2fsck", ["-y", "-E", "journal_only", raw], [0, 1]);
  program("e2fsck", ["-f", "-n", raw], [0]);
  program("debugfs", ["-R", `dump /blocks ${blocks}`, raw], [0]);
  const bytes = readFileSync(blocks);
  for (const [block, count] of safe.entries()) {
    for (let at = block * BLOCK; at < (block + 1) * BLOCK; at += SECTOR) {
      const text = bytes.toString("latin1", at, at + SECTOR);
      const isLater =
        /^\d+ *$/.test(text) && Number(text) >= count && (Number(text) === 0 || blockOf(Number(text)) === block);
      if (isLater) continue;
      throw new Error(`block ${block} has ${text.slice(0, 40).trimEnd()}… at ${at % BLOCK}, and ${count} was flushed`);
    }
  }
}

/** Kills that many guests; false when something was wrong, which is printed. */
export async function killGuests(rounds: number, seed: number): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-kill-guest-"));
  const next = random(seed);
  const [base, overlay] = [path.join(folder, "base.raw"), path.join(folder, "overlay.qcow2")];
  const initrd = path.join(folder, "initrd.cpio");
  writeFileSync(initrd, Buffer.concat([readFileSync(guests("initrd-root.cpio")), cpio([file("load", LOAD, 0o755)])]));
  const safe = new Array<number>(BLOCKS).fill(0);
  let [flushed, all, round] = [0, 0, 0];
  try {
    for (; round < rounds; round++) {
      if (round % ROUNDS_OF_AN_IMAGE === 0) {
        makeFileSystem(folder, base);
        rmSync(overlay, { force: true });
        const clusterBytes = 4096 << next(5);
        await createDisk(overlay, { size: 48 * 2 ** 20, clusterBytes, backingFile: base, backingFormat: "raw" });
        safe.fill(0);
      }
      const start = flushed + BLOCKS;
      const append = `console=ttyS0 quiet start=${start} wasmvisor.modules=all wasmvisor.run=/load`;
      const files = ["--kernel", guests("Image"), "--initrd", initrd, "--drive", `file=${overlay},format=qcow2`];
      const guest = spawn(
        process.execPath,
        [path.join(root, "dist/src/cli/main.js"), "run", "-m", "128M", ...files, "--append", append],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      flushed = await runAndKill(guest, next(2000));
      all += flushed - start;
      for (let count = start + 1; count <= flushed; count++) safe[blockOf(count)] = count;
      verify(folder, overlay, safe);
    }
    console.log(
      `${rounds} kills of a machine: what its guest had flushed is there (${all} flushes), its file system is whole`,
    );
    return true;
  } catch (error) {
    console.log(`round ${round} of seed ${seed}: ${(error as Error).message}`);
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
