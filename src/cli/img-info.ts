/** `wasmvisor img info` and `map`: what is in an image. */

import { diskHost } from "#disk";
import { type Disk, Qcow2, type Snapshot } from "../disk/index.ts";
import { print } from "../host/process.ts";
import { closeAll, type Level, nameBeside, oneFile, open, openChain } from "./img-files.ts";
import { type ImgArguments, parseSize } from "./img-options.ts";
import { usage } from "./usage.ts";

const SUFFIXES = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** A size for people, with three digits: `1.5 GiB`. */
export function sizeText(bytes: number): string {
  let power = 0;
  while (bytes / 1024 ** power >= 1000 && power < SUFFIXES.length - 1) power++;
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${SUFFIXES[power]}B`;
}

/** Whether the output is JSON. */
export function wantsJson({ values }: ImgArguments): boolean {
  const output = values.get("output") ?? "human";
  if (output !== "human" && output !== "json") throw usage(`The output is human or json, not "${output}".`);
  return output === "json";
}

/** JSON as qemu-img prints it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 4)}\n`;
}

/** What is known of one image, under qemu-img's names. */
async function infoOf({ name, disk }: Level): Promise<Record<string, unknown>> {
  const info: Record<string, unknown> = {
    filename: name,
    format: disk instanceof Qcow2 ? "qcow2" : "raw",
    "virtual-size": disk.size,
    "actual-size": (await diskHost.allocatedBytes(name)) ?? 0,
    "dirty-flag": disk instanceof Qcow2 && disk.info.isDirty,
  };
  return disk instanceof Qcow2 ? { ...info, ...(await qcow2Info(name, disk)) } : info;
}

async function qcow2Info(name: string, disk: Qcow2): Promise<Record<string, unknown>> {
  const { info } = disk;
  const snapshots = await disk.snapshots();
  const isNew = info.version === 3;
  return {
    "cluster-size": info.clusterBytes,
    ...(info.backingFile === undefined
      ? {}
      : { "backing-filename": info.backingFile, "full-backing-filename": nameBeside(info.backingFile, name) }),
    ...(info.backingFormat === undefined ? {} : { "backing-filename-format": info.backingFormat }),
    ...(snapshots.length === 0 ? {} : { snapshots: snapshots.map(snapshotInfo) }),
    "format-specific": {
      type: "qcow2",
      data: {
        compat: isNew ? "1.1" : "0.10",
        "compression-type": info.compression,
        ...(isNew ? { "lazy-refcounts": info.lazyRefcounts } : {}),
        "refcount-bits": info.refcountBits,
        ...(isNew ? { corrupt: info.isCorrupt, "extended-l2": false } : {}),
      },
    },
  };
}

function snapshotInfo({ id, name, vmStateBytes, date, vmClock, icount }: Snapshot): Record<string, unknown> {
  return {
    ...(icount === undefined ? {} : { icount: Number(icount) }),
    "vm-clock-nsec": Number(vmClock % 1_000_000_000n),
    name,
    "date-sec": date.seconds,
    "date-nsec": date.nanoseconds,
    "vm-clock-sec": Number(vmClock / 1_000_000_000n),
    id,
    "vm-state-size": vmStateBytes,
  };
}

function humanInfo(info: Record<string, unknown>, snapshots: readonly Snapshot[]): string {
  const specific = info["format-specific"] as { data: Record<string, unknown> } | undefined;
  const [backing, whole] = [info["backing-filename"], info["full-backing-filename"]];
  const size = info["virtual-size"] as number;
  return [
    `image: ${info.filename as string}`,
    `file format: ${info.format as string}`,
    `virtual size: ${sizeText(size)} (${size} bytes)`,
    `disk size: ${sizeText(info["actual-size"] as number)}`,
    ...(info["cluster-size"] === undefined ? [] : [`cluster_size: ${info["cluster-size"] as number}`]),
    ...(info["dirty-flag"] === true ? ["cleanly shut down: no"] : []),
    ...(backing === undefined
      ? []
      : [`backing file: ${backing as string}${backing === whole ? "" : ` (actual path: ${whole as string})`}`]),
    ...(info["backing-filename-format"] === undefined
      ? []
      : [`backing file format: ${info["backing-filename-format"] as string}`]),
    ...(snapshots.length === 0 ? [] : ["Snapshot list:", SNAPSHOT_HEADER, ...snapshots.map(snapshotLine)]),
    ...(specific === undefined
      ? []
      : [
          "Format specific information:",
          ...Object.entries(specific.data).map(([name, value]) => `    ${name.replaceAll("-", " ")}: ${String(value)}`),
        ]),
    "",
  ].join("\n");
}

function snapshotColumns(columns: readonly [string, string, string, string, string, string]): string {
  const [id, tag, size, date, clock, icount] = columns;
  return `${id.padEnd(9)} ${tag.padEnd(16)} ${size.padStart(8)}${date.padStart(20)}${clock.padStart(13)}${icount.padStart(11)}`;
}

const SNAPSHOT_HEADER = snapshotColumns(["ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT"]);

function snapshotLine({ id, name, vmStateBytes, date, vmClock, icount }: Snapshot): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = new Date(date.seconds * 1000);
  const when = `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())} ${two(day.getHours())}:${two(day.getMinutes())}:${two(day.getSeconds())}`;
  const seconds = Number(vmClock / 1_000_000_000n);
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String((vmClock / 1_000_000n) % 1000n).padStart(3, "0")}`;
  return snapshotColumns([id, name, sizeText(vmStateBytes), when, clock, icount === undefined ? "" : String(icount)]);
}

/** Prints what is known of an image, or with --backing-chain of all below it, too. */
export async function imgInfo(args: ImgArguments): Promise<number> {
  const file = oneFile("info", args);
  const json = wantsJson(args);
  const wantsChain = args.flags.has("backing-chain");
  const levels = wantsChain
    ? await openChain(file, args)
    : [{ name: file, disk: await open(file, args, { readonly: true, alone: true }) }];
  try {
    const infos = [];
    for (const level of levels) infos.push(await infoOf(level));
    if (json) await print(jsonText(wantsChain ? infos : infos[0]));
    else {
      const texts = [];
      for (const [index, info] of infos.entries()) texts.push(humanInfo(info, await snapshotsOf(levels[index]!.disk)));
      await print(texts.join("\n"));
    }
    return 0;
  } finally {
    await closeAll(levels);
  }
}

async function snapshotsOf(disk: Disk): Promise<readonly Snapshot[]> {
  return disk instanceof Qcow2 ? await disk.snapshots() : [];
}

/** A line of the map. */
interface MapEntry {
  readonly start: number;
  readonly length: number;
  readonly depth: number;
  readonly present: boolean;
  readonly zero: boolean;
  readonly data: boolean;
  readonly offset?: number;
}

/** What the first image says that says anything. */
async function entryAt(levels: readonly Level[], start: number, end: number): Promise<MapEntry> {
  let length = end - start;
  for (const [depth, { disk }] of levels.entries()) {
    // Behind the end of an image below there are zeros, which the one above it stands for.
    if (start >= disk.size) return { start, length, depth: depth - 1, present: false, zero: true, data: false };
    const found = await disk.extent(start);
    length = Math.min(length, found.length, disk.size - start);
    const isRaw = !(disk instanceof Qcow2);
    if (found.kind === "hole" && !isRaw) {
      if (depth === levels.length - 1) return { start, length, depth, present: false, zero: true, data: false };
      continue;
    }
    const isData = found.kind === "data";
    const place = found.fileOffset === undefined ? {} : { offset: found.fileOffset };
    return { start, length, depth, present: true, zero: !isData, data: isData, ...place };
  }
  throw new RangeError("an image without levels");
}

function canJoin(a: MapEntry, b: MapEntry): boolean {
  if (a.depth !== b.depth || a.present !== b.present || a.zero !== b.zero || a.data !== b.data) return false;
  return a.offset === undefined ? b.offset === undefined : b.offset === a.offset + a.length;
}

/** The map of a range, in as few entries as there can be. */
async function* mapOf(levels: readonly Level[], from: number, to: number): AsyncGenerator<MapEntry> {
  let last: MapEntry | undefined;
  for (let at = from; at < to;) {
    const entry = await entryAt(levels, at, to);
    at += entry.length;
    if (last !== undefined && canJoin(last, entry)) last = { ...last, length: last.length + entry.length };
    else {
      if (last !== undefined) yield last;
      last = entry;
    }
  }
  if (last !== undefined) yield last;
}

function jsonEntry({ start, length, depth, present, zero, data, offset }: MapEntry): string {
  return `{ "start": ${start}, "length": ${length}, "depth": ${depth}, "present": ${present}, "zero": ${zero}, "data": ${data}${offset === undefined ? "" : `, "offset": ${offset}`}}`;
}

const COLUMN = 16;
const hex = (value: number): string => (value === 0 ? "0" : `0x${value.toString(16)}`).padEnd(COLUMN);

/** Prints where the contents of a disk lie. */
export async function imgMap(args: ImgArguments): Promise<number> {
  const file = oneFile("map", args);
  const json = wantsJson(args);
  const levels = await openChain(file, args);
  try {
    const { size } = levels[0]!.disk;
    const from = Math.min(size, parseSize(args.values.get("s") ?? "0"));
    const to = Math.min(size, from + parseSize(args.values.get("l") ?? String(size)));
    if (!json) await print(`${"Offset".padEnd(COLUMN)}${"Length".padEnd(COLUMN)}${"Mapped to".padEnd(COLUMN)}File\n`);
    let before = "[";
    for await (const entry of mapOf(levels, from, to)) {
      if (json) {
        await print(before + jsonEntry(entry));
        before = ",\n";
      } else if (entry.data && !entry.zero) {
        if (entry.offset === undefined)
          throw usage("The image has compressed clusters, which lie nowhere as they are; use --output=json.");
        await print(`${hex(entry.start)}${hex(entry.length)}${hex(entry.offset)}${levels[entry.depth]!.name}\n`);
      }
    }
    if (json) await print(before === "[" ? "[]\n" : "]\n");
    return 0;
  } finally {
    await closeAll(levels);
  }
}
