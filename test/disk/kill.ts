/** Killing a process while it writes: the whole of what test/disk/crash.ts replays, with a real file and a real end. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createDisk, openDisk } from "../../src/disk/index.ts";
import { random } from "./crash.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const BLOCK = 4096;
const BLOCKS = 8192;

/** Writes blocks and flushes for ever; its log, which outlives it, says what it is about to write, and what has been flushed. */
const WRITER = `
import { writeSync, openSync } from "node:fs";
import { openDisk } from ${JSON.stringify(`${root}dist/src/disk/index.js`)};
const [image, log, first] = process.argv.slice(1);
const out = openSync(log, "a");
const disk = await openDisk(image);
let stamp = Number(first);
let state = stamp;
const next = (below) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), Math.floor((state / 2 ** 32) * below));
process.send("ready");
for (;;) {
  for (let count = next(40); count > 0; count--) {
    stamp++;
    const block = next(${BLOCKS} - 32);
    const length = next(5) === 0 ? 1 + next(32) : 1;
    const isZero = next(8) === 0;
    writeSync(out, "w " + block + " " + length + " " + (isZero ? 0 : stamp) + "\\n");
    if (isZero) await disk.writeZeroes(block * ${BLOCK}, length * ${BLOCK}, next(2) === 0);
    else await disk.write(block * ${BLOCK}, new Uint8Array(new Uint32Array(length * ${BLOCK / 4}).fill(stamp).buffer));
  }
  writeSync(out, "f\\n");
  await disk.flush();
  writeSync(out, "F\\n");
}
`;

/** What each block may be, by the log of the last writer: what it was before, or everything since the last flush that was done. */
function allowedBlocks(log: string, before: readonly (readonly number[])[]): number[][] {
  const lines = log.split("\n");
  const done = lines.lastIndexOf("F");
  const safe = done < 0 ? 0 : lines.lastIndexOf("f", done);
  const allowed = before.map((stamps) => [...stamps]);
  for (const [index, line] of lines.entries()) {
    const [kind, block, length, stamp] = line.split(" ");
    if (kind !== "w" || stamp === undefined) continue;
    for (let at = Number(block); at < Number(block) + Number(length); at++) {
      if (index < safe) allowed[at] = [Number(stamp)];
      else allowed[at]!.push(Number(stamp));
    }
  }
  return allowed;
}

/** Why an image is not as it should be, or undefined; `blocks` is what was in it, and becomes what is in it now. */
async function fault(image: string, log: string, blocks: number[][]): Promise<string | undefined> {
  const { status, stdout, stderr } = spawnSync("qemu-img", ["check", image], { encoding: "utf8" });
  if (status !== 0 && status !== 3) return `qemu-img check: ${status} ${stdout}${stderr}`;
  const disk = await openDisk(image, { readonly: true });
  try {
    const bytes = new Uint8Array(BLOCK);
    for (const [block, stamps] of allowedBlocks(log, blocks).entries()) {
      await disk.read(block * BLOCK, bytes);
      const words = new Uint32Array(bytes.buffer);
      const wrong = words.find((word) => !stamps.includes(word));
      if (wrong !== undefined) return `block ${block} has ${wrong}, not ${stamps.join(" or ")}`;
      blocks[block] = [...new Set(words)];
    }
  } finally {
    await disk.close();
  }
  return undefined;
}

/** Kills that many writers; false when something was wrong, which is printed. */
export async function kill(rounds: number, seed: number): Promise<boolean> {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-kill-"));
  const next = random(seed);
  let flushes = 0;
  let blocks: number[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const [image, log] = [path.join(folder, "disk.qcow2"), path.join(folder, "log")];
      // The same image goes on for some rounds, leaks and all.
      rmSync(log, { force: true });
      if (round % 10 === 0) {
        blocks = Array.from({ length: BLOCKS }, () => [0]);
        await createDisk(image, { size: BLOCK * BLOCKS, clusterBytes: 512 << next(8) });
      }
      const writer = spawn(
        process.execPath,
        ["--input-type=module", "-e", WRITER, image, log, String(1 + round * 100_000)],
        {
          stdio: ["ignore", "inherit", "inherit", "ipc"],
        },
      );
      const exit = once(writer, "exit");
      await Promise.race([once(writer, "message"), exit]);
      await new Promise((resolve) => setTimeout(resolve, next(150)));
      writer.kill("SIGKILL");
      await exit;
      const text = readFileSync(log, "utf8");
      flushes += text.split("\n").filter((line) => line === "F").length;
      const wrong = await fault(image, text, blocks);
      if (wrong === undefined) continue;
      console.log(`round ${round} of seed ${seed}: ${wrong}`);
      return false;
    }
    console.log(`${rounds} kills: what was flushed is there (${flushes} flushes)`);
    return flushes > 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
