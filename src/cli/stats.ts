/** What `--stats` says about the work done. */

import type { DriveStatistics, NetworkStatistics, TranslatorCounters, VmCounters } from "../index.ts";

/** A disk and what it has done. */
export interface NamedDrive extends DriveStatistics {
  readonly name: string;
}

/** A network device and what it has done. */
export interface NamedNetwork extends NetworkStatistics {
  readonly name: string;
}

/** Devices that the guest has used. */
export interface DeviceStatistics {
  readonly drives?: readonly NamedDrive[];
  readonly networks?: readonly NamedNetwork[];
}

type Row = readonly [name: string, value: string];

/** Some lines: instructions, speed, traps, time, and what the translator did if there is one. */
export function statsText(
  counters: VmCounters,
  elapsedMilliseconds: number,
  { drives = [], networks = [] }: DeviceStatistics = {},
): string {
  const { busyMilliseconds, translator } = counters;
  const rows: Row[] = [
    ["instructions", String(counters.instructions)],
    ["MIPS", mips(counters).toFixed(1)],
    ["traps", String(counters.traps)],
    ["interrupts", String(counters.interrupts)],
    ["TLB misses", `${counters.tlbMisses}, ${counters.pageWalks} page walks`],
    ["device accesses", String(counters.mmio)],
    ["decoded", String(counters.decoded)],
    ["time", `${seconds(elapsedMilliseconds)} s, ${seconds(busyMilliseconds)} s of it running`],
  ];
  if (counters.harts.length > 1) {
    rows.push(["by hart", counters.harts.map(({ instructions }) => instructions).join(" ")]);
  }
  if (translator.entries + translator.regions + translator.refused > 0) rows.push(...translatorRows(counters));
  for (const drive of drives) rows.push(["disk", driveText(drive)]);
  for (const network of networks) rows.push(["network", networkText(network)]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("");
}

/** All counters as one line of JSON. */
export function statsJson(
  counters: VmCounters,
  elapsedMilliseconds: number,
  { drives = [], networks = [] }: DeviceStatistics = {},
): string {
  const devices = { ...(drives.length > 0 ? { drives } : {}), ...(networks.length > 0 ? { networks } : {}) };
  return `${JSON.stringify({ ...counters, mips: mips(counters), elapsedMilliseconds, ...devices })}\n`;
}

function networkText({ name, framesSent, framesReceived, filtered, ...network }: NamedNetwork): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const sent = `${framesSent} frames sent (${mib(network.bytesSent)}, ${network.sendDrops} more dropped)`;
  const received = `${framesReceived} received (${mib(network.bytesReceived)}, ${network.receiveDrops} dropped)`;
  return `${name}: ${sent}, ${received}, ${filtered} not for it`;
}

function driveText({ name, reads, writes, flushes, errors, depthMost, ...drive }: NamedDrive): string {
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const moved = `${reads} reads (${mib(drive.bytesRead)}), ${writes} writes (${mib(drive.bytesWritten)})`;
  return `${name}: ${moved}, ${flushes} flushes, ${errors} errors, at most ${depthMost} at once, half within ${median(drive.latency)} us`;
}

/** The bound of the bin of a histogram by powers of two below which half of all lie. */
function median(bins: readonly number[]): number {
  const all = bins.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  const bin = bins.findIndex((count) => (seen += count) * 2 >= all);
  return all === 0 ? 0 : 2 ** bin;
}

function translatorRows(counters: VmCounters): Row[] {
  const { instructions, jumpCacheFlushes, translator } = counters;
  const { exits, jumps } = translator;
  const rows: Row[] = [
    ["translated", `${translator.translatedInstructions} instructions, ${percent(translator, instructions)}`],
    ["regions", `${translator.regions} translated, ${translator.refused} refused, ${translator.evicted} evicted`],
    ["code", `${(translator.codeBytes / 1024).toFixed(1)} KiB of WebAssembly`],
    ["translating", translating(translator)],
    ["cold code", cold(counters)],
    [
      "entries",
      `${translator.entries} from the dispatcher, ${translator.keptCallers} callers that waited, ${jumpCacheFlushes} jump cache flushes`,
    ],
    ["exits", list(exits)],
  ];
  if (Object.values<number>({ ...jumps }).some((count) => count > 0)) rows.push(["jumps", list(jumps)]);
  return rows;
}

function translating({ translateMilliseconds, compileMilliseconds, longestMilliseconds }: TranslatorCounters): string {
  const compiling = `${seconds(compileMilliseconds)} s of it compiling`;
  return `${seconds(translateMilliseconds)} s, ${compiling}, at most ${longestMilliseconds.toFixed(1)} ms at a time`;
}

/** What is not spent in translated code. */
function cold({ busyMilliseconds, translator }: VmCounters): string {
  const { translateMilliseconds, interpretMilliseconds } = translator;
  const share = (100 * (translateMilliseconds + interpretMilliseconds)) / Math.max(1, busyMilliseconds);
  return `interpreted for ${seconds(interpretMilliseconds)} s; with translating ${share.toFixed(1)}% of the time running`;
}

/** Such as `fuel 12, miss 3`, without what never happened. */
function list(counters: object): string {
  const some = Object.entries(counters as Readonly<Record<string, number>>).filter(([, count]) => count > 0);
  return some.length === 0 ? "none" : some.map(([name, count]) => `${words(name)} ${count}`).join(", ");
}

/** `indirectHits` as words. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function percent({ translatedInstructions }: TranslatorCounters, instructions: number): string {
  return `${((100 * translatedInstructions) / Math.max(1, instructions)).toFixed(1)}%`;
}

function mips({ instructions, busyMilliseconds }: VmCounters): number {
  return busyMilliseconds > 0 ? instructions / busyMilliseconds / 1000 : 0;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
