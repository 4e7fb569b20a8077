/** What becomes of hostile images: a thousand in the tests, any number by `npm run fuzz -- images`. */

import { WasmvisorError } from "../../../src/error.ts";
import { MAX_FDT_BYTES } from "../../../src/machine/fdt-parse.ts";
import { flat, loadImage } from "../../../src/machine/loader/image.ts";
import type { BootPlan } from "../../../src/machine/virt-types.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { fakeBoard } from "../board.ts";
import { RAM } from "../fakes.ts";
import { hostileImage, type HostileImage, RAM_BYTES } from "./hostile.ts";

const kernel = flat(new Uint8Array(64));

async function planOf({ seed, place, bytes }: HostileImage): Promise<BootPlan> {
  if (place === "dtb") return { bios: "builtin", kernel, dtb: bytes };
  if (place === "initrd") return { bios: "none", kernel, initrd: bytes };
  const program = await loadImage(bytes, { limit: RAM_BYTES });
  const unpacked = program.segments.reduce((sum, segment) => sum + segment.bytes.length, 0);
  if (unpacked > bytes.length + RAM_BYTES) throw new Error(`seed ${seed}: ${unpacked} bytes`);
  const plans = [{ bios: "builtin", kernel: program }, { bios: "none", kernel: program }, { bios: program }] as const;
  return plans[seed % plans.length]!;
}

/** The code of the refusal, or "booted". */
export async function outcome(image: HostileImage): Promise<string> {
  try {
    const booted = fakeBoard({ ramSize: RAM_BYTES }).board.load(await planOf(image));
    for (const { pc } of booted.harts) {
      const isThere = pc >= BigInt(RAM) && pc < BigInt(RAM + RAM_BYTES) && pc % 2n === 0n;
      if (!isThere) throw new Error(`it is entered at ${pc}`);
    }
    if (booted.fdt.length >= 3 * MAX_FDT_BYTES) throw new Error(`a device tree of ${booted.fdt.length} bytes`);
    return "booted";
  } catch (error) {
    if (!(error instanceof WasmvisorError)) throw new Error(`seed ${image.seed} (${image.format})`, { cause: error });
    if (!/^[A-Z"][^\n]*\.$/.test(error.message)) throw new Error(`no sentence: ${error.message}`, { cause: error });
    return error.code;
  }
}

/** Run many; print the first that goes wrong. */
export const fuzzImagesMany = fuzzMany(
  "images",
  async (seed) => void (await outcome(hostileImage(seed))),
  "images: booted, or refused in a sentence",
);
