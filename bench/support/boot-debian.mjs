// boot-debian.mjs builtin|FIRMWARE ENGINE: boots Debian's kernel until userland speaks, and prints what that took as JSON.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { Host } from "../../dist/src/index.js";

const RAM_BYTES = 256 * 2 ** 20;
const PAGE_BYTES = 4096;

/** Start of the mapping that holds the machine memory: the one large writable mapping of its size. */
function mappingOf(byteLength) {
  for (const line of readFileSync("/proc/self/maps", "latin1").split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    if (match === null) continue;
    const [start, end] = [parseInt(match[1], 16), parseInt(match[2], 16)];
    if (end - start >= byteLength) return start;
  }
  throw new Error("the machine memory is not among the mappings of this process");
}

/** Bytes of guest RAM that the operating system has given a page to. */
function residentRam(host, vm) {
  const start = mappingOf(host.memory.u8.byteLength) + vm.machine.space.ramMa;
  const entries = Buffer.alloc((RAM_BYTES / PAGE_BYTES) * 8);
  const pagemap = openSync("/proc/self/pagemap", "r");
  readSync(pagemap, entries, 0, entries.length, (start / PAGE_BYTES) * 8);
  closeSync(pagemap);
  let pages = 0;
  for (let at = 7; at < entries.length; at += 8) pages += entries[at] >> 7; // bit 63: present
  return pages * PAGE_BYTES;
}

/** Bytes of this process's memory by kind ("RssAnon": its own; "RssFile": of files that it has mapped). */
function resident(kind) {
  return Number(new RegExp(`${kind}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "latin1"))[1]) * 1024;
}

const [bios, engine] = process.argv.slice(2);
const file = (name) => new URL(`../../${name}`, import.meta.url);
const host = await Host.create();
const vm = await host.createVm({
  memory: RAM_BYTES,
  engine,
  bios: bios === "builtin" ? "builtin" : file(bios),
  kernel: file(".guests/Image"),
  initrd: file(".guests/initrd.cpio"),
  append: "console=ttyS0",
});
const cpu = process.cpuUsage();
const start = performance.now();
vm.start();
await vm.console.waitFor("wasmvisor: userland up", 300_000);
console.log(
  JSON.stringify({
    wallSeconds: (performance.now() - start) / 1000,
    userSeconds: process.cpuUsage(cpu).user / 1e6,
    instructions: vm.counters().instructions,
    ownBytes: resident("RssAnon"),
    fileBytes: resident("RssFile"),
    guestBytes: residentRam(host, vm),
  }),
);
host.close();
process.exit(0);
