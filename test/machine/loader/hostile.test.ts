import { describe, expect, test } from "vitest";
import { WasmvisorError } from "../../../src/error.ts";
import { MAX_FDT_BYTES } from "../../../src/machine/fdt-parse.ts";
import { flat, loadImage } from "../../../src/machine/loader/image.ts";
import type { BootPlan } from "../../../src/machine/virt-types.ts";
import { fakeBoard } from "../board.ts";
import { RAM } from "../fakes.ts";
import { hostileImage, type HostileImage, RAM_BYTES } from "./hostile.ts";

const kernel = flat(new Uint8Array(64));

async function planOf({ seed, place, bytes }: HostileImage): Promise<BootPlan> {
  if (place === "dtb") return { bios: "builtin", kernel, dtb: bytes };
  if (place === "initrd") return { bios: "none", kernel, initrd: bytes };
  const program = await loadImage(bytes, { limit: RAM_BYTES });
  const unpacked = program.segments.reduce((sum, segment) => sum + segment.bytes.length, 0);
  expect(unpacked).toBeLessThanOrEqual(bytes.length + RAM_BYTES);
  const plans = [{ bios: "builtin", kernel: program }, { bios: "none", kernel: program }, { bios: program }] as const;
  return plans[seed % plans.length]!;
}

/** The code of the refusal, or "booted". */
async function outcome(image: HostileImage): Promise<string> {
  try {
    const booted = fakeBoard({ ramSize: RAM_BYTES }).board.load(await planOf(image));
    for (const { pc } of booted.harts) {
      expect(pc >= BigInt(RAM) && pc < BigInt(RAM + RAM_BYTES) && pc % 2n === 0n).toBe(true);
    }
    expect(booted.fdt.length).toBeLessThan(3 * MAX_FDT_BYTES);
    return "booted";
  } catch (error) {
    if (!(error instanceof WasmvisorError)) throw new Error(`seed ${image.seed} (${image.format})`, { cause: error });
    expect(error.message).toMatch(/^[A-Z"][^\n]*\.$/);
    return error.code;
  }
}

describe("a hostile image boots or is refused with a sentence", () => {
  const FIRST = 1;
  const SEEDS = 1000;

  test(`seeds ${FIRST} to ${FIRST + SEEDS - 1}`, async () => {
    const seen = new Map<string, number>();
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const image = hostileImage(seed);
      const found = `${image.format} ${await outcome(image)}`;
      seen.set(found, (seen.get(found) ?? 0) + 1);
    }
    // The corpus reaches what it is for: every format boots now and then, and is refused for each of these reasons.
    for (const format of ["elf", "linux", "gzip", "uimage", "zboot", "fdt", "initrd"]) {
      expect([...seen.keys()]).toContain(`${format} booted`);
    }
    const refusals = ["elf-segment", "elf-truncated", "elf-entry", "image-address", "image-too-large"];
    for (const code of refusals) expect([...seen.keys()]).toContain(`elf ${code}`);
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining([
        "gzip image-too-large",
        "uimage image-corrupt",
        "uimage image-entry",
        "fdt fdt-structure",
      ]),
    );
  });
});
