import { describe, expect, test } from "vitest";
import { hostileImage } from "./hostile.ts";
import { outcome } from "./fuzz.ts";

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
