// run-disk.mjs KIND BYTES COUNT: requests of BYTES to a disk of 256 MiB, which has been written; prints the CPU microseconds that a read and a
// write take, as JSON. KIND is memory, qcow2-memory, raw-file or qcow2-file. Small requests go to random places, large ones one after another.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createDisk, MemoryBlock, openDisk } from "../../dist/src/disk/index.js";

const SIZE = 2 ** 28;
const CHUNK = 2 ** 20;
const [kind, bytesText, countText] = process.argv.slice(2);
const [bytes, count] = [Number(bytesText), Number(countText)];

const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-disk-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

async function make() {
  if (kind === "memory") return new MemoryBlock(SIZE);
  const format = kind === "raw-file" ? "raw" : "qcow2";
  const place = kind === "qcow2-memory" ? new MemoryBlock(0) : path.join(folder, "disk.img");
  await createDisk(place, { format, size: SIZE });
  return openDisk(place, { format });
}

const disk = await make();
const chunk = new Uint8Array(CHUNK).fill(0xa5);
for (let at = 0; at < SIZE; at += CHUNK) await disk.write(at, chunk);
await disk.flush();

/** CPU microseconds for each of `count` requests. */
async function timed(act) {
  const buffer = new Uint8Array(bytes).fill(0x5a);
  let random = 1;
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    random = (random * 48_271) % 2_147_483_647;
    const place = bytes >= CHUNK ? i : random;
    const done = act((place % (SIZE / bytes)) * bytes, buffer);
    if (done !== undefined) await done;
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / count;
}

const read = await timed((at, buffer) => disk.read(at, buffer));
const write = await timed((at, buffer) => disk.write(at, buffer));
await disk.close();
console.log(JSON.stringify({ read, write }));
