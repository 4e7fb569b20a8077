/** What `--stats` and the monitor say about the work done. */

import type { VmCounters } from "../index.ts";

/** A few lines: instructions, speed, traps, time. */
export function statsText(counters: VmCounters, elapsedMilliseconds: number): string {
  const { busyMilliseconds } = counters;
  const mips = busyMilliseconds > 0 ? counters.instructions / busyMilliseconds / 1000 : 0;
  const rows: [string, string][] = [
    ["instructions", String(counters.instructions)],
    ["MIPS", mips.toFixed(1)],
    ["traps", String(counters.traps)],
    ["interrupts", String(counters.interrupts)],
    ["TLB misses", String(counters.tlbMisses)],
    ["device accesses", String(counters.mmio)],
    ["decoded", String(counters.decoded)],
    ["time", `${seconds(elapsedMilliseconds)} s, ${seconds(busyMilliseconds)} s of it running`],
  ];
  if (counters.harts.length > 1) {
    rows.push(["by hart", counters.harts.map(({ instructions }) => instructions).join(" ")]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
