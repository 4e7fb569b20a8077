/** What the monitor's `info` prints. */

import type { Hart, Vm } from "../index.ts";
import { shownCsrs } from "../isa/csr.ts";
import { fNames, xNames } from "../isa/names.ts";

/** A 64-bit value, all digits. */
export function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

const CSRS = shownCsrs("long");

/** Four name-and-value pairs a line. */
function table(rows: readonly (readonly [name: string, value: bigint])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  let text = "";
  rows.forEach(([name, value], index) => {
    const last = index % 4 === 3 || index === rows.length - 1;
    text += `${name.padEnd(width)} ${hex64(value)}${last ? "\n" : "  "}`;
  });
  return text;
}

/** pc, mode, x and f registers, and the CSRs that matter most. */
export function registersText(hart: Hart): string {
  return [
    `hart ${hart.index}, ${hart.mode} mode${hart.waiting ? ", waiting for an interrupt" : ""}\n`,
    table([["pc", hart.pc]]),
    table(xNames.map((name, index) => [name, hart.x(index)])),
    table(CSRS.map((name) => [name, hart.csr(name)])),
    table(fNames.map((name, index) => [name, hart.f(index)])),
  ].join("");
}

/** One line for each hart; the present one has a star. */
export function hartsText(vm: Vm, present: number): string {
  return vm.harts
    .map(({ index, pc, mode, waiting }) => {
      const state = waiting ? "waiting" : "";
      return `${index === present ? "*" : " "} ${index}  pc ${hex64(pc)}  ${mode}  ${state}`.trimEnd() + "\n";
    })
    .join("");
}

/** The VM's counters. */
export function countersText(vm: Vm): string {
  const { harts, busyMilliseconds, translator, ...counters } = vm.counters();
  const { exits, jumps, ...translated } = translator;
  const rows: [string, number | string][] = Object.entries(counters);
  if (translator.entries > 0) {
    rows.push(...plain(translated), ...plain(exits, "exits "), ...plain(jumps, "jumps "));
  }
  rows.push(["busyMilliseconds", busyMilliseconds.toFixed(0)]);
  if (harts.length > 1) rows.push(["by hart", harts.map(({ instructions }) => instructions).join(" ")]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

function plain(counters: object, prefix = ""): [string, number][] {
  return Object.entries(counters as Readonly<Record<string, number>>).map(([name, count]) => [
    prefix + name,
    Math.round(count),
  ]);
}

/** One line for each region of translated code that is in use. */
export function regionsText(vm: Vm): string {
  const lines = vm.regions().map(({ pc, mode, instructions, start, end }) => {
    const own = `${hex64(start)} to ${hex64(end)}`;
    return `${hex64(pc)}  ${mode}  ${String(instructions).padStart(4)} instructions, ${own}\n`;
  });
  return lines.length === 0 ? "Nothing is translated.\n" : lines.join("");
}

/**
 * The guest code and the intermediate representation of the region that begins at an address: of one that is translated in its mode,
 * else in the hart's.
 */
export function regionText(vm: Vm, hart: number, pc: bigint): string {
  const mode = vm.regions().find((region) => region.pc === pc)?.mode ?? vm.hart(hart).mode;
  const { guest, ir } = vm.explainRegion(pc, { hart, mode });
  return `${guest}\n${ir}`;
}
