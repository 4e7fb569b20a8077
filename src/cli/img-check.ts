/** `wasmvisor img check`: whether the tables of an image agree, and repairing them. */

import { type CheckResult, Qcow2, type Repair } from "../disk/index.ts";
import { print, printError } from "../host/process.ts";
import { oneFile, open } from "./img-files.ts";
import { jsonText, wantsJson } from "./img-info.ts";
import { type ImgArguments } from "./img-options.ts";
import { usage } from "./usage.ts";
import { say } from "./img-change.ts";

/** Exit codes of qemu-img. */
const CORRUPT = 2;
const LEAKS = 3;
const NO_CHECK = 63;

function repairOf(text: string | undefined): Repair | undefined {
  if (text === undefined || text === "leaks" || text === "all") return text;
  throw usage(`What to repair is leaks or all, not "${text}".`);
}

/** `check`. */
export async function imgCheck(args: ImgArguments): Promise<number> {
  const file = oneFile("check", args);
  const json = wantsJson(args);
  const repair = repairOf(args.values.get("r"));
  const disk = await open(file, args, { readonly: repair === undefined, alone: true, repairing: repair !== undefined });
  try {
    if (!(disk instanceof Qcow2)) {
      if (!args.flags.has("q")) await printError("wasmvisor: This image format does not support checks\n");
      return NO_CHECK;
    }
    const found = await disk.check(repair);
    const isFixed = found.leaksFixed + found.corruptionsFixed > 0;
    if (!json) {
      if (!args.flags.has("q")) for (const finding of found.findings) await printError(`${finding}\n`);
      if (isFixed)
        await say(
          args,
          `The following inconsistencies were found and repaired:\n\n    ${found.leaksFixed} leaked clusters\n    ${found.corruptionsFixed} corruptions\n\nDouble checking the fixed image now...`,
        );
    }
    const left = isFixed ? await disk.check() : found;
    if (json) await print(jsonText(jsonResult(file, left, found)));
    else await say(args, humanResult(left));
    return left.corruptions > 0 ? CORRUPT : left.leaks > 0 ? LEAKS : 0;
  } finally {
    await disk.close();
  }
}

function humanResult(result: CheckResult): string {
  const { corruptions, leaks, totalClusters, allocatedClusters, fragmentedClusters, compressedClusters } = result;
  const percent = (part: number, whole: number) => `${whole === 0 ? "0.00" : ((100 * part) / whole).toFixed(2)}%`;
  return [
    ...(corruptions + leaks === 0 ? ["No errors were found on the image."] : []),
    ...(corruptions === 0
      ? []
      : [
          `\n${corruptions} errors were found on the image.`,
          "Data may be corrupted, or further writes to the image may corrupt it.",
        ]),
    ...(leaks === 0
      ? []
      : [
          `\n${leaks} leaked clusters were found on the image.`,
          "This means waste of disk space, but no harm to data.",
        ]),
    ...(totalClusters === 0 || allocatedClusters === 0
      ? []
      : [
          `${allocatedClusters}/${totalClusters} = ${percent(allocatedClusters, totalClusters)} allocated, ${percent(fragmentedClusters, allocatedClusters)} fragmented, ${percent(compressedClusters, allocatedClusters)} compressed clusters`,
        ]),
    `Image end offset: ${result.imageEndOffset}`,
  ].join("\n");
}

/** Numbers that are 0 are left away, as qemu-img does. */
function jsonResult(filename: string, left: CheckResult, found: CheckResult): Record<string, unknown> {
  const counts = {
    corruptions: left.corruptions,
    leaks: left.leaks,
    "corruptions-fixed": found.corruptionsFixed,
    "leaks-fixed": found.leaksFixed,
    "total-clusters": left.totalClusters,
    "allocated-clusters": left.allocatedClusters,
    "fragmented-clusters": left.fragmentedClusters,
    "compressed-clusters": left.compressedClusters,
  };
  return {
    "image-end-offset": left.imageEndOffset,
    "check-errors": 0,
    filename,
    format: "qcow2",
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
  };
}
